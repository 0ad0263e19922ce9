import type { CreateKeyRequest, CustomerMasterKeySpec, KeyMetadata } from "@aws-sdk/client-kms";
import { isImportable } from "../../keys/imported-forms.ts";
import type { KeyRecord, KeyVersion } from "../../keys/key-record.ts";
import { type KeySpecName, specOf } from "../../keys/key-specs.ts";
import type { KeyStore } from "../../keys/key-store.ts";
import { type KmsKey, keyArn, multiRegionType } from "../../keys/kms-key.ts";
import { isPendingDeletion } from "../../keys/use-key.ts";
import { ServiceError } from "../../pipeline/operation.ts";

/** The Region of a key, and the key stores there. */
type Place = Pick<KeyStore, "region" | "customStores" | "isReachable">;

/** A key as DescribeKey and CreateKey show it. */
export function metadataOf(key: KmsKey, keys: Place): KeyMetadata {
  const { record, account, arn } = key;
  const { customKeyStore, externalKey, deletion, deletionWaitsDays } = record;
  const store = customKeyStore && keys.customStores.find(account, customKeyStore);
  return {
    AWSAccountId: account,
    KeyId: record.id,
    Arn: arn,
    CreationDate: new Date(record.createdAtMs),
    Enabled: record.state === "Enabled" && !isUnavailable(key, keys),
    Description: record.description,
    KeyUsage: record.usage,
    KeyState: isUnavailable(key, keys) ? "Unavailable" : record.state,
    ...(deletion && { DeletionDate: new Date(deletion.atMs) }),
    ...(deletionWaitsDays !== undefined && { PendingDeletionWindowInDays: deletionWaitsDays }),
    Origin: record.origin,
    KeyManager: record.manager,
    ...(isOldSpec(record.spec) && { CustomerMasterKeySpec: record.spec }),
    KeySpec: record.spec,
    ...algorithmsOf(key),
    MultiRegion: record.multiRegion !== undefined,
    ...multiRegionOf(key, keys),
    ...(customKeyStore === undefined
      ? currentMaterialOf(key)
      : { CustomKeyStoreId: customKeyStore }),
    ...(store && { CloudHsmClusterId: store.clusterId }),
    ...(externalKey !== undefined && { XksKeyConfiguration: { Id: externalKey } }),
  };
}

/** The related keys of a multi-Region key. */
function multiRegionOf({ account, record }: KmsKey, keys: Place): Partial<KeyMetadata> {
  const { multiRegion, id } = record;
  if (!multiRegion) return {};
  const nameOf = (Region: string) => ({ Arn: keyArn(Region, account, id), Region });
  return {
    MultiRegionConfiguration: {
      MultiRegionKeyType: multiRegionType(record, keys.region),
      PrimaryKey: nameOf(multiRegion.primaryRegion),
      ReplicaKeys: multiRegion.replicaRegions.map(nameOf),
    },
  };
}

/** The material that encrypts now: none while the first import is waited for. */
function currentMaterialOf({ record }: KmsKey): Partial<KeyMetadata> {
  const current = record.versions.findLast(({ pending }) => !pending);
  return {
    ...(current && isSymmetric(record) && { CurrentKeyMaterialId: current.id }),
    ...(current?.wrapped && expirationOf(current)),
  };
}

/** Until when imported material stays. */
export function expirationOf({
  imported,
}: KeyVersion): Partial<Pick<KeyMetadata, "ExpirationModel" | "ValidTo">> {
  if (!imported) return {};
  const { validToMs } = imported;
  if (validToMs === undefined) return { ExpirationModel: "KEY_MATERIAL_DOES_NOT_EXPIRE" };
  return { ExpirationModel: "KEY_MATERIAL_EXPIRES", ValidTo: new Date(validToMs) };
}

/** The algorithms of a key, in the member that its usage has. */
export function algorithmsOf({ record }: KmsKey): Partial<KeyMetadata> {
  const algorithms = specOf(record.spec).usages[record.usage] ?? [];
  return { [algorithmMembers[record.usage]]: [...algorithms] };
}

const algorithmMembers = {
  ENCRYPT_DECRYPT: "EncryptionAlgorithms",
  SIGN_VERIFY: "SigningAlgorithms",
  GENERATE_VERIFY_MAC: "MacAlgorithms",
  KEY_AGREEMENT: "KeyAgreementAlgorithms",
  ENCAPSULATE_DECAPSULATE: "EncapsulationAlgorithms",
} as const;

/** Only these have several materials, and so name them. */
export const isSymmetric = ({ spec }: Pick<KeyRecord, "spec">): boolean =>
  spec === "SYMMETRIC_DEFAULT";

/** Specs that are newer than the member have no name in it. */
const isOldSpec = (spec: KeySpecName): spec is KeySpecName & CustomerMasterKeySpec =>
  !/^ML_|EDWARDS/.test(spec);

/** Spec and usage that a new key is to have. Throws KMS's refusals of what does not go together. */
export function kindOf({
  KeySpec,
  CustomerMasterKeySpec,
  KeyUsage,
  Origin,
}: {
  readonly [Name in keyof CreateKeyRequest]: CreateKeyRequest[Name];
}): Pick<KeyRecord, "spec" | "usage"> {
  const spec = KeySpec ?? CustomerMasterKeySpec ?? "SYMMETRIC_DEFAULT";
  const usage = KeyUsage ?? (spec === "SYMMETRIC_DEFAULT" ? "ENCRYPT_DECRYPT" : undefined);
  if (usage === undefined) {
    throw new ServiceError(
      "ValidationException",
      `You must specify a KeyUsage value for an asymmetric or HMAC KMS key: KeySpec is ${spec}`,
    );
  }
  if (!specOf(spec).usages[usage]) {
    throw new ServiceError(
      "ValidationException",
      `KeyUsage ${usage} is not compatible with KeySpec ${spec}`,
    );
  }
  if (Origin === "EXTERNAL" && !isImportable(spec)) {
    throw new ServiceError(
      "UnsupportedOperationException",
      `Importing key material is not supported for KeySpec ${spec}`,
    );
  }
  if (isInStore(Origin) && spec !== "SYMMETRIC_DEFAULT") {
    throw new ServiceError(
      "UnsupportedOperationException",
      "Custom key stores have symmetric encryption keys only",
    );
  }
  return { spec, usage };
}

/** A key whose custom key store is not connected; one that waits for its deletion says so instead. */
const isUnavailable = (key: KmsKey, keys: Place): boolean =>
  !isPendingDeletion(key.record) && !keys.isReachable(key);

/** Whether a key of this origin is in a custom key store. */
const isInStore = (origin: CreateKeyRequest["Origin"]): boolean =>
  origin === "AWS_CLOUDHSM" || origin === "EXTERNAL_KEY_STORE";

/** Says clearly which kinds of key are not built yet, and refuses specs that contradict each other. */
export function checkSpec(
  input: {
    readonly [Name in keyof CreateKeyRequest]: CreateKeyRequest[Name];
  },
): void {
  const { KeySpec, CustomerMasterKeySpec, Origin, MultiRegion } = input;
  if (KeySpec && CustomerMasterKeySpec && KeySpec !== CustomerMasterKeySpec) {
    throw new ServiceError(
      "ValidationException",
      "You cannot specify KeySpec and CustomerMasterKeySpec in the same request. CustomerMasterKeySpec is deprecated.",
    );
  }
  if (input.CustomKeyStoreId !== undefined && !isInStore(Origin)) {
    throw new ServiceError(
      "ValidationException",
      "CustomKeyStoreId goes with Origin AWS_CLOUDHSM or EXTERNAL_KEY_STORE",
    );
  }
  if ((input.XksKeyId !== undefined) !== (Origin === "EXTERNAL_KEY_STORE")) {
    throw new ServiceError("ValidationException", "XksKeyId goes with Origin EXTERNAL_KEY_STORE");
  }
  if (MultiRegion && isInStore(Origin)) {
    throw new ServiceError(
      "UnsupportedOperationException",
      "Custom key stores have keys of a single Region only",
    );
  }
}

/** What AWS KMS has and this one does not, or not yet. */
export const notBuilt = (what: string) =>
  new ServiceError("UnsupportedOperationException", `${what} is not built in this Bondstore yet`);
