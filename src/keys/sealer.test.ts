import assert from "node:assert/strict";
import { test } from "node:test";
import { systemRandom } from "../lib/random.ts";
import { createNonces } from "./sealer.ts";

const last = 2 ** 32 - 1;

test("a data key of one process ends with its counter", () => {
  const nonces = createNonces({ oneProcess: true }, last);
  assert.ok(!nonces.exhausted);
  assert.equal(nonces.next().toString("hex"), "0000000000000000ffffffff");
  assert.ok(nonces.exhausted, "the keyring makes another now");
  assert.throws(() => nonces.next(), /replaced before its counter runs out/);
});

test("a data key of an envelope draws another prefix when its counter has run out", () => {
  const nonces = createNonces({ manyOpenings: systemRandom }, last);
  const [before, after] = [nonces.next().toString("hex"), nonces.next().toString("hex")];
  assert.match(before, /ffffffff$/);
  assert.match(after, /00000000$/);
  assert.notEqual(after.slice(0, 16), before.slice(0, 16));
});
