/**
 * LOAD is an INSERT of what lies at a location: objects are read as who runs it, and as far as they may go; the table is
 * written as any INSERT writes it; and what cannot be read leaves it as it was.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { CreateKeyCommand, DisableKeyCommand, KMSClient } from "@aws-sdk/client-kms";
import { PutObjectCommand } from "@aws-sdk/client-s3";
import { addBuckets, startWorldWithStranger } from "../support/buckets.ts";
import { csv, startPair } from "../support/external-locations.ts";
import { begin, startHostileWorld } from "../support/hostile-world.ts";
import { member } from "../support/warehouse.ts";

const load = (from: string, into = "taken", form = csv) =>
  `load overwrite table ${into} from location '${from}' ${form}`;

/** Tries statements, each by its own text: what was refused, and how. */
const tried = (...texts: readonly string[]) =>
  texts.map((text) => `out[${JSON.stringify(text)}] = sql(${JSON.stringify(text)})`).join("\n");

test("LOAD takes S3's leave, the key's and Update on the table of who runs it, and no role that it names", async (t) => {
  const { as, may, odps, user, account, running, root, s3, put, asRoot } = await startPair(t);
  const bob = await user("bob");
  const { users, policiesOf } = running.bondstore.opened.parts.directory.inAccount(account);
  const kms = new KMSClient(running.client(root));
  t.after(() => kms.destroy());
  const { KeyMetadata: { Arn: key = "" } = {} } = await kms.send(new CreateKeyCommand({}));
  const sealed = { ServerSideEncryption: "aws:kms", SSEKMSKeyId: key } as const;
  await s3.send(
    new PutObjectCommand({ Bucket: "open", Key: "sealed/a.csv", Body: "7\n", ...sealed }),
  );
  await put("torn/a.csv", "1\n");
  await put("torn/b.csv", "2\nno number\n");
  await put("up/ds=..%2F..%2Fd/a.csv", "8\n");
  await asRoot(`
o.execute_sql("insert into taken values (42)")
for name in ["parted", "hers"]: o.execute_sql(f"create table {name} (a bigint) partitioned by (ds string)")
o.run_security_query("grant Update on table hers to user RAM$${account}:alice")
${member(`RAM$${account}:bob`, "Select, Describe on table taken")}
`);
  const taken = async () => (await asRoot(`out["taken"] = rows("select a from taken")`))["taken"];

  const role = "with serdeproperties ('odps.properties.rolearn'='acs:ram::1:role/all')";
  const notHers = [
    load("s3://secret/d/"),
    load("oss://oss-cn-hangzhou-internal.aliyuncs.com/secret/d/"),
    load("s3://secret/d/", "taken", `${csv} ${role}`),
    load("s3://secret/d/", "taken", "stored as parquet"),
    "load into table taken from location 's3://secret/d/' stored as json",
  ];
  for (const [way, told] of Object.entries(await as("mallory", tried(...notHers)))) {
    assert.match(String(told), /mallory is not authorized to perform: s3:ListBucket/, way);
  }
  const keyless = await as("mallory", tried(load("s3://open/sealed/")));
  assert.match(String(Object.values(keyless)[0]), /mallory is not authorized.*kms:Decrypt/);
  const noPlaces = [
    ...["s3://open/../secret/d/", "s3://open/d/../../secret/", "file:///etc/", "s3://../", "d/"],
  ].map((place) => load(place));
  for (const [way, told] of Object.entries(await as("alice", tried(...noPlaces)))) {
    assert.match(String(told), /the location `.*` is none/, way);
  }
  const record = users.find("bob");
  assert.ok(record);
  const Statement = [{ Effect: "Allow", Action: "s3:*", Resource: "*" }];
  const policy = JSON.stringify({ Version: "2012-10-17", Statement });
  await policiesOf.user.putInline(record, "reads", policy);
  const byBob = await odps(
    bob,
    "sales",
    `out["told"] = refused(lambda: o.execute_sql("${load("s3://open/d/")}"))`,
  );
  assert.match(String(byBob["told"]), /NO privilege .odps:Update. on/);

  const torn = [load("s3://open/torn/"), load("s3://no-such-bucket/d/")];
  const [malformed, missing] = Object.values(await as("alice", tried(...torn)));
  assert.match(String(malformed), /error while the statement ran/);
  assert.doesNotMatch(String(malformed), /no number/);
  assert.match(String(missing), /NoSuchBucket|does not exist/);
  assert.deepEqual(await taken(), [[42]]);
  // Who may not list finds no folders either, and the name of one leads to no other place.
  await may("alice", "open");
  const folders = await as("alice", tried(load("s3://secret/", "hers")));
  assert.match(String(Object.values(folders)[0]), /alice is not authorized to perform: s3:List/);
  const inFolders = await asRoot(`
o.execute_sql("${load("s3://open/up/", "parted")}")
out["rows"] = rows("select a, ds from parted where ds > ''")
`);
  assert.deepEqual(inFolders["rows"], [[8, "../../d"]]);

  const rootLoads = `out["told"] = refused(lambda: o.execute_sql("${load("s3://open/sealed/")}"))`;
  assert.equal((await asRoot(rootLoads))["told"], null);
  assert.deepEqual(await taken(), [[7]]);
  await kms.send(new DisableKeyCommand({ KeyId: key }));
  assert.match(String((await asRoot(rootLoads))["told"]), /Disabled/);
  assert.deepEqual(await taken(), [[7]]);

  const byToken = await asRoot(`
from odps import accounts
policy = {"Version": "1", "Statement": [{"Effect": "Allow", "Action": ["odps:*"], "Resource": "acs:odps:*:*"}]}
token = o.get_project().generate_auth_token(policy, "bearer", 1)
bearer = ODPS(account=accounts.BearerTokenAccount(token, expired_hours=None), project="sales", endpoint=o.endpoint)
out["goes"] = refused(lambda: bearer.execute_sql("insert into taken values (1)"))
out["told"] = refused(lambda: bearer.execute_sql("${load("s3://open/d/")}"))
`);
  assert.equal(byToken["goes"], null);
  assert.match(String(byToken["told"]), /bearer token reaches no location/);
});

test("by LOAD objects come into a protected project, and go nowhere else out of its buckets", async (t) => {
  const world = await startWorldWithStranger(t, ["vault", "plain"], ["guarded", "outside"]);
  const { odps, root, put, theirs } = world;
  for (const key of ["d/a.csv", "d/ds=a/a.csv"]) await put(key, "666\n");
  await put("d/a.csv", "1\n", "outside");
  await theirs.send(new PutObjectCommand({ Bucket: "theirs", Key: "d/a.csv", Body: "2\n" }));
  const out = await odps<Record<string, unknown>>(
    root,
    "vault",
    `
p = entry("plain")
def sql(text, o=o, hints=None): return refused(lambda: o.execute_sql(text, hints=hints))
def load(where, into, o=o, hints=None):
    return sql(f"load into table {into} from location 's3://{where}/d/' ${csv}", o, hints)
for one in [o, p]:
    one.execute_sql("create table t (a bigint)")
    one.execute_sql("create table parts (a bigint) partitioned by (ds string)")
    one.execute_sql("create external table sink (a bigint) ${csv} location 's3://outside/sink/'")
o.execute_sql("insert into t values (0)")
o.run_security_query("add bucket guarded")
o.run_security_query("set ProjectProtection=true")
spark = {"hive.execution.engine": "spark"}
out["kept"] = {
    "by a job outside": load("guarded", "t", p),
    "by a job inside": load("guarded", "plain.t"),
    "into a partition": load("guarded", "parts partition (ds='a')", p),
    "into folders": load("guarded", "parts", p),
    "on Spark": load("guarded", "t", p, spark),
}
out["into objects"] = [load("guarded", "sink"), load("guarded", "vault.sink", p), load("outside", "sink", p)]
out["after a condition"] = sql("if ((select count(*) from t) > 0) begin load into table t from location 's3://outside/d/' ${csv}; end")
out["stranger's"] = [load("theirs", "t"), load("theirs", "t", p)]
out["rows outside"] = [rows("select * from t", p), rows("select * from parts where ds > ''", p)]
out["comes in"] = [load("outside", "t"), load("guarded", "t"), load("guarded", "vault.t", p), load("outside", "vault.t", p)]
`,
  );
  for (const [way, told] of Object.entries(out["kept"] as Record<string, unknown>)) {
    assert.match(String(told), /is protected/, way);
  }
  for (const told of out["into objects"] as unknown[]) {
    assert.match(String(told), /is external: LOAD is for tables alone/);
  }
  assert.match(String(out["after a condition"]), /only statements of rows/);
  for (const told of out["stranger's"] as unknown[]) assert.notEqual(told, null);
  assert.deepEqual(out["rows outside"], [[], []]);
  assert.deepEqual(out["comes in"], [null, null, null, null]);
});

test("what LOAD reads goes to no Spark cluster", async (t) => {
  const world = await startHostileWorld(t, "ledger");
  const { put } = await addBuckets(t, world, ["lake"]);
  await put("d/a.csv", "1\n");
  const out = await world.asRoot(`${begin}
allow("ledger")
run("create table t (a bigint)")
text = "${load("s3://lake/d/", "t")}"
out["cluster"] = refused(lambda: run(text, {**spark, "odps.spark.cluster": "true"}))
out["before"] = rows("select a from t")
out["here"] = refused(lambda: run(text))
out["rows"] = rows("select a from t")
`);
  assert.match(String(out["cluster"]), /LOAD on a cluster is not built for Spark/);
  assert.deepEqual(out["before"], []);
  assert.equal(out["here"], null);
  assert.deepEqual(out["rows"], [[1]]);
});
