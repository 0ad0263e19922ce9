import { readFileSync } from "node:fs";
import { Agent } from "node:https";
import type { TestContext } from "node:test";
import { CreateBucketCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import type { Keys } from "./bondstore.ts";
import { startWorld, type World } from "./warehouse.ts";

/** Buckets of a world's root. */
interface Buckets {
  readonly s3: S3Client;
  /** A client of S3 as somebody. */
  s3As(keys: Keys): S3Client;
  /** Puts an object; into the first of the buckets unless said. */
  put(Key: string, Body: string, Bucket?: string): Promise<unknown>;
}

/** Makes buckets beside the projects of a world. */
export async function addBuckets(
  t: TestContext,
  { running, root }: Pick<World, "running" | "root">,
  buckets: readonly string[],
): Promise<Buckets> {
  const { ca } = running.bondstore;
  const trusting = ca !== undefined && {
    requestHandler: { httpsAgent: new Agent({ ca: readFileSync(ca) }) },
  };
  const s3As = (keys: Keys) => {
    const client = new S3Client({ ...running.client(keys), forcePathStyle: true, ...trusting });
    t.after(() => client.destroy());
    return client;
  };
  const s3 = s3As(root);
  for (const Bucket of buckets) await s3.send(new CreateBucketCommand({ Bucket }));
  const put: Buckets["put"] = (Key, Body, Bucket = buckets[0]) =>
    s3.send(new PutObjectCommand({ Bucket, Key, Body }));
  return { s3, s3As, put };
}

/** Projects, and buckets of the same root beside them. */
export async function startWorldWithBuckets(
  t: TestContext,
  projects: readonly string[],
  buckets: readonly string[],
): Promise<World & Buckets> {
  const world = await startWorld(t, ...projects);
  return { ...world, ...(await addBuckets(t, world, buckets)) };
}

/** The same where there is another tenant, with a bucket `theirs`. */
export async function startWorldWithStranger(...given: Parameters<typeof startWorldWithBuckets>) {
  const world = await startWorldWithBuckets(...given);
  const theirs = world.s3As((await world.running.tenant("stranger")).root);
  await theirs.send(new CreateBucketCommand({ Bucket: "theirs" }));
  return { ...world, theirs };
}
