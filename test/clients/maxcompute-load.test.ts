import assert from "node:assert/strict";
import { test } from "node:test";
import { startWorldWithBuckets } from "../support/buckets.ts";

test("PyODPS loads objects of S3 into tables and partitions, in each form, as external tables read them", async (t) => {
  const { odps, root, put } = await startWorldWithBuckets(t, ["sales"], ["lake"]);
  await put(
    "in/one.csv",
    'id,name,at,price\n1,"a ""quoted"", name",2026-01-01 00:00:00,1.50\n2,\\N,\\N,\\N\n',
  );
  await put("in/two.csv", "id,name,at,price\n3,c\n");
  await put("days/ds=20260101/region=a%2Fb/one.csv", "1,x\n2,y\n");
  await put("days/ds=20260102/region=c/one.csv", "3,z\n");
  await put("days/notes/readme.csv", "not,rows,at,all\n");
  await put("lines/one.json", '{"ID": 5, "tags": ["a", null], "more": 1}\n{"id": "6"}\n');
  await put("moments/one.csv", "1,2026-01-02 03:04:05\n2,2026-02-02 00:00:00\n");
  const out = await odps<Record<string, unknown>>(
    root,
    "sales",
    `
csv = "stored by 'com.aliyun.odps.CsvStorageHandler'"
serde = "row format serde 'org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe' with serdeproperties ('odps.properties.rolearn'='acs:ram::1:role/x') stored as parquet"
def run(sql): return o.execute_sql(sql)
shape = "(id bigint, name string, at datetime, price decimal(10,2))"
header = csv + " with serdeproperties ('odps.text.option.header.lines.count'='1', 'odps.properties.rolearn'='acs:ram::1:role/x')"
place = "from location 'oss://oss-cn-hangzhou-internal.aliyuncs.com/lake/in/' " + header
for name in ["loaded", "inserted"]: run(f"create table {name} {shape}")
run(f"create external table outside {shape} {header} location 's3://lake/in/'")
run("insert into inserted select * from outside")
run("insert into loaded values (0, 'before', null, null)")
run("LOAD INTO TABLE loaded " + place)
out["added"] = rows("select id, name from loaded order by id limit 9")
run("load overwrite table loaded " + place)
out["same"] = [rows(f"select id, name, cast(at as string), cast(price as string) from {name} order by id limit 9") for name in ("loaded", "inserted")]
out["history"] = [line.split("\\t")[2::3] for line in run("show history for table loaded").open_reader(tunnel=False).raw.splitlines()]

run("create table days (id bigint, name string) partitioned by (ds string, region string)")
run("insert into days partition (ds='20260102', region='c') values (9, 'gone')")
run("insert into days partition (ds='20260103', region='d') values (4, 'stays')")
run(f"load overwrite table days from location 's3://lake/days/' {csv}")
out["folders"] = rows("select * from days where ds > '' order by id limit 9")
run(f"load into table days partition (ds='20260104', region) from location 's3://lake/days/ds=20260101/' {csv}")
run(f"load into table sales.days partition (ds='20260105', region='e') from location 's3://lake/days/ds=20260102/region=c/' {csv}")
out["told"] = rows("select * from days where ds > '20260103' order by ds, id limit 9")

run("unload from (select id, name from days where ds='20260101') into location 's3://lake/out/' stored as parquet")
run("create table exact (name string, id bigint not null)")
run("load into table exact from location 's3://lake/out/' " + serde)
out["parquet"] = rows("select * from exact order by id limit 9")
run("create table lines (id bigint, tags array<string>)")
run("load into table lines from location 's3://lake/lines/' stored as json")
out["json"] = rows("select * from lines order by id limit 9")
run("create table moments (id bigint, at datetime) auto partitioned by (trunc_time(at, 'month') as m)")
run(f"load into table moments from location 's3://lake/moments/' {csv}")
out["moments"] = rows("select id, m from moments where m > '' order by id limit 9")
run("create table delta (id bigint not null primary key, name string) tblproperties ('transactional'='true')")
run(f"load into table delta from location 's3://lake/days/ds=20260102/' {csv}")
out["delta"] = rows("select * from delta")
run("create table emptied (id bigint)")
run("insert into emptied values (1)")
run("load overwrite table emptied from location 's3://lake/nothing/' stored as parquet")
out["empty"] = rows("select * from emptied")
out["plan"] = run("explain " + "load into table loaded " + place).open_reader(tunnel=False).raw
out["cost"] = refused(lambda: o.execute_sql_cost("load into table loaded " + place))
out["refused"] = [refused(lambda: run(sql))[1] for sql in [
    "load into table loaded from location 's3://lake/in/' stored as orc",
    f"load into table outside from location 's3://lake/in/' {csv}",
    f"load into table nowhere from location 's3://lake/in/' {csv}",
    f"load into table loaded partition (ds='a') from location 's3://lake/in/' {csv}",
    f"load into loaded from location 's3://lake/in/' {csv}",
    f"load into table loaded from location 's3://lake/in/' {csv}",
    f"load into table delta from location 's3://lake/moments/' {csv} with serdeproperties ('odps.text.option.delimiter'=';')",
]]
`,
  );
  const rows = [
    [1, 'a "quoted", name', "2026-01-01 00:00:00", "1.5"],
    [2, null, null, null],
    [3, "c", null, null],
  ];
  assert.deepEqual(out["same"], [rows, rows]);
  assert.deepEqual(out["added"], [[0, "before"], ...rows.map((row) => row.slice(0, 2))]);
  assert.deepEqual(out["folders"], [
    [1, "x", "20260101", "a/b"],
    [2, "y", "20260101", "a/b"],
    [3, "z", "20260102", "c"],
    [4, "stays", "20260103", "d"],
  ]);
  assert.deepEqual(out["told"], [
    [1, "x", "20260104", "a/b"],
    [2, "y", "20260104", "a/b"],
    [3, "z", "20260105", "e"],
  ]);
  assert.deepEqual(out["parquet"], [
    ["x", 1],
    ["y", 2],
  ]);
  assert.deepEqual(out["json"], [
    [5, ["a", null]],
    [6, null],
  ]);
  assert.deepEqual(out["delta"], [[3, "z"]]);
  assert.deepEqual(out["empty"], []);
  assert.deepEqual((out["history"] as unknown[]).slice(1), [
    ["INSERT OVERWRITE", "3"],
    ["INSERT", "4"],
    ["INSERT", "1"],
  ]);
  assert.deepEqual(out["moments"], [
    [1, "2026-01"],
    [2, "2026-02"],
  ]);
  assert.match(
    String(out["plan"]),
    /^read {3}s3:\/\/lake\/in\/\nwrite {2}sales.loaded \(into\)\nengine duckdb\n/,
  );
  assert.match(String(out["cost"]), /- s3:\/\/lake\/in\/ lies outside: there is no estimate/);
  const whys = [
    /`orc` is not supported/,
    /sales.outside is external: LOAD is for tables alone/,
    /nowhere cannot be resolved/,
    /ds is not a partition column of sales.loaded/,
    /invalid token 'loaded', expect "TABLE"/,
    /Conversion error while the statement ran/,
    /Conversion error while the statement ran/,
  ];
  for (const [at, told] of (out["refused"] as string[]).entries()) {
    assert.match(told, whys[at] ?? /^$/);
  }
});
