import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { startWorldWithBuckets } from "../support/buckets.ts";

const guide = readFileSync("docs/warehouse.md", "utf8");

/** The statements of the guide's block of SQL that begins so. */
function exampleOf(beginning: string): readonly string[] {
  const from = guide.indexOf(beginning);
  assert.ok(from > 0, `the guide has \`${beginning}\``);
  const block = guide.slice(from, guide.indexOf("```", from)).replace(/--.*$/gm, "");
  return block
    .split(";")
    .map((one) => one.trim())
    .filter((one) => one !== "");
}

test("the guide's examples of MERGE and of lines of JSON run as they stand", async (t) => {
  const { asRoot, put } = await startWorldWithBuckets(t, ["sales"], ["lake"]);
  await put("events/a.json", '{"id": 1, "name": "begin", "payload": {"a": 1}}\n', "lake");
  const merge = exampleOf("create table stock (id");
  const [made = "", asked = ""] = exampleOf("create external table events (id");
  const out = await asRoot(`
for one in ${JSON.stringify(merge)}: o.execute_sql(one)
out["stock"] = sorted(rows("select id, amount from stock"))
o.execute_sql(${JSON.stringify(made)})
out["events"] = [rows("select * from events"), rows(${JSON.stringify(asked)})]
`);
  assert.deepEqual(out["stock"], [
    [1, 15],
    [2, 20],
    [3, 7],
  ]);
  assert.deepEqual(out["events"], [[[1, "begin", '{"a":1}']], [[1, "1"]]]);
});
