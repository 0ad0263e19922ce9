import assert from "node:assert/strict";
import { test } from "node:test";
import { startWorld } from "../support/warehouse.ts";

test("PyODPS reads tables as of older versions and times", async (t) => {
  const { asRoot } = await startWorld(t, "sales");
  const out = await asRoot(`
import time, datetime
o.execute_sql("create table t (id bigint, name string, gone string) tblproperties ('transactional'='true')")
o.execute_sql("insert into t values (1, 'one', 'x')")
time.sleep(1.1)
first = datetime.datetime.now(datetime.timezone.utc)
time.sleep(1.1)
o.execute_sql("insert into t values (2, 'two', 'y')")
o.execute_sql("delete from t where id = 1")
def ids(sql, **hints): return [row[0] for row in rows(sql + " order by id limit 99", **hints)]
out["versions"] = [ids("select id from t version as of %d" % version) for version in (0, 1, 2, 3)]
shanghai = first.astimezone(datetime.timezone(datetime.timedelta(hours=8)))
text = lambda moment: moment.strftime("%Y-%m-%d %H:%M:%S.%f")
out["time"] = ids("select id from t timestamp as of '%s'" % text(shanghai))
out["typed"] = ids("select id from t timestamp as of timestamp '%s'" % text(shanghai))
out["zone"] = ids("select id from t timestamp as of '%s'" % text(first), **{"odps.sql.timezone": "UTC"})
out["now"] = ids("select id from t timestamp as of current_timestamp()") + ids("select id from t timestamp as of getdate() + 3600")
out["latest"] = [ids("select id from t version as of get_latest_version('t', %d)" % n) for n in (1, 2, 3)]
out["latest time"] = ids("select id from t timestamp as of get_latest_timestamp('t', 3)")
def history(**hints): return o.execute_sql("show history for table t", hints=hints).open_reader(tunnel=False).raw.splitlines()[1].split("\\t")[3]
def ahead(shown): return round((datetime.datetime.fromisoformat(shown) - datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)).total_seconds() / 3600)
out["shown"] = [ahead(history()), ahead(history(**{"odps.sql.timezone": "UTC"}))]
o.execute_sql("restore table t to lsn '0' as none")
out["version 0"] = [rows("select count(*) from none"), refused(lambda: o.execute_sql("restore table t to lsn ''")) is not None, refused(lambda: o.execute_sql("restore table t to lsn '9'")) is not None]
out["join"] = rows("select a.id as x, b.id as y from t version as of 2 a full join t b on a.id = b.id where a.id is not null order by x limit 9")
o.execute_sql("create table back as select id from t version as of 1")
o.execute_sql("insert into back select id from t version as of 2 x where x.id > 1")
o.execute_sql("create view was as select id, name from t version as of 1")
out["written"] = [ids("select id from back"), rows("select * from was")]
o.execute_sql("alter table t change column name title string")
o.execute_sql("alter table t drop columns gone")
o.execute_sql("alter table t add columns (fresh bigint)")
out["columns"] = rows("select * from t version as of 1")
out["dropped"] = refused(lambda: o.execute_sql("select gone from t version as of 1"))[0]
o.execute_sql("insert overwrite table t select id, title, 7 from t version as of 2")
out["put back"] = rows("select id, title, fresh from t order by id limit 9")
o.execute_sql("create table p (a bigint) partitioned by (ds string)")
o.execute_sql("insert into p partition (ds='1') values (1)")
o.execute_sql("alter table p drop partition (ds='1')")
out["partition"] = rows("select a, ds from p version as of get_latest_version('p', 2) where ds = '1'")
out["scan"] = refused(lambda: o.execute_sql("select a from p version as of 1"))
wrong = ["t version as of 99", "t timestamp as of '2001-01-01'", "t timestamp as of 'soon'", "t version as of id", "t version as of '1'",
         "t version as of get_latest_version('p')", "t version as of get_latest_version('t', 0)", "t version as of get_latest_version('t', 99)",
         "was version as of 1", "information_schema.tables version as of 0"]
out["refused"] = {each: refused(lambda: o.execute_sql("select * from " + each))[1].split("ODPS-", 1)[1][:160] for each in wrong}
out["common"] = refused(lambda: o.execute_sql("with c as (select 1 as id) select * from c version as of 1"))[1]
`);
  assert.deepEqual(out["versions"], [[], [1], [1, 2], [2]]);
  for (const way of ["time", "typed", "zone", "latest time"]) assert.deepEqual(out[way], [1], way);
  assert.deepEqual(out["now"], [2, 2]);
  assert.deepEqual(out["latest"], [[2], [1, 2], [1]]);
  assert.deepEqual(out["shown"], [8, 0], "hours before UTC");
  assert.deepEqual(out["version 0"], [[[0]], true, true]);
  assert.deepEqual(out["join"], [
    [1, null],
    [2, 2],
  ]);
  assert.deepEqual(out["written"], [[1, 2], [[1, "one"]]]);
  assert.deepEqual(out["columns"], [[1, "one", null]], "columns are those of today");
  assert.equal(out["dropped"], "ODPSError");
  assert.deepEqual(out["put back"], [
    [1, "one", 7],
    [2, "two", 7],
  ]);
  assert.deepEqual(out["partition"], [[1, "1"]]);
  assert.match(String(out["scan"]), /full scan/);
  const told = out["refused"] as Record<string, string>;
  assert.match(told["t version as of 99"] ?? "", /no such version/);
  assert.match(told["t timestamp as of '2001-01-01'"] ?? "", /no such version/);
  assert.match(told["t timestamp as of 'soon'"] ?? "", /no such version/);
  assert.match(told["t version as of id"] ?? "", /a version is a whole number/);
  assert.match(told["t version as of '1'"] ?? "", /a version is a whole number/);
  assert.match(told["t version as of get_latest_version('p')"] ?? "", /table that is read/);
  assert.match(told["t version as of get_latest_version('t', 0)"] ?? "", /counts from 1/);
  assert.match(told["t version as of get_latest_version('t', 99)"] ?? "", /no such version/);
  assert.match(told["was version as of 1"] ?? "", /is a view/);
  assert.match(told["information_schema.tables version as of 0"] ?? "", /is a system view/);
  assert.match(String(out["common"]), /has no versions/);
});

test("PyODPS reads what was inserted between two versions, and nothing where rows were changed", async (t) => {
  const { asRoot } = await startWorld(t, "sales");
  const out = await asRoot(`
o.execute_sql("create table d (a bigint) partitioned by (ds string) tblproperties ('transactional'='true')")
for value, ds in [(1, "x"), (2, "x"), (3, "y")]:
    o.execute_sql(f"insert into d partition (ds='{ds}') values ({value})")
o.execute_sql("alter table d compact major")
o.execute_sql("alter table d add columns (b bigint)")
o.execute_sql("insert into d partition (ds='x') values (4, 40)")
hints = {"odps.sql.allow.fullscan": "true"}
def between(text, what="a"):
    return sorted(row[0] for row in rows(f"select {what} from d {text} s", **hints))
out["versions"] = [between(f"version between {since} and {until}") for since, until in [(0, 1), (0, 3), (1, 3), (3, 5), (0, 6), (2, 2), (5, 6)]]
out["columns"] = rows("select a, b, ds from d version between 5 and get_latest_version('d')", **hints)
out["times"] = between("timestamp between get_latest_timestamp('d', 7) and current_timestamp()")
out["scan"] = refused(lambda: rows("select a from d version between 0 and 1"))[1]
out["partition"] = rows("select a from d version between 0 and 6 where ds = 'y'")
wrong = ["version between 3 and 1", "version between 1 and 99", "version between 99 and 100", "version between 99 and 6", "timestamp between '2001-01-01' and current_timestamp()"]
out["wrong"] = [refused(lambda: between(text))[1] for text in wrong]
o.execute_sql("create table plain (a bigint)")
out["plain"] = refused(lambda: rows("select a from plain version between 0 and 0"))[1]
o.execute_sql("delete from d where a = 1")
out["rewritten"] = refused(lambda: between("version between 5 and 7"))[1]
out["before"] = between("version between 5 and 6")
o.execute_sql("insert into d partition (ds='x') values (5, 50)")
out["after"] = between("version between 7 and 8")
o.execute_sql("alter table d partition (ds='y') rename to partition (ds='z')")
out["renamed"] = refused(lambda: between("version between 7 and 9"))[1]
`);
  assert.deepEqual(out["versions"], [[1], [1, 2, 3], [2, 3], [], [1, 2, 3, 4], [], [4]]);
  assert.deepEqual(out["columns"], [[4, 40, "x"]]);
  assert.deepEqual(out["times"], [1, 2, 3, 4]);
  assert.match(String(out["scan"]), /full scan/);
  assert.deepEqual(out["partition"], [[3]]);
  for (const told of out["wrong"] as string[]) assert.match(told, /no such versions.*SHOW HISTORY/);
  assert.match(String(out["plain"]), /is not transactional/);
  for (const told of [out["rewritten"], out["renamed"]])
    assert.match(String(told), /were changed or taken away between these versions/);
  assert.deepEqual([out["before"], out["after"]], [[4], [5]]);
});
