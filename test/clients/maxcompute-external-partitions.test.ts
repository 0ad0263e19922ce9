import assert from "node:assert/strict";
import { test } from "node:test";
import { GetObjectCommand, ListObjectsV2Command } from "@aws-sdk/client-s3";
import { startWorldWithBuckets } from "../support/buckets.ts";

test("PyODPS reads and writes partitions of external tables, in the folders of Hive", async (t) => {
  const { odps, root, s3, put } = await startWorldWithBuckets(t, ["sales"], ["lake", "other"]);
  const bodies = async (Prefix: string, Bucket = "lake") => {
    const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket, Prefix }));
    const read = Contents.map(async ({ Key = "" }) => {
      const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
      return [Key.slice(0, Key.lastIndexOf("/") + 1), await Body?.transformToString()];
    });
    return Object.fromEntries(await Promise.all(read)) as Record<string, string>;
  };
  await put("t/ds=20260101/region=a%2Fb/one.csv", "1,x\n2,y\n");
  await put("t/ds=20260102/region=c/one.csv", "3,z\n");
  await put("t/ds=20260102/_SUCCESS", "no rows");
  await put("t/notes/readme.csv", "not,rows,at,all\n");
  await put("elsewhere/one.csv", "9,w\n", "other");

  const out = await odps<Record<string, unknown>>(
    root,
    "sales",
    `
csv = "stored by 'com.aliyun.odps.CsvStorageHandler'"
o.execute_sql(f"create external table t (id bigint, name string) partitioned by (ds string, region string) {csv} location 's3://lake/t/'")
out["before"] = o.execute_sql("show partitions t").get_task_result()
o.execute_sql("msck repair table t add partitions")
o.execute_sql("msck repair table t add partitions")
out["repaired"] = sorted(str(p.partition_spec) for p in o.get_table("t").partitions)
out["shown"] = o.execute_sql("show partitions t").get_task_result().split("\\n")
out["full scan"] = refused(lambda: rows("select count(*) from t"))[1]
out["all"] = rows("select * from t order by id limit 10", **{"odps.sql.allow.fullscan": "true"})
out["one"] = rows("select id, region from t where ds='20260101' order by id limit 10")
out["counted"] = rows("select count(*) from t where ds in ('20260102', '20260103')")
out["greatest"] = rows("select count(*), max(ds) from t where ds = max_pt('t')")
o.execute_sql("alter table t add partition (ds='20260103', region='e') location 's3://other/elsewhere/'")
out["no bucket"] = refused(lambda: o.execute_sql("alter table t add partition (ds='1', region='f') location 's3://other/f/' partition (ds='1', region='g') location 's3://no-such-bucket/x/'"))[1]
out["elsewhere"] = rows("select * from t where ds > '20260102'")
o.execute_sql("insert into t partition (ds='20260103', region='e') values (10, 'in the other bucket')")
o.execute_sql("insert into t partition (ds='20260104', region='..') values (11, 'dots')")
o.execute_sql("insert into t partition (ds='20260104', region='../../x%2e=y') values (12, 'up')")
o.execute_sql("insert into t partition (ds, region) select id + 100, name, '20260105', concat(name, '/') from t where ds='20260101'")
out["hostile"] = rows("select id, region from t where ds='20260104' order by id limit 10")
out["dynamic"] = rows("select id, region from t where ds='20260105' order by id limit 10")
o.execute_sql("insert overwrite table t partition (ds='20260105', region='x/') values (7, 'only')")
o.execute_sql("insert into t partition (ds='20260105', region='x/') if not exists values (8, 'not')")
o.execute_sql("insert overwrite table t partition (ds, region) select 6, 'new', '20260105', 'y/' from (select 1 as a) s")
out["over"] = rows("select id, name, region from t where ds='20260105' order by id limit 10")
o.execute_sql("alter table t drop partition (ds='20260101', region='a/b')")
out["dropped"] = rows("select count(*) from t where ds='20260101'")
out["null"] = refused(lambda: o.execute_sql("insert into t partition (ds, region) select 1, 'a', 'b', cast(null as string) from (select 1 as a) s"))[1]
out["empty"] = refused(lambda: o.execute_sql("insert into t partition (ds='', region='x') values (1, 'a')"))[1]
out["long"] = refused(lambda: o.execute_sql(f"alter table t add partition (ds='{'x' * 300}', region='x')"))[1]
out["no external"] = refused(lambda: (o.execute_sql("create table own (a bigint) partitioned by (ds string)"), o.execute_sql("msck repair table own add partitions")))[1]
out["no place"] = refused(lambda: o.execute_sql("alter table own add partition (ds='a') location 's3://lake/x/'"))[1]
o.execute_sql("create external table p (id bigint, price decimal(10,2)) partitioned by (n bigint) stored as parquet location 's3://lake/p/'")
o.execute_sql("insert into p partition (n) select id, 1.5BD, id from t where ds >= '20260104' and region <> 'none'")
out["parquet"] = rows("select * from p where n between 11 and 12 order by id limit 10")
`,
  );
  assert.equal(out["before"], "");
  const found = ["ds='20260101',region='a/b'", "ds='20260102',region='c'"];
  assert.deepEqual(out["repaired"], found);
  assert.deepEqual(out["shown"], ["ds=20260101/region=a/b", "ds=20260102/region=c"]);
  assert.match(String(out["full scan"]), /is full scan with all partitions/);
  assert.deepEqual(out["all"], [
    [1, "x", "20260101", "a/b"],
    [2, "y", "20260101", "a/b"],
    [3, "z", "20260102", "c"],
  ]);
  assert.deepEqual(out["one"], [
    [1, "a/b"],
    [2, "a/b"],
  ]);
  assert.deepEqual(out["counted"], [[1]]);
  assert.deepEqual(out["greatest"], [[1, "20260102"]]);
  assert.match(String(out["no bucket"]), /external table checking failure.*NoSuchBucket/);
  assert.deepEqual(out["elsewhere"], [[9, "w", "20260103", "e"]]);
  assert.deepEqual(out["hostile"], [
    [11, ".."],
    [12, "../../x%2e=y"],
  ]);
  assert.deepEqual(out["dynamic"], [
    [101, "x/"],
    [102, "y/"],
  ]);
  assert.deepEqual(out["over"], [
    [6, "new", "y/"],
    [7, "only", "x/"],
  ]);
  assert.deepEqual(out["dropped"], [[0]]);
  assert.match(String(out["null"]), /invalid dynamic partition value/);
  assert.match(String(out["empty"]), /the value of partition column ds is empty/);
  assert.match(String(out["long"]), /is too long/);
  assert.match(String(out["no external"]), /not a partitioned external table/);
  assert.match(String(out["no place"]), /LOCATION of a partition is not supported/);
  assert.deepEqual(
    out["parquet"],
    [
      [11, "1.50", "11"],
      [12, "1.50", "12"],
    ].map(([id, price, n]) => [Number(id), price, Number(n)]),
  );

  assert.deepEqual(await bodies("elsewhere/", "other").then((all) => Object.keys(all)), [
    "elsewhere/",
  ]);
  const written = await bodies("t/ds=2026010");
  assert.equal(written["t/ds=20260104/region=../"], "11,dots\n");
  assert.equal(written["t/ds=20260104/region=..%2F..%2Fx%252e%3Dy/"], "12,up\n");
  assert.equal(written["t/ds=20260105/region=x%2F/"], "7,only\n");
  assert.equal(
    written["t/ds=20260101/region=a%2Fb/"],
    "1,x\n2,y\n",
    "objects outlive their partition",
  );
  assert.equal(written["t/ds=20260103/region=e/"], undefined);
});
