import { randomBytes } from "node:crypto";
import type {
  EncapsulateResponse,
  GenerateMacResponse,
  GetPublicKeyResponse,
  SignResponse,
} from "@aws-sdk/client-kms";
import { type As, acme, context, makeKey, seal } from "./kms.ts";
import { importInput } from "./kms-import.ts";

type Input = Readonly<Record<string, unknown>>;
const Message = Buffer.from("a message");
const signing = { SigningAlgorithm: "ECDSA_SHA_256", Message };
const mac = { MacAlgorithm: "HMAC_SHA_256", Message };
const agreement = { KeyAgreementAlgorithm: "ECDH" };
const pair = { KeyPairSpec: "ECC_NIST_P256", EncryptionContext: context };
const constraints = { Constraints: { EncryptionContextEquals: context } };
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
    ...constraints,
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
  Decrypt: async (root, KeyId) => ({
    CiphertextBlob: await seal(root, KeyId, context),
    EncryptionContext: context,
  }),
  DeleteAlias: alias,
  DeriveSharedSecret: async (root, KeyId) => {
    const { PublicKey } = await root<GetPublicKeyResponse>("GetPublicKey", { KeyId });
    return { ...agreement, PublicKey };
  },
  Encapsulate: () => lattice,
  Encrypt: () => ({ Plaintext: Message, EncryptionContext: context }),
  GenerateDataKey: () => ({ KeySpec: "AES_256", EncryptionContext: context }),
  GenerateDataKeyPair: () => pair,
  GenerateDataKeyPairWithoutPlaintext: () => pair,
  GenerateDataKeyWithoutPlaintext: () => ({ KeySpec: "AES_256", EncryptionContext: context }),
  GenerateMac: () => mac,
  GetParametersForImport: () => ({
    WrappingAlgorithm: "RSAES_OAEP_SHA_256",
    WrappingKeySpec: "RSA_2048",
  }),
  ImportKeyMaterial: (root, KeyId) => importInput(root, KeyId, randomBytes(32)),
  PutKeyPolicy: async (root, KeyId) => root<Input>("GetKeyPolicy", { KeyId }),
  ReEncrypt: async (root, KeyId) => ({
    CiphertextBlob: await seal(root, KeyId, context),
    SourceEncryptionContext: context,
    DestinationEncryptionContext: context,
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

export interface Prepared {
  readonly arn: string;
  readonly input: Input;
}

/** A key that an operation may act on, and what to call the operation with. */
export async function prepare(root: As, operation: string): Promise<Prepared> {
  const arn = await makeKey(root, kinds[operation] ?? {});
  return { arn, input: { KeyId: arn, ...(await inputs[operation]?.(root, arn)) } };
}
