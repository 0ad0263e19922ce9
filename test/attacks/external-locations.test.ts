import assert from "node:assert/strict";
import { test } from "node:test";
import { CreateKeyCommand, KMSClient } from "@aws-sdk/client-kms";
import { PutObjectCommand } from "@aws-sdk/client-s3";
import { explainEvent } from "../../src/audit/explain.ts";
import { tableRows } from "../../src/services/maxcompute/catalog.ts";
import { csv, startPair } from "../support/external-locations.ts";

const text = { delimiter: ",", headerLines: 0, gzip: false, null: "\\N" };

test("who says where a table lies has nobody else read or write there what they may not themselves", async (t) => {
  const { as, may, keysIn, asRoot, account, running } = await startPair(t);
  const { trail, parts } = running.bondstore.opened;
  const { users, accessKeys, policiesOf } = parts.directory.inAccount(account);
  const mallory = () => {
    const record = users.find("mallory");
    assert.ok(record);
    return record;
  };
  const pointed = await as(
    "mallory",
    `
out["partition"] = sql("alter table x add partition (ds='z') location 's3://secret/d/'")
out["table"] = sql("create external table mine (a bigint) ${csv} location 's3://secret/d/'")
out["folders"] = sql("create external table folders (a bigint) partitioned by (ds string) ${csv} location 's3://secret/'")
`,
  );
  assert.deepEqual(
    [pointed["partition"], pointed["table"], pointed["folders"]],
    [null, null, null],
  );
  await asRoot(`
for name in ["mine", "folders"]: o.run_security_query(f"grant All on table {name} to user RAM$${account}:alice")
`);
  const ways = [
    "select a from x where ds='z'",
    "select a from x",
    "insert into taken select a from x where ds='z'",
    "insert into taken select a from mine",
    "create table copied as select a from mine",
    "create materialized view kept as select a from mine",
    "unload from (select a from mine) into location 's3://open/stolen/' stored as parquet",
    "insert into x partition (ds='z') select 1",
    "insert overwrite table x partition (ds='z') select 1",
    "insert overwrite table mine select 1",
    "msck repair table folders",
  ];
  const tried = `
for way in ${JSON.stringify(ways)}:
    out[way] = sql(way)
`;
  for (const [way, told] of Object.entries(await as("alice", tried))) {
    assert.match(
      String(told),
      /mallory is not authorized to perform: s3:.*set this location.*again/,
      way,
    );
  }
  assert.deepEqual(await keysIn("secret"), ["d/a.csv"]);
  assert.deepEqual(await keysIn("open"), ["d/ds=a/a.csv"]);
  const rest = await as(
    "alice",
    `
out["hers alone"] = rows("select a from x where ds='a'")
out["her own text"] = sql("unload from (select 1 as a) into location 's3://secret/hers/' stored as parquet")
`,
  );
  assert.deepEqual(rest, { "hers alone": [[1]], "her own text": null });

  const read = async () =>
    (await as("alice", `out["told"] = sql("insert into taken select a from mine")`))["told"];
  await may("mallory", "open", "secret");
  assert.equal(await read(), null);
  await may("mallory", "open");
  assert.match(String(await read()), /mallory is not authorized/);
  const events = await trail.find({ account, limit: 50 });
  const [last] = events.filter(({ event }) => event.eventName === "ListObjectsV2");
  assert.ok(last);
  const why = explainEvent(last.event).join("\n");
  assert.match(why, /by IAMUser alice/);
  const asked = "s3:ListBucket on arn:aws:s3:::secret, asked of who";
  assert.match(why, new RegExp(`^${asked} runs the statement \\(\\S+:user/alice\\): allowed`, "m"));
  assert.match(
    why,
    new RegExp(`^${asked} has set the location \\(\\S+:user/mallory\\): refused`, "m"),
  );
  assert.match(why, /^Not for who runs the statement: \S+:user\/mallory has set the location/m);

  await policiesOf.user.removeInline(mallory(), "reads");
  for (const key of accessKeys.of(mallory())) await accessKeys.remove(key);
  await users.remove(mallory());
  assert.match(
    String(await read()),
    /mallory has set this location and is not there any more.*again/,
  );
  const repaired = await as(
    "alice",
    `
out["dropped"] = sql("alter table x drop partition (ds='z')")
out["added"] = sql("alter table x add partition (ds='z') location 's3://secret/d/'")
out["table"] = sql("create or replace external table mine (a bigint) ${csv} location 's3://secret/d/'")
out["rows"] = [rows("select a from mine"), rows("select a from x where ds='z'")]
`,
  );
  assert.deepEqual(repaired, { dropped: null, added: null, table: null, rows: [[[666]], [[666]]] });
});

test("who sets a location is a user, root or role as they are now; of older tables the owner is", async (t) => {
  const { as, account, running } = await startPair(t);
  const { parts } = running.bondstore.opened;
  const { roles, policiesOf } = parts.directory.inAccount(account);
  const { account: other } = await running.tenant("other");
  const trusted = { Effect: "Allow", Principal: { AWS: account }, Action: "sts:AssumeRole" };
  const trust = JSON.stringify({ Version: "2012-10-17", Statement: [trusted] });
  for (const name of ["loader", "idler"]) await roles.create({ name, trust });
  const loader = roles.find("loader");
  assert.ok(loader);
  const reads = { Effect: "Allow", Action: ["s3:GetObject", "s3:ListBucket"], Resource: "*" };
  const policy = JSON.stringify({ Version: "2012-10-17", Statement: [reads] });
  await policiesOf.role.putInline(loader, "reads", policy);
  const store = parts.store.account(account);
  const [found] = [...tableRows(store).range()].filter(({ value }) => value.name === "x");
  assert.ok(found?.value.external);
  const { key, value } = found;
  const stored = async (owner: string, setBy?: string) => {
    const location = { bucket: "open", prefix: "d/", ...(setBy !== undefined && { setBy }) };
    const external = { format: { kind: "text", ...text }, location } as const;
    await parts.store.transaction(() => tableRows(store).put(key, { ...value, owner, external }));
    return (
      await as("alice", `out["told"] = refused(lambda: rows("select a from x where ds='a'"))`)
    )["told"];
  };
  const user = (name: string) => `RAM$${account}:${name}`;
  const root = `ALIYUN$${account}`;
  for (const [owner, setBy] of [
    [root, undefined],
    [user("mallory"), undefined],
    [root, user("alice")],
    [user("nobody"), root],
    [user("nobody"), user("role/loader")],
  ] as const) {
    assert.equal(await stored(owner, setBy), null, `${owner} ${setBy}`);
  }
  for (const [owner, setBy, why] of [
    [user("nobody"), undefined, /nobody has set this location and is not there/],
    [root, user("nobody"), /nobody has set this location and is not there/],
    [root, user("role/idler"), /role\/idler\/maxcompute is not authorized/],
    [root, user("role/gone"), /role\/gone has set this location and is not there/],
    [root, `ALIYUN$${other}`, new RegExp(`${other}:root is not authorized`)],
    [root, "ALIYUN$000000000000", /is not there/],
    [root, "SERVICE$maxcompute.aliyuncs.com", /is not there/],
  ] as const) {
    assert.match(String(await stored(owner, setBy)), why, `${owner} ${setBy}`);
  }
});

test("who may not use a key has nobody read what it seals, and a bearer token sets no location", async (t) => {
  const { as, may, odps, root, account, running, s3, user, asRoot } = await startPair(t);
  await may("mallory", "open", "secret");
  const kms = new KMSClient(running.client(root));
  t.after(() => kms.destroy());
  const { KeyMetadata } = await kms.send(new CreateKeyCommand({}));
  const arn = KeyMetadata?.Arn ?? "";
  const { users, policiesOf } = running.bondstore.opened.parts.directory.inAccount(account);
  const alice = users.find("alice");
  assert.ok(alice);
  const Statement = [{ Effect: "Allow", Action: "kms:*", Resource: arn }];
  const policy = JSON.stringify({ Version: "2012-10-17", Statement });
  await policiesOf.user.putInline(alice, "key", policy);
  for (const [Key, BucketKeyEnabled] of [
    ["sealed/a.csv", false],
    ["shared/a.csv", true],
  ] as const) {
    const sealed = { ServerSideEncryption: "aws:kms", SSEKMSKeyId: arn, BucketKeyEnabled } as const;
    await s3.send(new PutObjectCommand({ Bucket: "open", Key, Body: "7\n", ...sealed }));
  }
  const pointed = ["sealed", "shared"]
    .map((place) => `alter table x add partition (ds='${place}') location 's3://open/${place}/'`)
    .map((sql) => `out[len(out)] = sql(${JSON.stringify(sql)})`)
    .join("\n");
  assert.deepEqual(Object.values(await as("mallory", pointed)), [null, null]);
  const own = ["sealed", "shared"].map((place) => `select a from x where ds='${place}'`);
  const told = await as(
    "alice",
    `
o.execute_sql("create external table hers (a bigint) ${csv} location 's3://open/shared/'")
out["hers"] = rows("select a from hers")
for way in ${JSON.stringify(own)}: out[way] = sql(way)
`,
  );
  assert.deepEqual(told["hers"], [[7]]);
  for (const way of own) {
    assert.match(
      String(told[way]),
      /mallory is not authorized to perform: kms:Decrypt.*again/,
      way,
    );
  }

  const token = await asRoot(`
policy = {"Version": "1", "Statement": [{"Effect": "Allow", "Action": ["odps:*"], "Resource": "acs:odps:*:*"}]}
out["token"] = o.get_project().generate_auth_token(policy, "bearer", 1)
`);
  const byToken = await odps(
    await user("holder"),
    "sales",
    `
from odps import accounts
bearer = ODPS(account=accounts.BearerTokenAccount(${JSON.stringify(token["token"])}, expired_hours=None), project="sales", endpoint=o.endpoint)
def sql(text): return refused(lambda: bearer.execute_sql(text))
out["goes"] = sql("create table plain (a bigint)")
out["partition"] = sql("alter table x add partition (ds='b') location 's3://secret/d/'")
out["table"] = sql("create external table b (a bigint) ${csv} location 's3://secret/d/'")
`,
  );
  assert.equal(byToken["goes"], null);
  for (const key of ["partition", "table"])
    assert.match(String(byToken[key]), /bearer token reaches no location/);
});
