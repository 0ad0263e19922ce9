import type { TestContext } from "node:test";
import {
  CreateAccessKeyCommand,
  CreateUserCommand,
  IAMClient,
  PutUserPolicyCommand,
} from "@aws-sdk/client-iam";
import { CreateBucketCommand, S3Client } from "@aws-sdk/client-s3";
import { type Keys, type Running, startBondstore, type Tenant } from "./bondstore.ts";

/** A Bondstore with one tenant, and a bucket of it. */
export interface S3Bench {
  readonly running: Running;
  readonly acme: Tenant;
  readonly s3: S3Client;
  readonly Bucket: string;
  /** A client as somebody; in the path style unless said. */
  as(keys: Keys, more?: Partial<ConstructorParameters<typeof S3Client>[0]>): S3Client;
  /** A request by hand, without a signature. */
  anonymous(path: string, more?: RequestInit): Promise<Response>;
}

export async function startS3(t: TestContext, kept?: string): Promise<S3Bench> {
  const running = await startBondstore(t, {}, kept);
  const acme = await running.tenant("acme");
  const as: S3Bench["as"] = (keys, more = {}) => {
    const client = new S3Client({ ...running.client(keys), forcePathStyle: true, ...more });
    t.after(() => client.destroy());
    return client;
  };
  const s3 = as(acme.root);
  const Bucket = "orders";
  await s3.send(new CreateBucketCommand({ Bucket }));
  return {
    running,
    acme,
    s3,
    Bucket,
    as,
    anonymous: (path, more = {}) => fetch(`${running.endpoint}${path}`, more),
  };
}

/** A user of the tenant, with one inline policy if statements are given. */
export async function makeUser(
  running: Running,
  tenant: Tenant,
  name: string,
  ...statements: readonly object[]
): Promise<Keys & { readonly arn: string }> {
  const iam = new IAMClient(running.client(tenant.root));
  const { User } = await iam.send(new CreateUserCommand({ UserName: name }));
  if (statements.length > 0) {
    const PolicyDocument = JSON.stringify({ Version: "2012-10-17", Statement: statements });
    await iam.send(new PutUserPolicyCommand({ UserName: name, PolicyName: "own", PolicyDocument }));
  }
  const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName: name }));
  iam.destroy();
  return {
    arn: User?.Arn ?? "",
    accessKeyId: AccessKey?.AccessKeyId ?? "",
    secretAccessKey: AccessKey?.SecretAccessKey ?? "",
  };
}

export const allow = (action: string | readonly string[], resource = "*"): object => ({
  Effect: "Allow",
  Action: action,
  Resource: resource,
});

/** Bytes that no compression and no repetition helps with, the same each time. */
export function noise(size: number, seed = 1): Buffer {
  const bytes = Buffer.allocUnsafe(size);
  let state = seed;
  for (let at = 0; at < size; at += 1) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    bytes[at] = state >>> 16;
  }
  return bytes;
}
