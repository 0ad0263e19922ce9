import assert from "node:assert/strict";
import { test } from "node:test";
import { systemRandom } from "./random.ts";

test("ids have the form of version 4, and no two are the same", () => {
  const ids = new Set(Array.from({ length: 5000 }, () => systemRandom.uuid()));
  assert.equal(ids.size, 5000);
  for (const id of ids) {
    assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  }
});
