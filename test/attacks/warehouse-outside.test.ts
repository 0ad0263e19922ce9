import assert from "node:assert/strict";
import { test } from "node:test";
import { ListObjectsV2Command } from "@aws-sdk/client-s3";
import { startWorldWithStranger } from "../support/buckets.ts";

test("nothing of a protected project goes to a bucket outside, and nobody reaches objects by the warehouse that are not theirs", async (t) => {
  const buckets = ["inside", "outside", "guarded"];
  const world = await startWorldWithStranger(t, ["vault", "plain"], buckets);
  const { odps, root, user, account, s3, theirs, put } = world;
  await put("d/a.csv", "1\n", "guarded");
  const bob = await user("bob");
  const name = `RAM$${account}:bob`;
  const csv = "stored by 'com.aliyun.odps.CsvStorageHandler'";
  const out = await odps<Record<string, unknown>>(
    root,
    "vault",
    `
p = entry("plain")
def verdict(work):
    told = refused(work)
    return "goes" if told is None else told[0] + (" is protected" if "is protected" in told[1] else "")
def sql(text, o=o):
    return verdict(lambda: o.execute_sql(text))
def unload(where, what="t", o=o):
    return sql(f"unload from (select * from {what}) into location 's3://{where}/d/' ${csv}", o)
o.execute_sql("create table t (a bigint)")
o.execute_sql("insert into t values (666)")
o.execute_sql("create view v as select a from t")
o.execute_sql("create external table sink (a bigint) ${csv} location 's3://outside/d/'")
p.execute_sql("create external table sink (a bigint) ${csv} location 's3://outside/d/'")
p.execute_sql("create external table guarded (a bigint) ${csv} location 's3://guarded/d/'")
p.execute_sql("create table own (a bigint)")
p.execute_sql("insert into own values (1)")
o.run_security_query("add bucket inside")
o.run_security_query("add bucket guarded")
o.run_security_query("set ProjectProtection=true")
out["unload"] = unload("outside")
out["unload of a view"] = unload("outside", "v")
out["unload from elsewhere"] = unload("outside", "vault.t", p)
out["own external table"] = sql("insert into sink select a from t")
out["overwritten"] = sql("insert overwrite table sink select a from t")
out["another's external table"] = sql("insert into plain.sink select a from t")
out["a condition"] = sql("insert into sink select 1 from own where a in (select a from vault.t)", p)
out["guarded objects"] = sql("insert into own select a from guarded", p)
out["guarded objects from inside"] = sql("select a from plain.guarded")
out["guarded objects by a job inside"] = sql("insert into plain.own select a from plain.guarded")
inside = [unload("inside"), unload("outside", "own", p), sql("insert into vault.t select a from own", p)]
out["stranger's bucket"] = unload("theirs", "own", p)
`.replace("inside = ", 'out["allowed"] = '),
  );
  const { allowed, "stranger's bucket": toStranger, ...kept } = out;
  for (const [way, told] of Object.entries(kept)) {
    assert.match(String(told), /is protected/, way);
  }
  assert.deepEqual(allowed, ["goes", "goes", "goes"]);
  assert.notEqual(toStranger, "goes");
  const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: "outside" }));
  assert.equal(Contents.length, 1);
  assert.equal((await theirs.send(new ListObjectsV2Command({ Bucket: "theirs" }))).KeyCount, 0);

  // Select on the table is not leave to read the objects: those are asked for as the caller.
  const byBob = await odps<Record<string, string[] | null>>(
    root,
    "plain",
    `
for query in ["add user ${name}", "grant CreateInstance, List, Read, CreateTable on project plain to user ${name}",
              "grant Select, Describe on table sink to user ${name}", "grant Select on table own to user ${name}"]:
    o.run_security_query(query)
out["nothing"] = None
`,
  ).then(() =>
    odps<Record<string, string[] | null>>(
      bob,
      "plain",
      `
out["read"] = refused(lambda: rows("select * from sink"))
out["write"] = refused(lambda: o.execute_sql("unload from own into location 's3://outside/bob/' ${csv}"))
`,
    ),
  );
  for (const told of Object.values(byBob))
    assert.match(String(told), /not authorized|AccessDenied/);
});
