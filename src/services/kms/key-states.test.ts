import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import type {
  EncapsulateResponse,
  GenerateMacResponse,
  GetPublicKeyResponse,
  SignResponse,
} from "@aws-sdk/client-kms";
import { type As, acme, makeKey, seal, startKms } from "../../../test/support/kms.ts";
import { importInput } from "../../../test/support/kms-import.ts";
import type { KeyState } from "../../keys/key-record.ts";
import { keyOperations } from "../../keys/key-states.ts";
import { ServiceError } from "../../pipeline/operation.ts";

const states: readonly KeyState[] = [
  "Enabled",
  "Disabled",
  "PendingImport",
  "PendingDeletion",
  "PendingReplicaDeletion",
  "Updating",
];

/** What a refusal says, by its sign below. */
const words: Readonly<Record<string, string>> = {
  D: "DisabledException: KEY is disabled.",
  X: "KMSInvalidStateException: KEY is pending deletion.",
  I: "KMSInvalidStateException: KEY is pending import.",
  N: "KMSInvalidStateException: KEY is not pending deletion.",
  U: "KMSInvalidStateException: KEY is updating.",
};

/** The table of AWS's documentation; a dot where the key's state is no hindrance. */
const documented: Readonly<Record<string, string>> = {
  CancelKeyDeletion: "NNN..N",
  CreateAlias: "...XXU",
  CreateGrant: ".DIXX.",
  Decapsulate: ".DIXX.",
  Decrypt: ".DIXX.",
  DeleteAlias: "......",
  DeleteImportedKeyMaterial: "......",
  DeriveSharedSecret: ".DIXX.",
  DescribeKey: "......",
  DisableKey: "..IXXU",
  DisableKeyRotation: ".DIXXU",
  EnableKey: "..IXXU",
  EnableKeyRotation: ".DIXXU",
  Encapsulate: ".DIXX.",
  Encrypt: ".DIXX.",
  GenerateDataKey: ".DIXX.",
  GenerateDataKeyPair: ".DIXX.",
  GenerateDataKeyPairWithoutPlaintext: ".DIXX.",
  GenerateDataKeyWithoutPlaintext: ".DIXX.",
  GenerateMac: ".DIXX.",
  GetKeyLastUsage: "......",
  GetKeyPolicy: "......",
  GetKeyRotationStatus: "......",
  GetParametersForImport: "...XX.",
  GetPublicKey: ".DIXX.",
  ImportKeyMaterial: "...XX.",
  ListGrants: "......",
  ListKeyPolicies: "......",
  ListKeyRotations: "......",
  ListResourceTags: "......",
  PutKeyPolicy: "......",
  ReEncrypt: ".DIXX.",
  RetireGrant: "......",
  RevokeGrant: "......",
  RotateKeyOnDemand: ".DIXXU",
  ScheduleKeyDeletion: "...XXU",
  Sign: ".DIXX.",
  TagResource: "...XXU",
  UntagResource: "...XXU",
  UpdateAlias: "...XXU",
  UpdateKeyDescription: "...XXU",
  Verify: ".DIXX.",
  VerifyMac: ".DIXX.",
};

/** These need a second Region, and have their own test. */
const elsewhere = ["ReplicateKey", "UpdatePrimaryRegion"];

type Input = Readonly<Record<string, unknown>>;
const Message = Buffer.from("a message");
const signing = { SigningAlgorithm: "ECDSA_SHA_256", Message };
const mac = { MacAlgorithm: "HMAC_SHA_256", Message };
const agreement = { KeyAgreementAlgorithm: "ECDH" };
const lattice = { EncapsulationAlgorithm: "ML_KEM" };

/** Kinds of key by the operations that need them. */
const kinds: Readonly<Record<string, Input>> = {
  Sign: { KeySpec: "ECC_NIST_P256", KeyUsage: "SIGN_VERIFY" },
  Verify: { KeySpec: "ECC_NIST_P256", KeyUsage: "SIGN_VERIFY" },
  GetPublicKey: { KeySpec: "ECC_NIST_P256", KeyUsage: "SIGN_VERIFY" },
  GenerateMac: { KeySpec: "HMAC_256", KeyUsage: "GENERATE_VERIFY_MAC" },
  VerifyMac: { KeySpec: "HMAC_256", KeyUsage: "GENERATE_VERIFY_MAC" },
  DeriveSharedSecret: { KeySpec: "ECC_NIST_P256", KeyUsage: "KEY_AGREEMENT" },
  Encapsulate: { KeySpec: "ML_KEM_512", KeyUsage: "ENCAPSULATE_DECAPSULATE" },
  Decapsulate: { KeySpec: "ML_KEM_512", KeyUsage: "ENCAPSULATE_DECAPSULATE" },
  GetParametersForImport: { Origin: "EXTERNAL" },
  ImportKeyMaterial: { Origin: "EXTERNAL" },
  DeleteImportedKeyMaterial: { Origin: "EXTERNAL" },
};

const grant = async (root: As, KeyId: string): Promise<Input> => {
  const GranteePrincipal = `arn:aws:iam::${acme}:root`;
  const made = await root<{ GrantId: string }>("CreateGrant", {
    KeyId,
    GranteePrincipal,
    Operations: ["Encrypt"],
  });
  return { GrantId: made.GrantId };
};

const alias = async (root: As, TargetKeyId: string): Promise<Input> => {
  await root("CreateAlias", { AliasName: "alias/one", TargetKeyId });
  return { AliasName: "alias/one" };
};

/** What an operation is called with besides KeyId, made while the key is enabled. */
const inputs: Readonly<Record<string, (root: As, KeyId: string) => Input | Promise<Input>>> = {
  CreateAlias: (_, TargetKeyId) => ({ AliasName: "alias/one", TargetKeyId }),
  CreateGrant: () => ({
    GranteePrincipal: `arn:aws:iam::${acme}:root`,
    Operations: ["Encrypt"],
  }),
  Decapsulate: async (root, KeyId) => {
    const made = await root<EncapsulateResponse>("Encapsulate", { KeyId, ...lattice });
    return { ...lattice, SharedSecretCiphertextBlob: made.SharedSecretCiphertextBlob };
  },
  Decrypt: async (root, KeyId) => ({ CiphertextBlob: await seal(root, KeyId) }),
  DeleteAlias: alias,
  DeriveSharedSecret: async (root, KeyId) => {
    const { PublicKey } = await root<GetPublicKeyResponse>("GetPublicKey", { KeyId });
    return { ...agreement, PublicKey };
  },
  Encapsulate: () => lattice,
  Encrypt: () => ({ Plaintext: Message }),
  GenerateDataKey: () => ({ KeySpec: "AES_256" }),
  GenerateDataKeyPair: () => ({ KeyPairSpec: "ECC_NIST_P256" }),
  GenerateDataKeyPairWithoutPlaintext: () => ({ KeyPairSpec: "ECC_NIST_P256" }),
  GenerateDataKeyWithoutPlaintext: () => ({ KeySpec: "AES_256" }),
  GenerateMac: () => mac,
  GetParametersForImport: () => ({
    WrappingAlgorithm: "RSAES_OAEP_SHA_256",
    WrappingKeySpec: "RSA_2048",
  }),
  ImportKeyMaterial: (root, KeyId) => importInput(root, KeyId, randomBytes(32)),
  PutKeyPolicy: async (root, KeyId) => root<Input>("GetKeyPolicy", { KeyId }),
  ReEncrypt: async (root, KeyId) => ({
    CiphertextBlob: await seal(root, KeyId),
    DestinationKeyId: KeyId,
  }),
  RetireGrant: grant,
  RevokeGrant: grant,
  Sign: () => signing,
  TagResource: () => ({ Tags: [{ TagKey: "a", TagValue: "b" }] }),
  UntagResource: () => ({ TagKeys: ["a"] }),
  UpdateAlias: async (root, TargetKeyId) => ({ ...(await alias(root, TargetKeyId)), TargetKeyId }),
  UpdateKeyDescription: () => ({ Description: "new" }),
  Verify: async (root, KeyId) => {
    const { Signature } = await root<SignResponse>("Sign", { KeyId, ...signing });
    return { ...signing, Signature };
  },
  VerifyMac: async (root, KeyId) => {
    const { Mac } = await root<GenerateMacResponse>("GenerateMac", { KeyId, ...mac });
    return { ...mac, Mac };
  },
};

test("every operation on a key does in each state what AWS's table says", async (t) => {
  assert.deepEqual(
    [...Object.keys(documented), ...elsewhere].toSorted(),
    keyOperations.toSorted(),
    "no operation is left out",
  );
  for (const [operation, row] of Object.entries(documented)) {
    const kms = await startKms(t);
    const root = kms.as(kms.root());
    for (const [at, state] of states.entries()) {
      const arn = await makeKey(root, kinds[operation] ?? {});
      const input = { KeyId: arn, ...(await inputs[operation]?.(root, arn)) };
      const key = kms.keys.store.find(acme, arn.split("/")[1] ?? "");
      assert.ok(key);
      await kms.keys.store.change(key, (record) => ({
        ...record,
        state,
        ...(state === "PendingDeletion" && {
          deletion: { atMs: kms.clock.nowMs + 1e9, windowDays: 7 },
        }),
      }));
      const said = await root(operation, input).then(
        () => undefined,
        (error) => {
          assert.ok(error instanceof ServiceError, `${operation} ${state}: ${error}`);
          return `${error.code}: ${error.message}`.replace(arn, "KEY");
        },
      );
      assert.equal(said, words[row[at] ?? ""], `${operation} in ${state}`);
      if (input["AliasName"]) await root("DeleteAlias", input).catch(() => undefined);
    }
  }
});
