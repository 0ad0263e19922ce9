import assert from "node:assert/strict";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import { GetObjectCommand, ListObjectsV2Command } from "@aws-sdk/client-s3";
import { startWorldWithBuckets } from "../support/buckets.ts";

test("PyODPS reads and writes objects of S3 as tables, as text and as Parquet", async (t) => {
  const { odps, root, s3, put } = await startWorldWithBuckets(t, ["sales"], ["lake"]);
  const keys = async (Prefix: string) => {
    const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: "lake", Prefix }));
    return Contents.map(({ Key = "" }) => Key);
  };
  const bodies = async (Prefix: string) =>
    Promise.all(
      (await keys(Prefix)).map(async (Key) => {
        const { Body } = await s3.send(new GetObjectCommand({ Bucket: "lake", Key }));
        return Buffer.from((await Body?.transformToByteArray()) ?? []);
      }),
    );
  await put("in/one.csv", 'id,name,at\n1,"a ""quoted"", name",2026-01-01 00:00:00\n2,\\N,\\N\n');
  await put("in/two.csv", "id,name,at\n3,c,2026-01-03 10:20:30\n");
  await put("in/", "");

  const out = await odps<Record<string, unknown>>(
    root,
    "sales",
    `
o.execute_sql("""create external table visits (id bigint, name string, at datetime)
  stored by 'com.aliyun.odps.CsvStorageHandler'
  with serdeproperties ('odps.text.option.header.lines.count'='1', 'odps.properties.rolearn'='acs:ram::1:role/x')
  location 'oss://oss-cn-hangzhou-internal.aliyuncs.com/lake/in/'""")
out["rows"] = rows("select id, name, cast(at as string) from visits order by id limit 10")
out["count"] = rows("select count(*) from visits where name is null")
o.execute_sql("create table own (id bigint, name string, price decimal(10,2), ok boolean)")
o.execute_sql("insert into own values (1, 'x,y', 1.50BD, true), (2, null, null, false)")
o.execute_sql("create table parted (id bigint) partitioned by (ds string)")
o.execute_sql("insert into parted partition (ds='a') values (1)")
o.execute_sql("insert into parted partition (ds='b') values (2)")
o.execute_sql("unload from (select * from own) into location 's3://lake/text/' stored by 'com.aliyun.odps.CsvStorageHandler'")
o.execute_sql("unload from (select id from own) into location 's3://lake/gzip' stored by 'com.aliyun.odps.TsvStorageHandler' with serdeproperties ('odps.text.option.gzip.output.enabled'='true')")
o.execute_sql("unload from parted partition (ds='b') into location 's3://lake/parquet/' stored as parquet")
o.execute_sql("create external table back (id bigint, ds string) stored as parquet location 's3://lake/parquet/'")
out["back"] = rows("select * from back")
o.execute_sql("insert into back values (7, 'n')")
out["more"] = rows("select id, ds from back order by id limit 10")
o.execute_sql("insert overwrite table back values (9, 'only')")
out["only"] = rows("select id, ds from back")
out["joined"] = rows("select v.id from visits v join own on v.id = own.id order by v.id limit 10")
table = o.get_table("visits")
out["external"] = [table.is_virtual_view, table.table_schema.names]
out["head"] = refused(lambda: list(table.head(1)))[1]
out["download"] = refused(lambda: list(table.open_reader()))[1]
out["format"] = refused(lambda: o.execute_sql("create external table x (a bigint) stored as orc location 's3://lake/x/'"))[1]
out["location"] = refused(lambda: o.execute_sql("create external table x (a bigint) stored as parquet location 's3://lake/../x/'"))[1]
out["file"] = refused(lambda: o.execute_sql("create external table x (a bigint) stored as parquet location 'file:///etc/'"))[1]
out["bucket"] = refused(lambda: o.execute_sql("create external table nowhere (a bigint) stored as parquet location 's3://no-such-bucket/x/'"))[1]
out["nowhere"] = o.exist_table("nowhere")
out["bad"] = refused(lambda: rows("select cast(name as bigint) + id from visits"))
out["header"] = [
    refused(lambda: o.execute_sql("insert into visits values (4, 'd', null)"))[1],
    refused(lambda: o.execute_sql("unload from own into location 's3://lake/in/' stored by 'com.aliyun.odps.CsvStorageHandler' with serdeproperties ('odps.text.option.header.lines.count'='1')"))[1],
]
def made_again(name):
    text = o.execute_sql(f"show create table {name}").open_reader(tunnel=False).raw
    o.execute_sql(f"drop table {name}")
    o.execute_sql(text.rstrip().rstrip(";"))
    return o.execute_sql(f"show create table {name}").open_reader(tunnel=False).raw == text
o.execute_sql("create external table zipped (id bigint) stored by 'com.aliyun.odps.TsvStorageHandler' with serdeproperties ('odps.text.option.gzip.input.enabled'='true', 'odps.text.option.null.indicator'='\\\\'') location 's3://lake/gzip/'")
out["again"] = [[made_again(name), rows(f"select count(*) from {name}")] for name in ["visits", "zipped", "back"]]
o.execute_sql("drop table visits")
out["missing bucket"] = refused(lambda: o.execute_sql("unload from own into location 's3://no-such-bucket/' stored as parquet"))[1]
`,
  );
  assert.deepEqual(out["rows"], [
    [1, 'a "quoted", name', "2026-01-01 00:00:00"],
    [2, null, null],
    [3, "c", "2026-01-03 10:20:30"],
  ]);
  assert.deepEqual(out["count"], [[1]]);
  assert.deepEqual(out["back"], [[2, "b"]]);
  assert.deepEqual(out["more"], [
    [2, "b"],
    [7, "n"],
  ]);
  assert.deepEqual(out["only"], [[9, "only"]]);
  assert.deepEqual(out["joined"], [[1], [2]]);
  assert.deepEqual(out["again"], [
    [true, [[3]]],
    [true, [[2]]],
    [true, [[1]]],
  ]);
  assert.deepEqual(out["external"], [false, ["id", "name", "at"]]);
  for (const key of ["head", "download"]) assert.match(String(out[key]), /run a query instead/);
  assert.match(String(out["format"]), /`orc` is not supported/);
  for (const key of ["location", "file"]) assert.match(String(out[key]), /location `.*` is none/);
  assert.match(String(out["bucket"]), /external table checking failure.*NoSuchBucket/);
  assert.equal(out["nowhere"], false);
  for (const said of out["header"] as string[]) assert.match(said, /are read and not written/);
  assert.match(String(out["missing bucket"]), /NoSuchBucket|does not exist/);
  const [text = Buffer.of()] = await bodies("text/");
  assert.equal(text.toString(), '1,"x,y",1.50,true\n2,\\N,\\N,false\n');
  const [gzip = Buffer.of()] = await bodies("gzip/");
  assert.equal(gunzipSync(gzip).toString(), "1\n2\n");
  assert.equal((await keys("parquet/")).length, 1);
  assert.equal((await keys("in/")).length, 3, "what is dropped is the table, not its objects");
});

test("PyODPS reads and writes lines of JSON as a table, and learns what of it is not built", async (t) => {
  const { odps, root, s3, put } = await startWorldWithBuckets(t, ["sales"], ["lake"]);
  const lines = [
    String.raw`{"UserId": 1, "name": "a \"q\" \n\u00e9", "price": 1.50, "ok": true, "at": "2026-01-01 00:00:00", "more": [1]}`,
    ...['{"userid": "2", "name": {"a": [1, "b"]}, "price": null}', "", "{}", "[1, 2]"],
  ];
  await put("in/ds=x/one.json", lines.join("\n"));
  await put("in/ds=y/two.json", '{"userid": 1234567890123456, "NAME": 7, "name": "own"}\n');
  await put("bad/one.json", '{"userid": 1}\n{"userid": "secret value}\n');
  await put("worse/one.json", '{"userid": "secret value"}\n');
  const out = await odps<Record<string, unknown>>(
    root,
    "sales",
    `
columns = "(userid bigint, name string, price decimal(10,2), ok boolean, at datetime) partitioned by (ds string)"
o.execute_sql("create external table lines %s row format serde 'org.apache.hive.hcatalog.data.JsonSerDe' stored as textfile location 's3://lake/in/'" % columns)
o.execute_sql("msck repair table lines add partitions")
out["rows"] = rows("select userid, name, cast(price as string), ok, cast(at as string) from lines where ds = 'x' order by userid limit 10")
out["other"] = rows("select userid, name, ds from lines where ds = 'y'")
out["count"] = rows("select ds, count(*) from lines group by ds order by ds limit 9", **{"odps.sql.allow.fullscan": "true"})
out["again"] = o.execute_sql("show create table lines").open_reader(tunnel=False).raw
def told(sql): return refused(lambda: o.execute_sql(sql))[1]
for name in ["bad", "worse"]:
    o.execute_sql("create external table %s (userid bigint) stored as json location 's3://lake/%s/'" % (name, name))
    out[name] = told("select userid from " + name)
o.execute_sql("create external table own (id bigint, name string, price decimal(10,2), d double, ok boolean, day date, at datetime, f float) stored as json location 's3://lake/own/'")
o.execute_sql("""insert into own values (1, 'a "q" \\n', 1.50BD, 0.1, true, date '2026-01-02', datetime '2026-01-02 03:04:05', cast('inf' as float)), (2, null, null, null, null, null, null, null)""")
out["own"] = rows("select id, name, cast(price as string), d, ok, cast(day as string), cast(at as string), cast(f as string) from own order by id limit 9")
o.execute_sql("insert overwrite table lines partition (ds) select 5, 'new', 2.5BD, false, null, 'z'")
out["parted"] = rows("select userid, name, ds from lines where ds = 'z'")
out["nested"] = told("unload from (select array(1) as a) into location 's3://lake/out/' stored as json")
def made(more): return told("create external table x (%s location 's3://lake/in/'" % more)
out["not made"] = [made("a array<binary>) stored as json"), made("a bigint) row format serde 'x.Y' stored as textfile"), made("a bigint) row format serde 'org.apache.hive.hcatalog.data.JsonSerDe' stored as parquet"), made("a bigint) stored as json tblproperties ('odps.text.option.delimiter'=',')")]
`,
  );
  assert.deepEqual(out["rows"], [
    ...[
      [null, null, null, null, null],
      [null, null, null, null, null],
    ],
    [1, 'a "q" \né', "1.5", true, "2026-01-01 00:00:00"],
    [2, '{"a":[1,"b"]}', null, null, null],
  ]);
  assert.deepEqual(out["other"], [[1234567890123456, "own", "y"]]);
  assert.deepEqual(out["count"], [
    ["x", 4],
    ["y", 1],
  ]);
  assert.match(String(out["again"]), /STORED AS JSON\nLOCATION/);
  for (const name of ["bad", "worse"]) {
    assert.match(String(out[name]), /error while the statement ran/);
    assert.doesNotMatch(String(out[name]), /secret/);
  }
  assert.deepEqual(out["own"], [
    [1, 'a "q" \n', "1.5", 0.1, true, "2026-01-02", "2026-01-02 03:04:05", "Infinity"],
    [2, null, null, null, null, null, null, null],
  ]);
  assert.deepEqual(out["parted"], [[5, "new", "z"]]);
  assert.match(String(out["nested"]), /column a of JSON outside cannot be of type array/);
  const { Contents = [] } = await s3.send(
    new ListObjectsV2Command({ Bucket: "lake", Prefix: "own/" }),
  );
  const { Body } = await s3.send(
    new GetObjectCommand({ Bucket: "lake", Key: Contents[0]?.Key ?? "" }),
  );
  const [first, second] = (await Body?.transformToString())?.split("\n") ?? [];
  assert.match(Contents[0]?.Key ?? "", /\.json$/);
  const written =
    '{"id":1,"name":"a \\"q\\" \\n","price":1.5,"d":0.1,"ok":true,"day":"2026-01-02",';
  assert.equal(first, `${written}"at":"2026-01-02 03:04:05","f":"inf"}`);
  assert.match(second ?? "", /^{"id":2,"name":null,/);
  const [type, serde, other, property] = out["not made"] as string[];
  assert.match(String(type), /column a of JSON outside cannot be of type binary/);
  assert.match(String(serde), /the serde `x.y` is not supported/);
  assert.match(String(other), /is of another format/);
  assert.match(String(property), /odps.text.option.delimiter` is not supported/);
});
