import assert from "node:assert/strict";
import { test } from "node:test";
import { createProject } from "../../src/projects/project.ts";
import { startBondstore, temporary } from "../support/bondstore.ts";
import { startWorldWithBuckets } from "../support/buckets.ts";
import { python } from "../support/python.ts";
import { sparkJobs } from "../support/spark-jobs.ts";
import {
  assertSame,
  assertSameOutside,
  assertWritten,
  begin,
  lakeObjects,
  outside,
  queries,
  writes,
} from "../support/spark-statements.ts";
import { prelude, startWorld } from "../support/warehouse.ts";

test("PyODPS reads the same rows from both engines, of tables and of what lies outside", async (t) => {
  const { asRoot, put } = await startWorldWithBuckets(t, ["ledger"], ["lake"]);
  for (const [key, body] of lakeObjects) await put(key, body);
  const out = await asRoot(`${begin}${queries}${outside}`);
  assertSame(out["same"]);
  assert.match(String(out["nothing"]), /'ds', 'STRING'\)\], \[\]\]$/);
  assertSameOutside(out);
});

test("what Spark writes is what DuckDB writes, in versions of tables", async (t) => {
  const { asRoot, running, account } = await startWorldWithBuckets(t, ["ledger"], ["lake"]);
  const out =
    await asRoot(`${begin}${writes}out["partitions"] = [sorted(str(p) for p in o.get_table(n).partitions) for n in ("plain_parts", "sparky_parts")]
def history(table):
    return [line.split("\\t")[1:4:2] for line in run("show history for table " + table).open_reader(tunnel=False).raw.splitlines()]
out["history"] = [history("plain_delta"), history("sparky_delta")]
out["null"] = refused(lambda: run("insert into sparky_parts partition (ds, k) select id, name, ds, null from orders", spark))
run("create materialized view counted as select ds, count(*) as n from orders group by ds")
run("create materialized view hashed as select hash(name) as h from orders")
run("insert into orders partition (ds='b') (id, name) values (4, 'four')")
run("alter materialized view counted rebuild", spark)
run("unload from (select id, name from orders) into location 's3://lake/sparky/' stored as parquet", spark)
run("create external table unloaded (id bigint, name string) stored as parquet location 's3://lake/sparky/'")
run("create table loaded (id bigint, name string)")
run("load into table loaded from location 's3://lake/sparky/' stored as parquet", spark)
out["made"] = [["loaded", read("select * from loaded order by id"), read("select * from unloaded order by id")], ["counted", read("select * from counted order by ds"), read("select ds, count(*) as n from orders group by ds order by ds")],
    ["unloaded", read("select * from unloaded order by id"), read("select id, name from orders order by id")]]
out["words"] = [refused(lambda: run(sql, spark)) for sql in ("alter materialized view hashed rebuild",
    "unload from (select hash(name) as h from orders) into location 's3://lake/hashed/' stored as parquet")]
`);
  assertWritten(out);
  const [plain, sparky] = out["partitions"] as [string[], string[]];
  assert.deepEqual(sparky, plain);
  assert.match(String(out["null"]), /invalid dynamic partition value: the column k is NULL/);
  assertSame(out["made"]);
  for (const refusal of out["words"] as unknown[]) {
    assert.match(String(refusal), /function \w+ .* is not built for Spark/);
  }
  const [before, after] = out["history"] as [string[][], string[][]];
  assert.ok(before.length > 3);
  assert.deepEqual(
    after.map(([what]) => what),
    before.map(([what]) => what),
  );
  const events = await running.bondstore.opened.trail.find({ account, limit: 500 });
  // Which statements were refused; of Spark's refusals only their kind is known.
  const told = (name: string) =>
    events
      .filter(({ event }) => JSON.stringify(event).includes(`${name}_delta`))
      .map(({ event: { eventName, errorCode } }) => [eventName, errorCode !== undefined]);
  assert.ok(told("plain").length > 3);
  assert.deepEqual(told("sparky"), told("plain"));
});

test("a job that asks for Spark gets it or is told why not; a project's wish is one", async (t) => {
  const { asRoot } = await startWorld(t, "ledger");
  const out = await asRoot(`${begin}
hash = "select hash(name) as h from orders order by h"
out["job"] = refused(lambda: run(hash, spark))
out["set"] = refused(lambda: run("set hive.execution.engine=spark; " + hash))
o.create_resource("plus.py", "py", file_obj="""from odps.udf import annotate
@annotate("bigint->bigint")
class Plus(object):
    def evaluate(self, a):
        return a + 1
""")
o.create_function("plus", class_type="plus.Plus", resources=["plus.py"])
out["code"] = refused(lambda: run("select plus(id) from orders", spark))
out["duckdb"] = read(hash, {**flags, "hive.execution.engine": "tez"})
o.rest.put(o.get_project("ledger").resource(), data="<Project><Properties><Property><Name>hive.execution.engine</Name>"
    "<Value>spark</Value></Property></Properties></Project>")
out["wished"] = [read(hash), run("explain " + hash).open_reader(tunnel=False).raw]
out["granted"] = [read("select id from orders order by id"), run("explain select id from orders").open_reader(tunnel=False).raw]
`);
  assert.match(String(out["job"]), /function \w+ with \d arguments is not built for Spark/);
  assert.match(String(out["set"]), /is not built for Spark/);
  assert.match(String(out["code"]), /a function of a user is not built for Spark/);
  assert.match(String(out["duckdb"]), /\[\[/);
  const [answer, explained] = out["wished"] as [string, string];
  assert.equal(answer, out["duckdb"]);
  assert.match(explained, /^engine duckdb$/m);
  assert.match(String(out["granted"]), /\[\[1\], \[2\], \[3\]\]\]\n?,.*engine spark/s);
});

test("who asks for Spark where it is not installed is told so, and a project's wish runs on DuckDB", async (t) => {
  const running = await startBondstore(t, { engines: { cache: temporary(t) } });
  const { account, root } = await running.tenant("acme");
  await createProject(running.bondstore.opened.parts, account, { name: "ledger" });
  const out = (await python(
    running,
    root,
    `${prelude}${sparkJobs}
o = entry("ledger")
spark_flag = {"hive.execution.engine": "spark"}
out["asked"] = refused(lambda: o.execute_sql("select 1 as x", hints=spark_flag))
out["job"] = spark("code.py", "print(1)")
o.rest.put(o.get_project("ledger").resource(), data="<Project><Properties><Property><Name>hive.execution.engine</Name>"
    "<Value>spark</Value></Property></Properties></Project>")
out["wished"] = rows("select 1 as x")
print(json.dumps(out, default=str))`,
    "warehouse-clients",
  )) as Record<string, unknown>;
  assert.match(String(out["asked"]), /ODPS-0130071: Spark is not installed on this Bondstore/);
  assert.match(String(out["job"]), /FAILED,ODPS-0130071: Spark is not installed/);
  assert.deepEqual(out["wished"], [[1]]);
});
