import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { alice, bob, bytesOf, openTemporaryStore } from "../../test/support/temporary-store.ts";
import { type BlobRef, Corruption } from "./store.ts";

const sizes = [0, 1, 16 * 1024, 16 * 1024 + 1, 64 * 1024, 64 * 1024 + 1, 3 * 1024 * 1024 + 7];

test("blobs of every size come back, whole and in ranges", async (t) => {
  const place = await openTemporaryStore(t);
  const kept: BlobRef[] = [];
  const bodyOf = (size: number) =>
    Buffer.from(Array.from({ length: size }, (_, at) => (at * 7919) >> 3));
  async function* pieces(body: Buffer) {
    for (let at = 0; at < body.length; at += 10_007) yield body.subarray(at, at + 10_007);
  }
  for (const size of sizes) {
    for (const source of [bodyOf(size), pieces(bodyOf(size))]) {
      const { blobs } = place.store.account(alice);
      const ref = await blobs.write(source);
      await place.store.transaction(() => blobs.keep(ref));
      kept.push(ref);
    }
  }
  const { blobs } = (await place.reopen()).account(alice);
  for (const ref of kept) {
    const body = bodyOf(ref.size);
    assert.ok(body.equals(await bytesOf(blobs.read(ref))), `size ${ref.size}`);
    for (const [start, end] of [
      [0, 1],
      [5, 70_000],
      [65_535, 65_537],
      [ref.size - 1, ref.size],
    ]) {
      if (start === undefined || end === undefined || start < 0 || end > ref.size) continue;
      const part = await bytesOf(blobs.read(ref, { start, end }));
      assert.ok(body.subarray(start, end).equals(part), `size ${ref.size}, ${start} to ${end}`);
    }
    assert.throws(() => blobs.read(ref, { start: 0, end: ref.size + 1 }));
    const { blobs: others } = place.store.account(bob);
    await assert.rejects(async () => bytesOf(others.read(ref)), Corruption);
  }
});

test("a blob that is not kept is gone after a restart; a removed one can be read by who found it before", async (t) => {
  const place = await openTemporaryStore(t);
  for (const size of [10, 200_000]) {
    const { blobs } = place.store.account(alice);
    const body = Buffer.alloc(size, 3);
    const [unkept, ref] = [await blobs.write(body), await blobs.write(body)];
    await place.store.transaction(() => blobs.keep(ref));
    await place.store.transaction(() => blobs.remove(ref));
    assert.ok(body.equals(await bytesOf(blobs.read(ref))));
    const reopened = (await place.reopen()).account(alice);
    for (const gone of [unkept, ref]) {
      await assert.rejects(async () => bytesOf(reopened.blobs.read(gone)), Corruption);
    }
    assert.deepEqual(await readdir(join(place.directory, "blobs")), []);
  }
});

test("a small blob that was removed can be read for the grace, and is forgotten then", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { store } = await openTemporaryStore(t);
  const { blobs } = store.account(alice);
  const body = Buffer.alloc(10, 3);
  for (let round = 0; round < 2; round += 1) {
    const ref = await blobs.write(body);
    await store.transaction(() => blobs.keep(ref));
    await store.transaction(() => blobs.remove(ref));
    for (let second = 0; second < 10; second += 1) t.mock.timers.tick(1_000);
    assert.ok(body.equals(await bytesOf(blobs.read(ref))));
    t.mock.timers.tick(1_000);
    await assert.rejects(async () => bytesOf(blobs.read(ref)), Corruption);
  }
});

test("a source that fails leaves nothing", async (t) => {
  const { store, directory } = await openTemporaryStore(t);
  async function* failing() {
    yield Buffer.alloc(2_000_000);
    throw new RangeError("gone away");
  }
  await assert.rejects(store.account(alice).blobs.write(failing()), RangeError);
  assert.deepEqual(await readdir(join(directory, "blobs")), []);
});
