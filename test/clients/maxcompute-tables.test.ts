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

test("DESC draws a box whose lines end below each other, however long a type is", async (t) => {
  const { odps, root } = await startWorld(t, "sales");
  const out = await odps<{ readonly lines: readonly string[] }>(
    root,
    "sales",
    `
o.execute_sql("create table wide (a decimal(10,2) comment 'price', " + "n" * 30 + " map<string,array<decimal(38,18)>>) partitioned by (ds string)")
out["lines"] = o.execute_sql("desc wide").open_reader(tunnel=False).raw.splitlines()
`,
  );
  const columns = out.lines.filter((line) => / (Field|a|n{30}|ds) +\| /.test(line));
  assert.equal(columns.length, 5);
  const bars = columns.map((line) => [...line.matchAll(/\|/g)].map(({ index }) => index).join());
  assert.equal(new Set(bars).size, 1, columns.join("\n"));
  assert.equal(new Set(out.lines.map(({ length }) => length)).size, 1);
});

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

test("PyODPS makes materialized views, sees when they are outdated, and rebuilds them", async (t) => {
  const { odps, root } = await startWorld(t, "sales");
  const out = await odps<Record<string, unknown>>(
    root,
    "sales",
    `${helpers}
o.execute_sql("create table t (a bigint, b string, ds string)")
o.execute_sql("insert into t values (1, 'x', '1'), (2, 'y', '2')")
o.execute_sql("create materialized view if not exists m lifecycle 7 (n comment 'how many', day) comment 'counted' as select count(*), ds from t group by ds")
o.execute_sql("create materialized view if not exists m as select 1 as x")
def table(name):
    one = o.get_table(name); one.reload()
    return one
one = table("m")
out["about"] = [one.type.value, one.is_materialized_view, one.lifecycle, one.comment, [[c.name, c.comment] for c in one.table_schema.columns]]
read = "select day, n from m order by day limit 9"
out["fresh"] = [rows(read), table("m").is_materialized_view_outdated]
o.execute_sql("insert into t values (3, 'z', '2')")
out["stale"] = [rows(read), table("m").is_materialized_view_outdated, "IsOutdated: True" .lower() in o.execute_sql("desc m").open_reader(tunnel=False).raw.lower()]
o.execute_sql("alter materialized view m rebuild")
out["rebuilt"] = [rows(read), table("m").is_materialized_view_outdated, history("m")[0][1]]
o.execute_sql("create materialized view later build deferred as select a from t")
out["deferred"] = [rows("select * from later"), table("later").is_materialized_view_outdated]
o.execute_sql("alter materialized view later rebuild")
out["built"] = rows("select count(*) from later")
o.execute_sql("create materialized view p partitioned on (ds) as select a, ds from t")
out["parted"] = [parts("p"), rows("select a from p where ds = '1'")]
o.execute_sql("alter materialized view p drop partition (ds='1')")
out["dropped"] = parts("p")
o.execute_sql("alter materialized view p set lifecycle 3")
o.execute_sql("alter materialized view p disable lifecycle")
out["lifecycle"] = table("p").lifecycle
out["downloaded"] = [list(record.values) for record in o.get_table("later").open_reader()]
out["lists"] = [o.execute_sql(words).open_reader(tunnel=False).raw.count(":") for words in ["show materialized views", "show views"]]
out["not so"] = [words for words in ["insert into later values (1)", "drop view later", "drop table later", "alter view later rename to x", "alter materialized view t rebuild", "truncate table later",
                 "create materialized view r refresh every 5 fortnights as select a from t", "alter materialized view later enable rewrite", "create view later as select 1 as a"] if refused(lambda: o.execute_sql(words)) is None]
o.execute_sql("drop table t")
out["without its table"] = [table("later").is_materialized_view_outdated, rows("select count(*) from later"), refused(lambda: o.execute_sql("alter materialized view later rebuild"))[0]]
o.execute_sql("drop materialized view later")
out["gone"] = refused(lambda: rows("select * from later"))[0]
`,
  );
  const columns = [
    ["n", "how many"],
    ["day", ""],
  ];
  assert.deepEqual(out["about"], ["MATERIALIZED_VIEW", true, 7, "counted", columns]);
  const first = [
    ["1", 1],
    ["2", 1],
  ];
  const second = [
    ["1", 1],
    ["2", 2],
  ];
  assert.deepEqual(out["fresh"], [first, false]);
  assert.deepEqual(out["stale"], [first, true, true]);
  assert.deepEqual(out["rebuilt"], [second, false, "REBUILD"]);
  assert.deepEqual([out["deferred"], out["built"]], [[[], true], [[3]]]);
  assert.deepEqual(out["parted"], [["ds='1'", "ds='2'"], [[1]]]);
  assert.deepEqual([out["dropped"], out["lifecycle"]], [["ds='2'"], 3]);
  assert.deepEqual((out["downloaded"] as number[][]).flat().sort(), [1, 2, 3]);
  assert.deepEqual([out["lists"], out["not so"]], [[3, 0], []]);
  assert.deepEqual(out["without its table"], [true, [[3]], "NoSuchTable"]);
  assert.equal(out["gone"], "NoSuchTable");
});

test("PyODPS reads views whose columns have the type of what they are given, or none", async (t) => {
  const { asRoot } = await startWorld(t, "sales");
  const out = await asRoot(`
o.execute_sql("create view passes(@t table (name string, id any)) as select * from @t")
o.execute_sql("create view nothing as select null as x")
out["columns"] = [[[c.name, str(c.type).lower()] for c in o.get_table(name).table_schema.columns] for name in ["passes", "nothing"]]
out["rows"] = [rows("select * from passes((select 'foo', 1.5BD))")[0][1] * 2 == 3, rows("select * from nothing")]
`);
  const columns = [
    ["name", "string"],
    ["id", "string"],
  ];
  assert.deepEqual(out["columns"], [columns, [["x", "string"]]]);
  assert.deepEqual(out["rows"], [true, [[null]]]);
});
