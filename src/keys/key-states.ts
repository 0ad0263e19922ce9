import { ServiceError } from "../lib/service-error.ts";
import type { KeyState } from "./key-record.ts";
import type { KmsKey } from "./kms-key.ts";

/** Why a state does not allow an operation, and KMS's words for it. */
const reasons = {
  disabled: ["DisabledException", "is disabled."],
  deleted: ["KMSInvalidStateException", "is pending deletion."],
  awaited: ["KMSInvalidStateException", "is pending import."],
  kept: ["KMSInvalidStateException", "is not pending deletion."],
  updating: ["KMSInvalidStateException", "is updating."],
} as const;

type Refusals = { readonly [State in KeyState]?: keyof typeof reasons };

const gone = { PendingDeletion: "deleted", PendingReplicaDeletion: "deleted" } as const;
const always: Refusals = {};
const unlessGone: Refusals = { ...gone, Updating: "updating" };
const whileThere: Refusals = { ...unlessGone, PendingImport: "awaited" };
const whileEnabled: Refusals = { ...whileThere, Disabled: "disabled" };
/** What is under way to another primary Region disturbs no use. */
const use: Refusals = { ...gone, PendingImport: "awaited", Disabled: "disabled" };

/**
 * Which operations a key refuses in which state; what is not here, it allows (KMS Developer Guide, "Key states of AWS
 * KMS keys"). A key of a custom key store that is not connected refuses its uses by itself.
 */
const table = {
  CancelKeyDeletion: {
    Enabled: "kept",
    Disabled: "kept",
    PendingImport: "kept",
    Updating: "kept",
  },
  CreateAlias: unlessGone,
  CreateGrant: use,
  Decapsulate: use,
  Decrypt: use,
  DeleteAlias: always,
  DeleteImportedKeyMaterial: always,
  DeriveSharedSecret: use,
  DescribeKey: always,
  DisableKey: whileThere,
  DisableKeyRotation: whileEnabled,
  EnableKey: whileThere,
  EnableKeyRotation: whileEnabled,
  Encapsulate: use,
  Encrypt: use,
  GenerateDataKey: use,
  GenerateDataKeyPair: use,
  GenerateDataKeyPairWithoutPlaintext: use,
  GenerateDataKeyWithoutPlaintext: use,
  GenerateMac: use,
  GetKeyLastUsage: always,
  GetKeyPolicy: always,
  GetKeyRotationStatus: always,
  GetParametersForImport: gone,
  GetPublicKey: use,
  ImportKeyMaterial: gone,
  ListGrants: always,
  ListKeyPolicies: always,
  ListKeyRotations: always,
  ListResourceTags: always,
  PutKeyPolicy: always,
  ReEncrypt: use,
  ReplicateKey: whileEnabled,
  RetireGrant: always,
  RevokeGrant: always,
  RotateKeyOnDemand: whileEnabled,
  ScheduleKeyDeletion: unlessGone,
  Sign: use,
  TagResource: unlessGone,
  UntagResource: unlessGone,
  UpdateAlias: unlessGone,
  UpdateKeyDescription: unlessGone,
  UpdatePrimaryRegion: whileEnabled,
  Verify: use,
  VerifyMac: use,
} as const satisfies Readonly<Record<string, Refusals>>;

/** An operation on a key that exists. */
export type KeyOperation = keyof typeof table;

export const keyOperations = Object.keys(table) as readonly KeyOperation[];

/** Whether a key allows an operation in its state, or in the one that a transaction finds. Throws KMS's refusals. */
export function checkState(
  operation: KeyOperation,
  { arn, record }: Pick<KmsKey, "arn" | "record">,
  state: KeyState = record.state,
): void {
  const refusals: Refusals = table[operation];
  const reason = refusals[state];
  if (reason === undefined) return;
  const [code, words] = reasons[reason];
  throw new ServiceError(code, `${arn} ${words}`);
}
