import type { TestContext } from "node:test";
import type {
  DecryptResponse,
  DescribeKeyResponse,
  ReplicateKeyResponse,
} from "@aws-sdk/client-kms";
import { type As, context as EncryptionContext, makeKey, otherRegion, startKms } from "./kms.ts";

/** Two Regions, and a primary in the first with a replica in the second. */
export async function startRelated(t: TestContext, input: Record<string, unknown> = {}) {
  const kms = await startKms(t);
  const here = kms.as(kms.root());
  const there = kms.as(kms.root(), {}, otherRegion);
  const primary = await makeKey(here, { MultiRegion: true, Description: "orders", ...input });
  const made = await here<ReplicateKeyResponse>("ReplicateKey", {
    KeyId: primary,
    ReplicaRegion: otherRegion,
    Description: "orders elsewhere",
    Tags: [{ TagKey: "team", TagValue: "west" }],
  });
  const replica = made.ReplicaKeyMetadata?.Arn ?? "";
  return { kms, here, there, primary, replica, made };
}

/** DescribeKey. */
export const describe = async (as: As, KeyId: string) =>
  (await as<DescribeKeyResponse>("DescribeKey", { KeyId })).KeyMetadata;
/** Decrypts, to text. */
export const open = async (as: As, CiphertextBlob: Uint8Array) =>
  Buffer.from(
    (await as<DecryptResponse>("Decrypt", { CiphertextBlob, EncryptionContext })).Plaintext ?? [],
  ).toString();
export const idOf = (arn: string) => arn.slice(arn.lastIndexOf("/") + 1);
