import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { ListObjectsV2Command } from "@aws-sdk/client-s3";
import { startWorldWithBuckets } from "./buckets.ts";
import { member } from "./warehouse.ts";

/** How external tables of CSV say so. */
export const csv = "stored by 'com.aliyun.odps.CsvStorageHandler'";

/** Alice may read and write two buckets, mallory one of them; both may do everything with the external table x. */
export async function startPair(t: TestContext) {
  const world = await startWorldWithBuckets(t, ["sales"], ["open", "secret"]);
  const { asRoot, odps, user, account, running, s3, put } = world;
  await put("d/ds=a/a.csv", "1\n");
  await put("d/a.csv", "666\n", "secret");
  const keys = { alice: await user("alice"), mallory: await user("mallory") };
  const { users, policiesOf } = running.bondstore.opened.parts.directory.inAccount(account);
  const may = async (name: string, ...buckets: readonly string[]) => {
    const record = users.find(name);
    assert.ok(record);
    const Resource = buckets.flatMap((one) => [`arn:aws:s3:::${one}`, `arn:aws:s3:::${one}/*`]);
    const Statement = [{ Effect: "Allow", Action: "s3:*", Resource }];
    const policy = JSON.stringify({ Version: "2012-10-17", Statement });
    await policiesOf.user.putInline(record, "reads", policy);
  };
  await may("alice", "open", "secret");
  await may("mallory", "open");
  const all = (name: string) =>
    member(`RAM$${account}:${name}`, "All on table x", "All on table taken");
  await asRoot(`
o.execute_sql("create external table x (a bigint) partitioned by (ds string) ${csv} location 's3://open/d/'")
o.execute_sql("msck repair table x")
o.execute_sql("create table taken (a bigint)")
${all("alice")}
${all("mallory")}
`);
  const as = (who: keyof typeof keys, script: string) =>
    odps(
      keys[who],
      "sales",
      `
full = {"odps.sql.allow.fullscan": "true"}
def sql(text): return refused(lambda: o.execute_sql(text, hints=full))
${script}`,
    );
  const keysIn = async (Bucket: string) =>
    ((await s3.send(new ListObjectsV2Command({ Bucket }))).Contents ?? []).map(({ Key }) => Key);
  return { ...world, as, may, keysIn };
}
