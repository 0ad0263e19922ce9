/**
 * What lies outside of the warehouse is on Spark what it is on DuckDB: objects are read as who runs the statement and as
 * who has set their location; where they may not go they do not go, in a cell or on a cluster; and what was copied for
 * one statement is nobody's, and gone with it.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { CreateKeyCommand, DisableKeyCommand, KMSClient } from "@aws-sdk/client-kms";
import { PutObjectCommand } from "@aws-sdk/client-s3";
import { addBuckets, startWorldWithBuckets } from "../support/buckets.ts";
import { filesBelow } from "../support/files-below.ts";
import { begin, commit, part, piece, startHostileWorld } from "../support/hostile-world.ts";
import { until } from "../support/until.ts";
import { volumesOf } from "../support/volumes.ts";
import { commands, member, type World } from "../support/warehouse.ts";

const csv = "stored by 'com.aliyun.odps.CsvStorageHandler'";

/** Lets a user of IAM do something everywhere in some buckets. */
async function may(
  { running, account }: World,
  name: string,
  Action: readonly string[],
  ...buckets: readonly string[]
): Promise<void> {
  const { users, policiesOf } = running.bondstore.opened.parts.directory.inAccount(account);
  const record = users.find(name);
  assert.ok(record);
  const Resource = buckets.flatMap((one) => [`arn:aws:s3:::${one}`, `arn:aws:s3:::${one}/*`]);
  const Statement = [{ Effect: "Allow", Action, Resource }];
  await policiesOf.user.putInline(
    record,
    "reads",
    JSON.stringify({ Version: "2012-10-17", Statement }),
  );
}

const blobsOf = ({ running }: Pick<World, "running">): number =>
  filesBelow(join(running.data, "store", "blobs")).length;

test("Spark reads objects as who asks and as who has set their location, and nowhere that they may not go", async (t) => {
  const world = await startWorldWithBuckets(t, ["sales", "vault"], ["open", "secret", "guarded"]);
  const { asRoot, odps, user, account, running, root, s3, put } = world;
  await put("d/ds=a/a.csv", "1\n");
  await put("d/ds=b/b.csv", "2\n");
  for (const bucket of ["secret", "guarded"]) await put("d/a.csv", "666\n", bucket);
  const [alice, mallory] = [await user("alice"), await user("mallory")];
  await may(world, "alice", ["s3:*"], "open", "secret");
  await may(world, "mallory", ["s3:*"], "open");
  const kms = new KMSClient(running.client(root));
  t.after(() => kms.destroy());
  const { KeyMetadata: { Arn: key = "" } = {} } = await kms.send(new CreateKeyCommand({}));
  const sealed = { ServerSideEncryption: "aws:kms", SSEKMSKeyId: key } as const;
  await s3.send(
    new PutObjectCommand({ Bucket: "open", Key: "sealed/a.csv", Body: "7\n", ...sealed }),
  );
  const all = ["x", "hidden"].map((name) => `All on table ${name}`);
  await asRoot(`
def outside(name, place, o=o): o.execute_sql("create external table " + name + " (a bigint) ${csv} location 's3://" + place + "/'")
o.execute_sql("create external table x (a bigint) partitioned by (ds string) ${csv} location 's3://open/d/'")
o.execute_sql("msck repair table x add partitions")
outside("hidden", "secret/d")
outside("stray", "guarded/d")
outside("sealed", "open/sealed")
v = entry("vault")
outside("kept", "guarded/d", v)
v.execute_sql("create table own (a bigint)")
o.project = "vault"
${commands("add bucket guarded", "set ProjectProtection=true")}
o.project = "sales"
${member(`RAM$${account}:alice`, ...all)}
${member(`RAM$${account}:mallory`, ...all, "Select on table information_schema.tables")}
`);
  const asked = `
spark = {"hive.execution.engine": "spark", "odps.sql.allow.fullscan": "true"}
def on_spark(sql): return rows(sql, **spark)
def told(sql): return refused(lambda: on_spark(sql))
def done(sql): return refused(lambda: o.execute_sql(sql, hints=spark))
`;
  const byMallory = await odps(
    mallory,
    "sales",
    `${asked}
out["hers"] = on_spark("select a from x where ds = 'a'")
out["refused"] = [told("select a from hidden"), told("select count(*) from hidden"), done("create table stolen as select a from hidden"),
    done("insert into x partition (ds='c') select a from hidden"), told("select x.a from x left join hidden h on x.a = h.a")]
out["catalog"] = on_spark("select table_name from information_schema.tables where table_name in ('hidden', 'x', 'sealed') limit 9")
out["set"] = done("create external table mine (a bigint) ${csv} location 's3://secret/d/'")
`,
  );
  assert.deepEqual(byMallory["hers"], [[1]]);
  for (const each of byMallory["refused"] as unknown[]) {
    assert.match(String(each), /mallory is not authorized to perform: s3:ListBucket/);
  }
  assert.deepEqual((byMallory["catalog"] as unknown[]).map(String).sort(), ["hidden", "x"]);
  assert.equal(byMallory["set"], null);
  await asRoot(`o.run_security_query("grant All on table mine to user RAM$${account}:alice")`);
  const byAlice = await odps(
    alice,
    "sales",
    `${asked}
out["hers"] = on_spark("select a from hidden")
out["set"] = [told("select a from mine"), done("unload from (select a from mine) into location 's3://open/stolen/' stored as parquet")]
`,
  );
  assert.deepEqual(byAlice["hers"], [[666]]);
  for (const each of byAlice["set"] as unknown[]) {
    assert.match(String(each), /mallory is not authorized to perform: s3:.*set this location/);
  }
  // Who may list objects and not read them: it is judged where each is read.
  await may(world, "mallory", ["s3:ListBucket"], "secret", "open");
  const listed = await odps(mallory, "sales", `${asked}out["told"] = told("select a from hidden")`);
  assert.match(String(listed["told"]), /mallory is not authorized to perform: s3:GetObject/);

  const byRoot = await asRoot(`${asked}
v = entry("vault")
out["own"] = rows("select a from kept", v, **spark)
sql = "select a from vault.kept"
out["read"] = [told(sql), refused(lambda: rows(sql))]
out["leaves"] = [told("select a from stray"), done("create table stolen as select a from vault.kept"),
    refused(lambda: v.execute_sql("unload from kept into location 's3://open/stolen/' stored as parquet", hints=spark))]
out["sealed"] = on_spark("select a from sealed")
`);
  assert.deepEqual(byRoot["own"], [[666]]);
  const [spark, duckDb] = byRoot["read"] as unknown[];
  assert.deepEqual(spark, duckDb);
  for (const each of byRoot["leaves"] as unknown[]) assert.match(String(each), /is protected/);
  assert.deepEqual(byRoot["sealed"], [[7]]);
  await kms.send(new DisableKeyCommand({ KeyId: key }));
  const disabled = await asRoot(`${asked}out["told"] = told("select a from sealed")`);
  assert.match(String(disabled["told"]), /Disabled/);
  const inCells = volumesOf(running.data).flatMap(filesBelow);
  assert.ok(inCells.some((name) => name.includes("/data/")));
  await until("what was copied to go", async () =>
    volumesOf(running.data)
      .flatMap(filesBelow)
      .every((name) => !/\/data\/[txi]\//.test(name)),
  );
});

test("a cluster gets objects only where their rows may go, as files of one statement that are nobody's", async (t) => {
  const world = await startHostileWorld(t, "ledger", "other");
  const { asRoot, cluster, running } = world;
  const { put } = await addBuckets(t, world, ["lake", "guarded"]);
  // A file of its own, when it is sealed.
  const many = Array.from({ length: 30_000 }, (_, at) => `${(at * 7919 * 7919) % 1_000_003}\n`);
  await put("d/a.csv", many.join(""));
  await put("d/a.csv", "666\n", "guarded");
  await asRoot(`${begin}
for place, name in [("lake", "x"), ("guarded", "stray"), ("lake", "plain")]:
    run("create external table " + name + " (a bigint) ${csv} location 's3://" + place + "/d/'")
entry("other").execute_sql("create external table theirs (a bigint) ${csv} location 's3://lake/d/'")
o.project = "other"
${commands("add bucket guarded", "set ProjectProtection=true")}
o.project = "ledger"
`);
  const refusedThere = await asRoot(`${begin}
out["asked"] = refused(lambda: read("select a from x", {**spark, "odps.spark.cluster": "true"}))
allow("ledger")
out["other"] = refused(lambda: read("select a from other.theirs"))
allow("other")
out["protected"] = refused(lambda: read("select a from other.theirs"))
out["bucket"] = refused(lambda: read("select a from stray"))
`);
  assert.match(String(refusedThere["asked"]), /the owner of the project ledger has not set/);
  assert.match(String(refusedThere["other"]), /the owner of the project other has not set/);
  for (const name of ["protected", "bucket"]) {
    assert.match(String(refusedThere[name]), /is protected/, name);
  }

  const before = blobsOf(world);
  const ask = `${begin}out["told"] = refused(lambda: out.update(rows=read("select a from x where a > 0")))`;
  const asked = asRoot(ask);
  const door = await cluster.asked();
  assert.deepEqual(await cluster.ask(piece), { bytes: 4 });
  assert.equal(blobsOf(world), before + 1);
  assert.match(
    (await cluster.ask({ ...piece, query: { ...piece.query, sparkfile: "1" } })).refused ?? "",
    /reads no such file/,
  );
  await cluster.ask({ ...part("00000-1"), rows: { c0: [1, 2] } });
  await cluster.ask(commit("00000-1"));
  cluster.say("end");
  assert.deepEqual((await asked)["rows"], [[1], [2]]);
  assert.match(
    (await cluster.late({ ...piece, as: door })).refused ?? "",
    /not known or not active/,
  );
  await until("its files to go", async () => blobsOf(world) === before);

  // Of the warehouse's own tables it gets no partition that is not asked for.
  const parted = asRoot(`${begin}
run("create table days (n bigint) partitioned by (ds string)")
for ds in ["a", "b"]: run("insert into days partition (ds='" + ds + "') values (1)")
out["told"] = refused(lambda: read("select n from days where ds = 'b'"))`);
  await cluster.asked();
  assert.deepEqual(await cluster.ask(piece), { bytes: 4 });
  const second = { ...piece, query: { ...piece.query, sparkfile: "1" } };
  assert.match((await cluster.ask(second)).refused ?? "", /reads no such file/);
  cluster.say("end");
  assert.notEqual((await parted)["told"], null);

  // What was allowed when the statement began may not be when its rows go.
  const taken: readonly (readonly [change: string, why: RegExp])[] = [
    [`allow("ledger", "false")`, /has not set odps.spark.cluster/],
    [`o.execute_sql("drop table x")`, /ledger.x, which these rows are from, is not there any more/],
  ];
  for (const [change, why] of taken) {
    const script = asRoot(ask);
    await cluster.asked();
    await asRoot(`${begin}${change}`);
    const { refused } = await cluster.ask(piece);
    assert.match(refused ?? "", why, change);
    cluster.say("end");
    assert.notEqual((await script)["told"], null);
    await asRoot(`${begin}allow("ledger")`);
  }
  await until("its files to go", async () => blobsOf(world) === before);
  const events = await running.bondstore.opened.trail.find({ account: world.account, limit: 500 });
  const went = events.filter(({ event }) => event.eventName === "ReadClusterFile");
  assert.ok(went.some(({ event }) => event.errorCode === undefined));
  assert.ok(went.some(({ event }) => event.errorCode !== undefined));
});
