import assert from "node:assert/strict";
import { test } from "node:test";
import { acme, startKms } from "../../test/support/kms.ts";
import { newestVersion } from "./use-key.ts";

const policy = JSON.stringify({
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Principal: { AWS: acme }, Action: "kms:*", Resource: "*" }],
});

test("a material in memory is wiped after five minutes, and at once when its key changes", async (t) => {
  const { keys, clock } = await startKms(t);
  const { store } = keys;
  const key = await store.create(acme, { description: "", policy, tags: {}, manager: "CUSTOMER" });
  const wiped = (material: Buffer) => material.every((byte) => byte === 0);

  const first = store.materials.of(key, newestVersion(key));
  const copy = Buffer.from(first);
  assert.ok(!wiped(first));
  clock.nowMs += 5 * 60_000 - 1;
  store.materials.dropOld();
  assert.equal(store.materials.of(key, newestVersion(key)), first);
  clock.nowMs += 1;
  store.materials.dropOld();
  assert.ok(wiped(first));

  const second = store.materials.of(key, newestVersion(key));
  assert.deepEqual(second, copy);
  await store.change(key, (record) => ({ ...record, state: "Disabled" }));
  assert.ok(wiped(second));
});

test("a material is bound to its key and version", async (t) => {
  const { keys } = await startKms(t);
  const given = { description: "", policy, tags: {}, manager: "CUSTOMER" } as const;
  const one = await keys.store.create(acme, given);
  const two = await keys.store.create(acme, given);
  assert.throws(() => keys.store.materials.of(one, newestVersion(two)), { name: "Corruption" });
});
