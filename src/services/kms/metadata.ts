import type { CreateKeyRequest, KeyMetadata } from "@aws-sdk/client-kms";
import type { KmsKey } from "../../keys/kms-key.ts";
import { newestVersion } from "../../keys/use-key.ts";
import { ServiceError } from "../../pipeline/operation.ts";

/** A key as DescribeKey and CreateKey show it. */
export function metadataOf(key: KmsKey): KeyMetadata {
  const { record, account, arn } = key;
  const { deletion } = record;
  return {
    AWSAccountId: account,
    KeyId: record.id,
    Arn: arn,
    CreationDate: new Date(record.createdAtMs),
    Enabled: record.state === "Enabled",
    Description: record.description,
    KeyUsage: record.usage,
    KeyState: record.state,
    ...(deletion && { DeletionDate: new Date(deletion.atMs) }),
    Origin: record.origin,
    KeyManager: record.manager,
    CustomerMasterKeySpec: "SYMMETRIC_DEFAULT",
    KeySpec: record.spec,
    EncryptionAlgorithms: ["SYMMETRIC_DEFAULT"],
    MultiRegion: false,
    CurrentKeyMaterialId: newestVersion(key).id,
  };
}

/** Says clearly which kinds of key are not built yet, and refuses specs that contradict each other. */
export function checkSpec(
  input: {
    readonly [Name in keyof CreateKeyRequest]: CreateKeyRequest[Name];
  },
): void {
  const { KeySpec, CustomerMasterKeySpec, KeyUsage, Origin, MultiRegion } = input;
  if (KeySpec && CustomerMasterKeySpec && KeySpec !== CustomerMasterKeySpec) {
    throw new ServiceError(
      "ValidationException",
      "You cannot specify KeySpec and CustomerMasterKeySpec in the same request. CustomerMasterKeySpec is deprecated.",
    );
  }
  const spec = KeySpec ?? CustomerMasterKeySpec ?? "SYMMETRIC_DEFAULT";
  if (spec !== "SYMMETRIC_DEFAULT") throw notBuilt(`KeySpec ${spec}`);
  if (KeyUsage && KeyUsage !== "ENCRYPT_DECRYPT") {
    throw new ServiceError(
      "ValidationException",
      `KeyUsage ${KeyUsage} is not compatible with KeySpec SYMMETRIC_DEFAULT`,
    );
  }
  if (Origin && Origin !== "AWS_KMS") throw notBuilt(`Origin ${Origin}`);
  if (MultiRegion) throw notBuilt("MultiRegion");
  if (input.CustomKeyStoreId !== undefined) throw notBuilt("CustomKeyStoreId");
  if (input.XksKeyId !== undefined) throw notBuilt("XksKeyId");
}

/** What AWS KMS has and this one does not, or not yet. */
export const notBuilt = (what: string) =>
  new ServiceError("UnsupportedOperationException", `${what} is not built in this Bondstore yet`);
