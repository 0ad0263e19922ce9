import assert from "node:assert/strict";
import { test } from "node:test";
import { tableRows, versionRows } from "../../src/services/maxcompute/catalog.ts";
import { startWorld } from "../support/warehouse.ts";

const hourMs = 60 * 60 * 1000;

test("PyODPS restores dropped partitions, and says how long what is past is kept", async (t) => {
  // What is too old is erased each minute: here the minute does not pass, as longer times are set afterwards.
  t.mock.timers.enable({ apis: ["setInterval"] });
  const { asRoot, running, account } = await startWorld(t, "sales");
  const { store } = running.bondstore.opened.parts;
  const out = await asRoot(`
o.execute_sql("create table t (a bigint) partitioned by (ds string)")
for ds in ["a", "b", "c"]:
    o.execute_sql(f"insert into t partition (ds='{ds}') values (1)")
o.execute_sql("insert into t partition (ds='a') values (2)")
o.execute_sql("alter table t drop partition (ds='a')")
o.execute_sql("alter table t drop partition (ds='b')")
hints = {"odps.sql.allow.fullscan": "true"}
o.execute_sql("restore table t partition (ds='a') partition (ds='b')")
out["restored"] = rows("select ds, a from t order by ds, a limit 10", **hints)
out["is there"] = refused(lambda: o.execute_sql("restore table t partition (ds='a')"))[1]
out["never was"] = refused(lambda: o.execute_sql("restore table t partition (ds='x')"))[1]
for name, more in [("long", "'168'"), ("short", "'1'"), ("none", "'0'")]:
    o.execute_sql(f"create table {name} (a bigint) tblproperties ('acid.data.retain.hours'={more})")
    o.execute_sql(f"insert into {name} values (1)")
    o.execute_sql(f"insert overwrite table {name} values (2)")
out["just replaced"] = refused(lambda: rows("select a from none version as of 1"))[1]
for bad in ["169", "-1", "x", "1.5"]:
    out[bad] = refused(lambda: o.execute_sql(f"alter table long set tblproperties ('acid.data.retain.hours'='{bad}')"))[1]
`);
  assert.deepEqual(out["restored"], [
    ["a", 1],
    ["a", 2],
    ["b", 1],
    ["c", 1],
  ]);
  for (const key of ["is there", "never was"]) {
    assert.match(String(out[key]), /no dropped partition ds=. is kept/, key);
  }
  assert.match(String(out["just replaced"]), /no such version/);
  for (const bad of ["169", "-1", "x", "1.5"]) assert.match(String(out[bad]), /is 0 to 168/);

  /** Makes everything as old as that. */
  const age = (hours: number) =>
    store.transaction(() => {
      const own = store.account(account);
      for (const { key, value } of [...tableRows(own).range()]) {
        tableRows(own).put(key, { ...value, createdAtMs: value.createdAtMs - hours * hourMs });
      }
      for (const { key, value } of [...versionRows(own).range()]) {
        versionRows(own).put(key, { ...value, atMs: value.atMs - hours * hourMs });
      }
    });
  const readable = async (...tables: readonly string[]) => {
    const told = await asRoot(`
out["read"] = [refused(lambda: rows(f"select a from {name} version as of 1", **{"odps.sql.allow.fullscan": "true"})) is None for name in ${JSON.stringify(tables)}]
`);
    return told["read"];
  };
  const setDays = (days: string) =>
    asRoot(`
body = "<Project><Name>sales</Name><Properties><Property><Name>odps.timemachine.retention.days</Name><Value>${days}</Value></Property></Properties></Project>"
out["told"] = refused(lambda: o.rest.put(o.get_project().resource(), data=body, headers={"Content-Type": "application/xml"}))
`);
  await age(2);
  assert.deepEqual(await readable("t", "long", "short"), [true, true, false]);
  await age(100);
  assert.deepEqual(await readable("t", "long"), [false, true]);
  assert.equal((await setDays("5"))["told"], null);
  assert.deepEqual(await readable("t", "long", "short"), [true, true, false]);
  await age(100);
  assert.deepEqual(await readable("t", "long"), [false, false]);
  assert.match(String((await setDays("31"))["told"]), /is 0 to 30/);
  assert.equal((await setDays("30"))["told"], null);
  assert.deepEqual(await readable("t", "long"), [true, false]);
});
