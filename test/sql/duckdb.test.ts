import assert from "node:assert/strict";
import { after, test } from "node:test";
import { sampleCalls } from "./sample-calls.ts";
import { semantics } from "./semantics.ts";
import { openWarehouse, planOf } from "./warehouse.ts";

const warehouse = await openWarehouse();
after(() => warehouse.close());

for (const [group, cases] of Object.entries(semantics)) {
  for (const [title, sql, rows] of cases) {
    test(`${group}: ${title}`, async () => {
      const plan = planOf(sql);
      assert.equal(plan.kind, "query");
      if (plan.kind === "query") assert.deepEqual(await warehouse.select(plan.selection), rows);
    });
  }
}

for (const { name, signature, sql } of sampleCalls) {
  test(`DuckDB calculates ${signature}`, async () => {
    const plan = planOf(sql);
    assert.equal(plan.kind, "query");
    if (plan.kind !== "query") return;
    assert.equal((await warehouse.select(plan.selection)).length, 1);
    assert.ok(plan.functions.includes(name));
  });
}

test("a number is a position where the flag says so", async () => {
  const flags = {
    "odps.sql.groupby.position.alias": "true",
    "odps.sql.orderby.position.alias": "true",
  };
  const plan = planOf("SELECT b, COUNT(*) FROM t GROUP BY 1 ORDER BY 1 DESC LIMIT 1", flags);
  assert.equal(plan.kind, "query");
  if (plan.kind === "query") assert.deepEqual(await warehouse.select(plan.selection), ["two | 1"]);
});

test("a whole number that overflows is an error", async () => {
  const plan = planOf("SELECT 9223372036854775807 + a FROM t");
  assert.equal(plan.kind, "query");
  if (plan.kind === "query") await assert.rejects(warehouse.select(plan.selection), /Overflow/);
});
