import assert from "node:assert/strict";
import { test } from "node:test";
import { createMemoryStore } from "../../../test/support/memory-store.ts";
import type { Parts } from "../../pipeline/call.ts";
import { type ProjectRecord, projectTable } from "../../projects/project.ts";
import type { AccountStore, BlobRef, Table } from "../../storage/store.ts";
import { ExpiredSessions } from "./expired-sessions.ts";
import { sessionKinds } from "./session-kinds.ts";
import { blocksOf, keepBlock } from "./tunnel/blocks.ts";
import { readRows } from "./tunnel/storage-reads.ts";
import { sessionMs, type TunnelSession } from "./tunnel/tunnel.ts";
import { type UploadRecord, uploadRows } from "./tunnel/uploads.ts";
import { volumePartRows, volumeUploadRows } from "./volumes/sessions.ts";

const account = "111111111111";
const hourMs = 60 * 60 * 1000;
/** A session serves for a day, and what came within it may be under way for an hour. */
const goneMs = sessionMs + hourMs + 1;

/** Two projects, and a clock that the test moves. */
async function world() {
  const store = createMemoryStore();
  const blobs = new Set<string>();
  const base = store.account(account);
  const own: AccountStore = {
    ...{ account, table: base.table, log: base.log, removeLog: base.removeLog },
    blobs: {
      keep: ({ id }: BlobRef) => void blobs.add(id),
      remove: ({ id }: BlobRef) => void blobs.delete(id),
    } as unknown as AccountStore["blobs"],
  };
  await store.transaction(() => {
    for (const id of ["p", "q"]) projectTable(own).put([id], { id, name: id } as ProjectRecord);
  });
  const now = { ms: 0 };
  const parts = {
    store: { account: () => own, transaction: store.transaction },
    clock: { now: () => now.ms },
    directory: { accounts: () => [{ id: account }] },
  } as unknown as Parts;
  const faults: unknown[] = [];
  const expired = new ExpiredSessions(parts, (_, cause) => faults.push(cause));
  const keep = (put: () => void) => store.transaction(put);
  return { own, now, blobs, expired, faults, keep };
}

const fileOf = (id: string) => ({ id, rows: 1, blob: { id, size: 1 } }) as never;
const session = (id: string, beganAtMs: number) => ({ id, by: "ann", beganAtMs });
const idsIn = <Session extends TunnelSession>(rows: Table<Session>) =>
  [...rows.range()].map(({ value }) => value.id);

test("as the clock goes on each session goes, of every kind and project, and none that serves", async () => {
  const { own, now, expired, faults, keep } = await world();
  const tables = sessionKinds.map(({ rows }) => rows(own) as Table<TunnelSession>);
  await keep(() => {
    for (const rows of tables) {
      rows.put(["p", "early"], session("early", 0));
      rows.put(["q", "late"], session("late", hourMs));
    }
  });
  const left = async (ms: number) => {
    now.ms = ms;
    await expired.round();
    return [...new Set(tables.map((rows) => idsIn(rows).join()))];
  };
  assert.equal(tables.length, 7);
  assert.deepEqual(await left(goneMs - 1), ["early,late"], "it serves, or may be under way");
  assert.deepEqual(await left(goneMs), ["late"]);
  assert.deepEqual(await left(goneMs + hourMs), [""]);
  assert.deepEqual(faults, []);
});

test("what a session has on disk goes with it; what was committed is the table's", async () => {
  const { own, now, blobs, expired, keep } = await world();
  await keep(() => {
    for (const id of ["over", "open"]) {
      const began = id === "over" ? 0 : hourMs;
      uploadRows(own).put(["p", id], { ...session(id, began), status: "normal" } as UploadRecord);
      for (const block of [0, 1]) {
        keepBlock(own, id, { id: block, file: fileOf(`${id} ${block}`), atMs: 0 });
      }
      const filtered = { file: fileOf(`${id} filtered`) };
      own.blobs.keep({ id: `${id} filtered`, size: 1 } as BlobRef);
      readRows(own).put(["q", id], { ...session(id, began), filtered } as never);
      volumeUploadRows(own).put(["p", id], session(id, began) as never);
      own.blobs.keep({ id: `${id} piece`, size: 1 } as BlobRef);
      const pieces = [{ blob: { id: `${id} piece`, size: 1 } }] as never;
      volumePartRows(own).put(["p", id, "a.txt"], { name: "a.txt", pieces });
    }
    uploadRows(own).put(["q", "done"], { ...session("done", 0), status: "closed" } as UploadRecord);
    own.blobs.keep({ id: "committed", size: 1 } as BlobRef);
  });
  assert.equal(blobs.size, 9);
  now.ms = goneMs;
  await expired.round();
  assert.deepEqual([...blobs].sort(), [
    "committed",
    ...["open 0", "open 1", "open filtered", "open piece"],
  ]);
  assert.deepEqual(blocksOf(own, "over"), []);
  assert.equal([...volumePartRows(own).range()].length, 1);
});

test("one that cannot be forgotten keeps no other waiting, nor do many that serve", async () => {
  const { own, now, expired, faults, keep } = await world();
  const rows = readRows(own) as Table<TunnelSession>;
  await keep(() => {
    const broken = { ...session("broken", 0), filtered: { file: {} } };
    rows.put(["p", "00000"], broken);
    for (let at = 1; at < 12_000; at += 1) {
      rows.put(["p", String(at).padStart(5, "0")], session("serves", goneMs));
    }
    rows.put(["p", "99999"], session("over", 0));
  });
  now.ms = goneMs;
  await expired.round();
  assert.ok(idsIn(rows).includes("over"), "its turn has not come");
  await expired.round();
  assert.deepEqual([...new Set(idsIn(rows))], ["broken", "serves"]);
  assert.ok(faults[0] instanceof TypeError);
});
