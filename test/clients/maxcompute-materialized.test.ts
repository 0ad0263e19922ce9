import assert from "node:assert/strict";
import { test } from "node:test";
import { startWorld } from "../support/warehouse.ts";

test("PyODPS has some partitions of a materialized view made anew, and tells the clock when to", async (t) => {
  const { asRoot } = await startWorld(t, "sales");
  const out = await asRoot(`
o.execute_sql("create table t (a bigint, n bigint) partitioned by (ds string)")
for ds in ["a", "b", "c"]:
    o.execute_sql(f"insert into t partition (ds='{ds}') values (1, 1), (2, 10)")
hints = {"odps.sql.allow.fullscan": "true"}
o.execute_sql("create materialized view m partitioned on (ds, n) refresh every 2 hours tblproperties ('enable_auto_refresh'='true') as select a, ds, n from t", hints=hints)
def all():
    return rows("select ds, n, a from m order by ds, n, a limit 100", **hints)
for ds in ["a", "b", "c"]:
    o.execute_sql(f"insert overwrite table t partition (ds='{ds}') values (7, 10)")
def rebuild(partitions):
    o.execute_sql("alter materialized view m rebuild " + partitions, hints=hints)
    return all()
out["one"] = rebuild("partition (ds='a')")
out["some"] = rebuild("partition (ds > 'a', ds < 'c', n >= 10), partition (ds='none')")
out["outdated"] = "IsOutdated: true" in o.execute_sql("desc m").get_task_result()
out["whole"] = rebuild("")
out["no longer"] = "IsOutdated: false" in o.execute_sql("desc m").get_task_result()
out["not a partition"] = refused(lambda: rebuild("partition (a=1)"))[1]
out["not a constant"] = refused(lambda: rebuild("partition (ds=concat('a', ''))"))[1]
out["another kind"] = refused(lambda: rebuild("partition (ds=1)"))[1]
o.execute_sql("create materialized view whole as select a from t where ds='a'")
out["without partitions"] = refused(lambda: o.execute_sql("alter materialized view whole rebuild partition (ds='a')"))[1]
out["as a table"] = refused(lambda: o.execute_sql("alter table whole set comment 'x'"))[1]
`);
  const before = (ds: string) => [
    [ds, 1, 1],
    [ds, 10, 2],
  ];
  const after = (ds: string) => [ds, 10, 7];
  assert.deepEqual(out["one"], [after("a"), ...before("b"), ...before("c")]);
  assert.deepEqual(out["some"], [after("a"), ["b", 1, 1], after("b"), ...before("c")]);
  assert.equal(out["outdated"], true);
  assert.deepEqual(out["whole"], [after("a"), after("b"), after("c")]);
  assert.equal(out["no longer"], true);
  assert.match(String(out["without partitions"]), /whole has no partitions/);
  assert.match(String(out["as a table"]), /say ALTER MATERIALIZED VIEW/);
  for (const key of ["not a partition", "not a constant", "another kind"]) {
    assert.match(String(out[key]), /partition column with a constant of its kind is expected/, key);
  }
});
