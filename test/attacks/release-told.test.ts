import assert from "node:assert/strict";
import { test } from "node:test";
import {
  CreateBucketCommand,
  GetObjectCommand,
  PutBucketPolicyCommand,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { type Release, releasesOf } from "../../src/audit/releases.ts";
import { startWorld, type World } from "../support/warehouse.ts";

const rule = (Resource: string, Condition: object) => ({
  ...{ Effect: "Allow", Principal: "*", Action: "odps:Select" },
  ...{ Resource: `acs:odps:*:projects/vault/${Resource}`, Condition },
});
const live = { StringLike: { "odps:TableId": "*", "odps:TableVersion": "*" } };
const exceptions = JSON.stringify({ Version: "1", Statement: [rule("buckets/orders", live)] });

/** What left the project vault, the newest first. */
async function released({ running, account }: World): Promise<readonly Release[]> {
  const attribute = { key: "ReleasedFrom", value: "vault" } as const;
  const found = await running.bondstore.opened.trail.find({ account, attribute, limit: 100 });
  return releasesOf(found.map(({ event }) => event));
}

test("a download that the client breaks off is told as not complete; one that cannot be told breaks", async (t) => {
  const world = await startWorld(t, "vault");
  const { odps, root, running } = world;
  const s3 = new S3Client({ ...running.client(root), forcePathStyle: true });
  t.after(() => s3.destroy());
  const place = { Bucket: "orders", Key: "large" };
  const size = 64 * 1024 * 1024;
  await s3.send(new CreateBucketCommand({ Bucket: "orders" }));
  await s3.send(new PutObjectCommand({ ...place, Body: Buffer.alloc(size, "x") }));
  await odps(
    root,
    "vault",
    `for query in ["add bucket orders", r'''set ProjectProtection=true with exception '${exceptions}' ''']: o.run_security_query(query)`,
  );
  const read = async (most: number, as = s3): Promise<number> => {
    const { Body } = await as.send(new GetObjectCommand(place));
    let bytes = 0;
    for await (const part of Body as AsyncIterable<Buffer>) {
      bytes += part.length;
      if (bytes >= most) break;
    }
    return bytes;
  };
  const last = async () => (await released(world))[0];
  assert.equal(await read(size + 1), size);
  assert.deepEqual([(await last())?.bytes, (await last())?.complete], [size, true]);

  await read(1);
  const { trail } = running.bondstore.opened;
  const ended = () => trail.find({ account: world.account, limit: 100 });
  const ends = async () =>
    (await ended()).filter(({ event }) => event.eventName === "EndRelease").length;
  while ((await ends()) < 2) await new Promise((resolve) => setTimeout(resolve, 20));
  const { bytes = size, complete } = (await last()) ?? {};
  assert.equal(complete, false);
  assert.ok(bytes > 0 && bytes < size, String(bytes));

  const other = await running.tenant("other");
  const theirs = new S3Client({ ...running.client(other.root), forcePathStyle: true });
  t.after(() => theirs.destroy());
  const Principal = { AWS: `arn:aws:iam::${other.account}:root` };
  const Resource = "arn:aws:s3:::orders/*";
  const Statement = [{ Effect: "Allow", Principal, Action: "s3:GetObject", Resource }];
  const Policy = JSON.stringify({ Version: "2012-10-17", Statement });
  await s3.send(new PutBucketPolicyCommand({ Bucket: "orders", Policy }));
  assert.equal(await read(size + 1, theirs), size);
  assert.deepEqual([(await last())?.bytes, (await last())?.complete], [size, true]);
  const seen = await trail.find({ account: other.account, limit: 100 });
  assert.doesNotMatch(JSON.stringify(seen), /vault|EndRelease/, "strangers learn nothing of it");

  const record = trail.record.bind(trail);
  t.mock.method(trail, "record", (event: Parameters<typeof record>[0]) =>
    event.eventName === "EndRelease" ? Promise.reject(new Error("disk is full")) : record(event),
  );
  await assert.rejects(read(size + 1));
  assert.equal((await last())?.complete, false);
});

test("nobody hides by many columns which tables left, where to and by which rule", async (t) => {
  const world = await startWorld(t, "vault", "reports");
  await world.odps(
    world.root,
    "vault",
    `
columns = ["c%s_%d bigint" % ("x" * 110, at) for at in range(1000)]
for name in ["t", "u", "v"]: o.execute_sql("create table %s (%s)" % (name, ", ".join(columns)))
for query in ["set ProjectProtection=true", "add trustedproject reports"]: o.run_security_query(query)
o.execute_sql("create table reports.copied as select * from t union all select * from u union all select * from v")
`,
  );
  const [told] = await released(world);
  assert.deepEqual(
    told?.from.map(({ name, version, rule: by }) => [name, version, by].join(" ")),
    ["t 0 trusted-project", "u 0 trusted-project", "v 0 trusted-project"],
  );
  assert.equal(told?.destination, "project reports");
});
