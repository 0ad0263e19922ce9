import assert from "node:assert/strict";
import { test } from "node:test";
import { droppedRows } from "../../src/services/maxcompute/dropped-tables.ts";
import { member, startWorld } from "../support/warehouse.ts";

test("who may not drop a table cuts nothing of its past short, by no property and no purge", async (t) => {
  const { odps, root, user, running, account } = await startWorld(t, "sales", "other");
  const bob = await user("bob");
  const name = `RAM$${account}:bob`;
  const property = (key: string) =>
    `<Project><Name>sales</Name><Properties><Property><Name>${key}</Name><Value>1</Value></Property></Properties></Project>`;
  await odps(
    root,
    "sales",
    `
p = entry("other")
for o_ in (o, p):
    o_.execute_sql("create table t (a bigint) partitioned by (ds string)")
    o_.execute_sql("insert into t partition (ds='a') values (1)")
    o_.execute_sql("alter table t drop partition (ds='a')")
    o_.execute_sql("create table gone (a bigint)")
    o_.execute_sql("drop table gone")
o.execute_sql("create materialized view m as select 1 as a")
${member(name, "Select, Describe, Alter on table t", "Select, Describe, Alter on table m", "Write on project sales")}
`,
  );
  const byBob = await odps<Record<string, string[] | null>>(
    bob,
    "sales",
    `
put = lambda body: o.rest.put(o.get_project().resource(), data=body, headers={"Content-Type": "application/xml"})
out["hours"] = refused(lambda: o.execute_sql("alter table t set tblproperties ('Acid.Data.Retain.Hours'='0')"))
out["hours of a view"] = refused(lambda: o.execute_sql("alter materialized view m set tblproperties ('acid.data.retain.hours'='0')"))
out["days"] = refused(lambda: put("${property("odps.timemachine.retention.days")}"))
out["all"] = refused(lambda: o.execute_sql("purge all"))
out["one"] = refused(lambda: o.execute_sql("purge table t"))
out["restored"] = refused(lambda: o.execute_sql("restore table t partition (ds='a')"))
out["other property"] = refused(lambda: put("${property("odps.sql.allow.fullscan")}"))
`,
  );
  const { "other property": other, ...kept } = byBob;
  assert.equal(other, null);
  for (const [way, told] of Object.entries(kept)) {
    assert.match(String(told), /NoPermission|ODPS-0130013|not authorized/i, way);
  }
  const byRoot = await odps<Record<string, unknown>>(
    root,
    "sales",
    `
p = entry("other")
o.execute_sql("restore table t partition (ds='a')")
out["restored"] = rows("select a from t where ds='a'")
o.execute_sql("alter table t drop partition (ds='a')")
o.execute_sql("purge all")
for what in ["restore table t partition (ds='a')", "restore table t to lsn '1'", "restore table gone"]:
    out[what] = refused(lambda: o.execute_sql(what))
p.execute_sql("restore table t partition (ds='a')")
out["of another project"] = [rows("select a from t where ds='a'", p), refused(lambda: p.execute_sql("restore table gone"))]
`,
  );
  const { restored, "of another project": elsewhere, ...gone } = byRoot;
  assert.deepEqual(restored, [[1]]);
  assert.deepEqual(elsewhere, [[[1]], null]);
  for (const [what, told] of Object.entries(gone)) {
    assert.match(String(told), /ODPS-0130071:.*Semantic analysis exception - /s, what);
  }
  const store = running.bondstore.opened.parts.store.account(account);
  assert.deepEqual([...droppedRows(store).range()], []);
});
