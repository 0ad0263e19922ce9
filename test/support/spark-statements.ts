import assert from "node:assert/strict";

/** Begins a script: tables with values of each type, and functions that ask DuckDB or Spark. */
export const begin = `
options.allow_antique_date = True
flags = {"odps.sql.allow.fullscan": "true", "odps.sql.validate.orderby.limit": "false", "odps.sql.type.system.odps2": "true"}
spark = {**flags, "hive.execution.engine": "spark"}
def run(sql, hints=flags):
    return o.execute_sql(sql, hints=hints)
def read(sql, hints=flags):
    with run(sql, hints).open_reader(tunnel=True) as reader:
        columns = [(column.name, str(column.type)) for column in reader._schema.columns]
        return repr([columns, [list(record.values) for record in reader]])
run("""create table orders (id bigint, name string, price decimal(10,2), at datetime, tags array<string>, size int, small tinyint,
  ok boolean, day date, half double, raw binary, pairs map<string,bigint>, nest struct<a:bigint,b:string>, short varchar(3))
  partitioned by (ds string)""")
run("""insert into orders partition (ds='2026 01%你')
  select 1, 'one', 1.50BD, datetime '1000-01-02 03:04:05', array('a', null), 7, 1Y, true, date '0001-01-02',
    cast(0.1 as double), unhex('00FF'), map('k', 1L), named_struct('a', 2L, 'b', 'x'), 'abc'
  union all select 2, null, null, null, null, null, null, null, null, null, null, null, null, null""")
run("insert into orders partition (ds='b') (id, name) values (3, 'three')")
def same(*statements):
    return [[sql, read(sql), read(sql, spark)] for sql in statements]
`;

/** Pairs of answers are the same, each told with what was asked. */
export const assertSame = (answers: unknown) => {
  for (const [sql, one, other] of answers as [string, string, string][]) {
    assert.equal(other, one, sql);
  }
};

/** Asks both engines the same: `same` and `nothing` are what they answer. */
export const queries = `
run("create table numbers as select cast(pos as bigint) as n from (select split(space(20000), ' ') as a) t lateral view posexplode(a) p as pos, v")
run("create table exact as select n * 7919 as n, concat('text ', n) as t, cast(n * 1.01BD as decimal(18,2)) as d, cast(n * 1.01BD as decimal(38,2)) as w, dateadd(date '2000-01-01', cast(n as bigint), 'dd') as day from numbers")
run("create table floats as select n, n / 7 as f, array(n / 9) as fs from numbers")
run("create table changed (a int, b string)")
run("insert into changed values (1, 'x')")
run("alter table changed add columns (c bigint)")
run("alter table changed change column b named string")
run("insert into changed values (2, 'y', 3)")
run("create view shown as select id, ds from orders where ok")
out["same"] = same(
    "select * from orders order by id",
    "select ds, count(*) as n, sum(price) as total from orders group by ds order by ds",
    "select o.id, o.id as \`ID two; --\` from orders o where ds = 'b'",
    "select id from orders where ds = '2026 01%你' order by id desc",
    "select 1 as x, 'a' as y, cast(null as string) as z",
    "select count(*) from orders where id > 99",
    "select * from changed order by a",
    "select count(*) from changed",
    "select count(*), count(1) from orders",
    "select * from shown",
    "select n, n % 7 as k from numbers order by k desc, n",
    "select max_pt('orders') as newest",
    "select * from exact where n % 1000 = 1 order by n",
    "select * from floats where n % 1000 = 1 order by n",
)
out["nothing"] = read("select * from orders where false", spark)
`;

/**
 * Asks both engines the same of objects in a bucket `lake`, of which those of `lakeObjects` are there, and of the
 * project's own catalog.
 */
export const outside = `
csv = "stored by 'com.aliyun.odps.CsvStorageHandler' with serdeproperties ('odps.text.option.header.lines.count'='1')"
run("create external table visits (id bigint, name string, at datetime, price decimal(10,2), day date, d double, ok boolean, raw binary) %s location 's3://lake/text/'" % csv)
run("create external table parted (UserId bigint, name string) partitioned by (ds string, k bigint) stored as json location 's3://lake/json/'")
run("msck repair table parted add partitions")
run("create external table packed (id bigint, name string, at datetime, tags array<string>, nest struct<a:bigint,b:string>) stored as parquet location 's3://lake/packed/'")
run("insert into packed select id, name, at, tags, nest from orders")
run("create external table empty (id bigint, name string) stored as parquet location 's3://lake/empty/'")
run("create external table zipped (id bigint) partitioned by (ds string) stored by 'com.aliyun.odps.TsvStorageHandler' with serdeproperties ('odps.text.option.gzip.input.enabled'='true', 'odps.text.option.gzip.output.enabled'='true') location 's3://lake/zipped/'")
run("insert into zipped partition (ds) select id, ds from orders", spark)
run("create view seen as select v.id, o.ds from visits v join orders o on v.id = o.id")
out["outside"] = same(
    "select * from visits order by id",
    "select count(*) from visits",
    "select count(*) as n from visits a join visits b on a.id = b.id where b.name is not null",
    "select ds, k, count(*) as n, max(userid) as m from parted group by ds, k order by ds, k",
    "select * from parted where ds = 'a b' and k = 2",
    "select name from parted where ds = 'none'",
    "select max_pt('parted') as newest",
    "select * from packed order by id",
    "select * from empty",
    "select count(*) from empty",
    "select * from zipped order by id",
    "select * from seen order by id",
    "select id from visits where id in (select id from packed where name = 'one') order by id",
    "select table_name, table_type from information_schema.tables order by table_name",
    "select count(*) as n from information_schema.columns c join visits v on v.id = 1",
)
for name, hints in [("plain", flags), ("sparky", spark)]:
    run("create table " + name + "_copied as select v.*, p.tags from visits v left join packed p on v.id = p.id", hints)
    run("create external table " + name + "_out (id bigint, name string) stored as parquet location 's3://lake/" + name + "/'")
    run("insert overwrite table " + name + "_out select id, name from visits", hints)
    run("insert overwrite table " + name + "_out select id + 1, name from " + name + "_out", hints)
out["outside"] += [[one, read("select * from (select * from plain_" + one + " order by id) t"), read("select * from (select * from sparky_" + one + " order by id) t")]
    for one in ("copied", "out")]
run("create external table bad (id bigint) %s location 's3://lake/bad/'" % csv)
out["bad"] = [refused(lambda: run("select id from bad", hints)) for hints in (flags, spark)]
`;

/** Objects that `outside` reads. */
export const lakeObjects: readonly (readonly [key: string, body: string])[] = [
  [
    "text/one.csv",
    'id,name\n1,"a ""quoted"", `name` $x",2026-01-01 00:00:00,1.50,0001-01-02,0.1,true,ab\n2,\\N,\\N,\\N,\\N,\\N,\\N,\\N\n',
  ],
  ["text/two.csv", "id,name\n3,Ünï,1500-01-03 10:20:30\n"],
  ["json/ds=a%20b/k=1/one.json", '{"UserId": 1, "name": {"a": [1]}}\n{"userid": "2"}\n'],
  ["json/ds=a%20b/k=2/odd $name.json", '{"userid": 3, "NAME": 7}\n'],
  ["json/ds=b/k=1/one.json", "{}\n"],
  ["bad/one.csv", "id\na secret\n"],
];

/** Writes on both engines the same, into tables `plain…` and `sparky…`: `alike` is what is in them. */
export const writes = `
for name, hints in [("plain", flags), ("sparky", spark)]:
    run("create table " + name + " as select id, name, price, at, tags, nest, ds from orders", hints)
    run("create table " + name + "_parts (id bigint, name string) partitioned by (ds string, k bigint)", hints)
    run("insert into " + name + "_parts partition (ds, k) select id, name, ds, id % 2 from orders", hints)
    run("insert overwrite table " + name + "_parts partition (ds='b', k=1) select 9, 'nine' from orders", hints)
    run("create table " + name + "_delta (id bigint, v string) tblproperties ('transactional'='true')", hints)
    run("insert into " + name + "_delta select id, name from orders", hints)
    run("update " + name + "_delta set v = 'changed' where id = 1", hints)
    run("delete from " + name + "_delta where id = 2", hints)
    run("merge into " + name + "_delta d using orders s on d.id = s.id when matched and s.id = 1 then update set v = concat(d.v, s.name)"
        " when matched then delete when not matched then insert values (s.id, coalesce(s.name, 'none'))", hints)
    run("update " + name + "_delta set v = concat(v, ds) from orders o where " + name + "_delta.id = o.id and o.id < 2", hints)
    run("create table " + name + "_days (id bigint, name string, tags array<string>, price decimal(10,2), at datetime) partitioned by (ds string)"
        " tblproperties ('transactional'='true')", hints)
    run("insert into " + name + "_days partition (ds) select id, name, tags, price, at, ds from orders where id < 3", hints)
    run("merge into " + name + "_days d using (select * from orders union all select * from orders where id = 3) s on d.id = s.id and d.ds = s.ds"
        " when matched and s.name is null then update set name = 'none' when not matched then insert values (s.id, s.name, s.tags, s.price, s.at, s.ds)", hints)
twice = "merge into {}_delta d using (select 1L as id from orders) s on d.id = s.id when matched then update set v = 'twice'"
out["twice"] = [refused(lambda: run(twice.format("plain"))), refused(lambda: run(twice.format("sparky"), spark))]
out["alike"] = [[one, read("select * from " + one), read("select * from " + other)] for one, other in [
    ("(select * from plain order by id) t", "(select * from sparky order by id) t"),
    ("(select * from plain_parts order by ds, k, id) t", "(select * from sparky_parts order by ds, k, id) t"),
    ("(select * from plain_delta order by id) t", "(select * from sparky_delta order by id) t"),
    ("(select * from plain_days order by ds, id) t", "(select * from sparky_days order by ds, id) t")]]
`;

/** Both have written the same, and refused the same. */
export const assertWritten = (out: Readonly<Record<string, unknown>>) => {
  assertSame(out["alike"]);
  // Spark's words do not leave its cell, only their kind.
  const [plain, sparky] = out["twice"] as readonly unknown[];
  assert.match(String(plain), /several rows of the source match one row of the target/);
  assert.match(String(sparky), /Invalid Input error while the statement ran/);
};

/** Both have read the same outside, and tell of what they could not read without its values. */
export const assertSameOutside = (out: Readonly<Record<string, unknown>>) => {
  const answers = out["outside"] as readonly [string, string, string][];
  assertSame(answers);
  assert.match(answers[0]?.[1] ?? "", /`name` \$x/);
  for (const refusal of out["bad"] as readonly unknown[]) {
    assert.match(String(refusal), /error while the statement ran/);
    assert.doesNotMatch(String(refusal), /a secret/);
  }
};
