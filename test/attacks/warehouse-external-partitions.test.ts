import assert from "node:assert/strict";
import { test } from "node:test";
import { ListObjectsV2Command, PutObjectCommand } from "@aws-sdk/client-s3";
import { startWorldWithBuckets, startWorldWithStranger } from "../support/buckets.ts";
import { commands, member } from "../support/warehouse.ts";

const csv = "stored by 'com.aliyun.odps.CsvStorageHandler'";

test("a partition that lies elsewhere opens no bucket, and lets nothing out of a protected project", async (t) => {
  const buckets = ["inside", "outside", "guarded"];
  const { odps, root, s3, theirs } = await startWorldWithStranger(t, ["vault", "plain"], buckets);
  for (const [client, Bucket] of [
    [s3, "guarded"],
    [theirs, "theirs"],
  ] as const) {
    await client.send(new PutObjectCommand({ Bucket, Key: "d/ds=a/a.csv", Body: "1\n" }));
  }
  const out = await odps<Record<string, unknown>>(
    root,
    "vault",
    `
p = entry("plain")
def verdict(text, o=o):
    told = refused(lambda: o.execute_sql(text))
    return "goes" if told is None else told[0] + (" is protected" if "is protected" in told[1] else "")
def table(o, name, bucket):
    o.execute_sql(f"create external table {name} (a bigint) partitioned by (ds string) ${csv} location 's3://{bucket}/d/'")
o.execute_sql("create table t (a bigint)")
o.execute_sql("insert into t values (666)")
p.execute_sql("create table own (a bigint)")
table(o, "sink", "inside")
o.execute_sql("alter table sink add partition (ds='out') location 's3://outside/d/' partition (ds='in')")
table(p, "guarded", "guarded")
table(p, "stray", "outside")
p.execute_sql("alter table stray add partition (ds='theirs') location 's3://theirs/d/ds=a/' partition (ds='guarded') location 's3://guarded/d/ds=a/'")
${commands("add bucket inside", "add bucket guarded", "set ProjectProtection=true")}
out["leaks"] = {
    "to a partition outside": verdict("insert into sink partition (ds='out') select a from t"),
    "overwritten": verdict("insert overwrite table sink partition (ds='out') select a from t"),
    "to partitions of the rows' values, none of them outside": verdict("insert into sink partition (ds) select a, 'in' from t"),
    "to another's table": verdict("insert into plain.stray partition (ds='new') select a from t"),
    "guarded objects": verdict("insert into own select a from stray where ds='guarded'", p),
}
# Names of objects are shown to who may list them: what makes them of rows takes rows out.
o.execute_sql("alter table sink drop partition (ds='out')")
out["leaks"]["as names of folders"] = verdict("insert into sink partition (ds) select 1, cast(a as string) from t")
out["leaks"]["as names, by a condition"] = verdict("insert into sink partition (ds) select 1, 'x' from (select 1 as b) s where 666 in (select a from t)")
out["stranger"] = [refused(lambda: p.execute_sql(text)) for text in [
    "select a from stray where ds='theirs'", "insert into stray partition (ds='theirs') values (1)",
    "insert overwrite table stray partition (ds='theirs') values (1)"]]
out["allowed"] = [verdict("insert into sink partition (ds='in') select a from t"),
    verdict("insert into sink partition (ds='new') select a from t"),
    verdict("insert into stray partition (ds) select 1, 'z' from (select 1 as a) s", p)]
`,
  );
  for (const [way, told] of Object.entries(out["leaks"] as Record<string, string>)) {
    assert.match(told, /is protected/, way);
  }
  for (const told of out["stranger"] as string[]) assert.match(String(told), /AccessDenied/);
  assert.deepEqual(out["allowed"], ["goes", "goes", "goes"]);
  assert.equal((await theirs.send(new ListObjectsV2Command({ Bucket: "theirs" }))).KeyCount, 1);
  assert.equal((await s3.send(new ListObjectsV2Command({ Bucket: "outside" }))).KeyCount, 1);
  assert.equal((await s3.send(new ListObjectsV2Command({ Bucket: "guarded" }))).KeyCount, 1);
});

test("who reads a partition is asked for its objects alone, and what is refused is in the trail", async (t) => {
  const world = await startWorldWithBuckets(t, ["sales"], ["lake"]);
  const { odps, root, running, user, account, put } = world;
  for (const ds of ["a", "b"]) await put(`t/ds=${ds}/one.csv`, `${ds}\n`);
  const { users, policiesOf } = running.bondstore.opened.parts.directory.inAccount(account);
  const ann = await user("ann");
  const mallory = await user("mallory");
  const record = users.find("ann");
  assert.ok(record);
  const lists = { StringLike: { "s3:prefix": ["t/ds=a/*", "t/ds=n/*"] } };
  await policiesOf.user.putInline(
    record,
    "own",
    JSON.stringify({
      Version: "2012-10-17",
      Statement: [
        {
          Effect: "Allow",
          Action: "s3:ListBucket",
          Resource: "arn:aws:s3:::lake",
          Condition: lists,
        },
        { Effect: "Allow", Action: "s3:GetObject", Resource: "arn:aws:s3:::lake/t/ds=a/*" },
        { Effect: "Allow", Action: "s3:PutObject", Resource: "arn:aws:s3:::lake/t/ds=n/*" },
      ],
    }),
  );
  const name = (who: string) => `RAM$${account}:${who}`;
  await odps(
    root,
    "sales",
    `
o.execute_sql("create external table t (v string) partitioned by (ds string) ${csv} location 's3://lake/t/'")
o.execute_sql("msck repair table t")
${member(name("ann"), "Select, Update, Alter, Describe on table t")}
${member(name("mallory"), "Select, Describe on table t")}
`,
  );
  const byAnn = await odps<Record<string, unknown>>(
    ann,
    "sales",
    `
out["own"] = rows("select v from t where ds='a'")
out["other"] = refused(lambda: rows("select v from t where ds='b'"))
out["both"] = refused(lambda: rows("select v from t where ds >= 'a'"))
out["not by name"] = refused(lambda: rows("select v from t where concat(ds, '') = 'a'"))
out["folders"] = refused(lambda: o.execute_sql("msck repair table t"))
out["into another"] = refused(lambda: o.execute_sql("insert into t partition (ds='b') values ('x')"))
out["up"] = refused(lambda: o.execute_sql("insert into t partition (ds='n/../b') values ('x')"))
o.execute_sql("insert into t partition (ds='n') values ('x')")
out["overwritten"] = refused(lambda: o.execute_sql("insert overwrite table t partition (ds='n') values ('y')"))
`,
  );
  assert.deepEqual(byAnn["own"], [["a"]]);
  for (const [key, action] of [
    ["other", "ListBucket"],
    ["both", "ListBucket"],
    ["not by name", "ListBucket"],
    ["folders", "ListBucket"],
    ["into another", "PutObject"],
    ["up", "PutObject"],
    ["overwritten", "DeleteObject"],
  ] as const) {
    assert.match(String(byAnn[key]), new RegExp(`not authorized to perform: s3:${action} `), key);
  }
  const byMallory = await odps<Record<string, unknown>>(
    mallory,
    "sales",
    `
for text in ["alter table t add partition (ds='x')", "alter table t drop partition (ds='a')", "msck repair table t",
             "insert into t partition (ds='a') values ('x')"]:
    out[text] = refused(lambda: o.execute_sql(text))
`,
  );
  for (const told of Object.values(byMallory)) assert.match(String(told), /NO privilege/);
  // Successes of data events are left out of the trail, as CloudTrail does; what was refused is in it, by its name.
  const events = await running.bondstore.opened.trail.find({
    ...{ account, limit: 500, attribute: { key: "EventName", value: "ListObjectsV2" } },
  });
  const refused = events.map(({ event }) => [
    event.userIdentity["userName"],
    event.errorCode,
    JSON.stringify(event.requestParameters).match(/"t\/[^"]*"/)?.[0],
  ]);
  for (const prefix of ["t/", "t/ds=b/"]) {
    assert.ok(
      refused.some((one) => one.join() === `ann,AccessDenied,"${prefix}"`),
      prefix,
    );
  }
});
