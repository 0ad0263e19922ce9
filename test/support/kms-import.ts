import assert from "node:assert/strict";
import {
  constants,
  createCipheriv,
  createPublicKey,
  generateKeyPairSync,
  publicEncrypt,
  randomBytes,
} from "node:crypto";
import {
  type AlgorithmSpec,
  CreateKeyCommand,
  type CreateKeyRequest,
  GetParametersForImportCommand,
  type GetParametersForImportResponse,
  ImportKeyMaterialCommand,
  type ImportKeyMaterialResponse,
  type KMSClient,
  type WrappingKeySpec,
} from "@aws-sdk/client-kms";
import type { As } from "./kms.ts";

/** Wraps material as its owner does, outside of the key service. */
export function wrapMaterial(
  publicKey: Uint8Array | undefined,
  algorithm: AlgorithmSpec,
  material: Uint8Array,
): Buffer {
  const key = createPublicKey({
    key: Buffer.from(publicKey ?? []),
    format: "der",
    type: "spki",
  });
  const oaepHash = algorithm.endsWith("SHA_1") ? "sha1" : "sha256";
  const oaep = (plain: Uint8Array) =>
    publicEncrypt({ key, oaepHash, padding: constants.RSA_PKCS1_OAEP_PADDING }, plain);
  if (!algorithm.startsWith("RSA_AES")) return oaep(material);
  const aes = randomBytes(32);
  const cipher = createCipheriv("id-aes256-wrap-pad", aes, Buffer.from("a65959a6", "hex"));
  return Buffer.concat([oaep(aes), cipher.update(material), cipher.final()]);
}

interface How {
  readonly algorithm?: AlgorithmSpec;
  readonly spec?: WrappingKeySpec;
  readonly more?: Record<string, unknown>;
}

export const forEver = { ExpirationModel: "KEY_MATERIAL_DOES_NOT_EXPIRE" } as const;

/** How further material comes in, to be rotated to. */
export const fresh = { more: { ...forEver, ImportType: "NEW_KEY_MATERIAL" } } as const;

/** What ImportKeyMaterial is called with. */
export async function importInput(
  call: As,
  KeyId: string,
  material: Uint8Array,
  { algorithm = "RSAES_OAEP_SHA_256", spec = "RSA_2048", more = forEver }: How = {},
): Promise<Record<string, unknown> & { ImportToken: Uint8Array; EncryptedKeyMaterial: Buffer }> {
  const given = await call<GetParametersForImportResponse>("GetParametersForImport", {
    KeyId,
    WrappingAlgorithm: algorithm,
    WrappingKeySpec: spec,
  });
  assert.ok(given.ImportToken);
  return {
    KeyId,
    ImportToken: given.ImportToken,
    EncryptedKeyMaterial: wrapMaterial(given.PublicKey, algorithm, material),
    ...more,
  };
}

/** Imports material; answers its id. */
export async function importMaterial(
  call: As,
  KeyId: string,
  material: Uint8Array,
  how: How = {},
): Promise<string> {
  const input = await importInput(call, KeyId, material, how);
  const { KeyMaterialId } = await call<ImportKeyMaterialResponse>("ImportKeyMaterial", input);
  assert.match(KeyMaterialId ?? "", /^[0-9a-f]{64}$/);
  return KeyMaterialId ?? "";
}

/** A key that waits for material, by the AWS SDK. */
export async function makeExternal(kms: KMSClient, input: CreateKeyRequest = {}): Promise<string> {
  const { KeyMetadata } = await kms.send(new CreateKeyCommand({ ...input, Origin: "EXTERNAL" }));
  assert.equal(KeyMetadata?.KeyState, "PendingImport");
  assert.equal(KeyMetadata.Origin, "EXTERNAL");
  assert.equal(KeyMetadata.CurrentKeyMaterialId, undefined);
  return KeyMetadata.Arn ?? "";
}

/** Imports material by the AWS SDK; answers its id. */
export async function bring(
  kms: KMSClient,
  KeyId: string,
  material: Uint8Array,
  how: { WrappingAlgorithm?: AlgorithmSpec; WrappingKeySpec?: WrappingKeySpec } & Partial<
    ConstructorParameters<typeof ImportKeyMaterialCommand>[0]
  > = {},
): Promise<string | undefined> {
  const {
    WrappingAlgorithm = "RSAES_OAEP_SHA_256",
    WrappingKeySpec = "RSA_2048",
    ...more
  } = { ...forEver, ...how };
  const given = await kms.send(
    new GetParametersForImportCommand({ KeyId, WrappingAlgorithm, WrappingKeySpec }),
  );
  assert.ok(given.ParametersValidTo instanceof Date);
  const { KeyMaterialId } = await kms.send(
    new ImportKeyMaterialCommand({
      KeyId,
      ImportToken: given.ImportToken,
      EncryptedKeyMaterial: wrapMaterial(given.PublicKey, WrappingAlgorithm, material),
      ...more,
    }),
  );
  return KeyMaterialId;
}

/** A private key as its owner brings it: PKCS#8, DER. */
export const privateKeys = {
  RSA_2048: () => der("rsa", 2048),
  RSA_3072: () => der("rsa", 3072),
  ECC_NIST_P256: () => curve("prime256v1"),
  ECC_NIST_P384: () => curve("secp384r1"),
  ECC_NIST_P521: () => curve("secp521r1"),
  ECC_SECG_P256K1: () => curve("secp256k1"),
  SM2: () => curve("SM2"),
  ECC_NIST_EDWARDS25519: () =>
    generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "der" }),
} as const;

const der = (_: "rsa", modulusLength: number): Buffer =>
  generateKeyPairSync("rsa", { modulusLength }).privateKey.export({ type: "pkcs8", format: "der" });

const curve = (namedCurve: string): Buffer =>
  generateKeyPairSync("ec", { namedCurve }).privateKey.export({ type: "pkcs8", format: "der" });
