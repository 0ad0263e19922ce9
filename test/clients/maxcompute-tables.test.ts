import assert from "node:assert/strict";
import { test } from "node:test";
import { startWorld } from "../support/warehouse.ts";

/** Versions of a table, the newest first, and how many files it has. */
const helpers = `
def history(table):
    return [one.split("\\t")[1:3] for one in o.execute_sql("show history for table " + table).open_reader(tunnel=False).raw.splitlines()[1:]]
def files(table):
    one = o.get_table(table); one.reload()
    return one.file_num
def parts(table):
    one = o.get_table(table); one.reload()
    return sorted(str(each) for each in one.partitions)
`;

test("PyODPS merges, exchanges and restores partitions", async (t) => {
  const { odps, root } = await startWorld(t, "sales");
  const out = await odps<Record<string, unknown>>(
    root,
    "sales",
    `${helpers}
o.execute_sql("create table p (a bigint) partitioned by (ds string, hh string)")
for at, (ds, hh) in enumerate([("1", "00"), ("1", "01"), ("2", "00"), ("3", "00")]):
    o.execute_sql("insert into p partition (ds='%s', hh='%s') values (%d)" % (ds, hh, at))
all_rows = "select ds, hh, a from p where ds <> '' order by ds, hh, a limit 99"
o.execute_sql("alter table p merge partition (ds='1') overwrite partition (ds='1', hh='all')")
out["merged"] = [rows(all_rows), parts("p")]
o.execute_sql("alter table p merge partition (ds='2', hh='00'), partition (ds>'2') overwrite partition (ds='1', hh='all')")
out["overwritten"] = rows(all_rows)
out["none"] = refused(lambda: o.execute_sql("alter table p merge partition (ds='9') overwrite partition (ds='1', hh='all')"))[1].splitlines()[-1].strip()
o.execute_sql("alter table p merge if exists partition (ds='9') overwrite partition (ds='1', hh='all')")
out["kept"] = rows(all_rows)
lsn = history("p")[2][0]
o.execute_sql("restore table p partition (ds='1', hh='all') to lsn '%s'" % lsn)
out["restored partition"] = [rows(all_rows), refused(lambda: o.execute_sql("restore table p partition (ds='7', hh='0') to lsn '%s'" % lsn)) is not None]
o.execute_sql("restore table p to lsn '%s' as q" % lsn)
out["restored as"] = rows("select ds, hh, a from q where ds <> '' order by ds, hh, a limit 99")
o.execute_sql("drop table p")
out["its own"] = rows("select count(*) from q where ds <> ''")
o.execute_sql("create table x (a bigint) partitioned by (ds string)")
o.execute_sql("create table y (a bigint, gone string) partitioned by (ds string)")
o.execute_sql("insert into y partition (ds='1') values (5, 'g'), (6, 'h')")
o.execute_sql("alter table y drop columns gone")
o.execute_sql("alter table x exchange partition (ds='1') with table y")
out["exchanged"] = [rows("select a, ds from x where ds='1' order by a limit 9"), parts("y"), history("x")[0][1], history("y")[0][1]]
o.execute_sql("insert into y partition (ds='1') values (7)")
out["there"] = refused(lambda: o.execute_sql("alter table x exchange partition (ds='1') with table y"))[1].splitlines()[-1].strip()
o.execute_sql("create table z (b string) partitioned by (ds string)")
out["others"] = [refused(lambda: o.execute_sql("alter table x exchange partition (ds='2') with table y")) is not None, refused(lambda: o.execute_sql("alter table z exchange partition (ds='1') with table y")) is not None, refused(lambda: o.execute_sql("alter table x exchange partition (ds='1') with table x")) is not None]
out["still"] = rows("select a from y where ds = '1'")
`,
  );
  const [one, two] = [
    ["1", "all", 0],
    ["1", "all", 1],
  ];
  const rest = [
    ["2", "00", 2],
    ["3", "00", 3],
  ];
  assert.deepEqual(out["merged"], [
    [one, two, ...rest],
    ["ds='1',hh='all'", "ds='2',hh='00'", "ds='3',hh='00'"],
  ]);
  const over = [
    ["1", "all", 2],
    ["1", "all", 3],
  ];
  assert.deepEqual([out["overwritten"], out["kept"]], [over, over]);
  assert.match(String(out["none"]), /there is no such partition/);
  assert.deepEqual(out["restored partition"], [[one, two], true]);
  assert.deepEqual(out["restored as"], [one, two, ...rest]);
  assert.deepEqual(out["its own"], [[4]]);
  const moved = [
    [5, "1"],
    [6, "1"],
  ];
  assert.deepEqual(out["exchanged"], [moved, [], "EXCHANGE PARTITION", "EXCHANGE PARTITION"]);
  assert.match(String(out["there"]), /already exists/);
  assert.deepEqual(out["others"], [true, true, true]);
  assert.deepEqual(out["still"], [[7]]);
});

test("PyODPS makes one file of many, with the same rows", async (t) => {
  const { odps, root } = await startWorld(t, "sales");
  const out = await odps<Record<string, unknown>>(
    root,
    "sales",
    `${helpers}
o.execute_sql("create table t (a bigint, b string)")
for at in range(4):
    o.execute_sql("insert into t values (%d, 'x%d')" % (at, at))
o.execute_sql("alter table t change column b c string")
before = files("t")
o.execute_sql("alter table t merge smallfiles")
out["merged"] = [before, files("t"), rows("select a, c from t order by a limit 9"), history("t")[0][1]]
versions = len(history("t"))
o.execute_sql("alter table t merge smallfiles")
out["again"] = len(history("t")) - versions
o.execute_sql("create table p (a bigint) partitioned by (ds string) tblproperties ('transactional'='true')")
for at in range(3):
    o.execute_sql("insert into p partition (ds='1') values (%d)" % at)
    o.execute_sql("insert into p partition (ds='2') values (%d)" % at)
o.execute_sql("alter table p partition (ds='1') compact major")
out["compacted"] = [files("p"), rows("select ds, count(*) from p where ds <> '' group by ds order by ds limit 9")]
out["not transactional"] = refused(lambda: o.execute_sql("alter table t compact major")) is not None
`,
  );
  const all = [0, 1, 2, 3].map((at) => [at, `x${at}`]);
  assert.deepEqual(out["merged"], [4, 1, all, "COMPACT"]);
  assert.equal(out["again"], 0);
  assert.deepEqual(out["compacted"], [
    4,
    [
      ["1", 3],
      ["2", 3],
    ],
  ]);
  assert.equal(out["not transactional"], true);
});
