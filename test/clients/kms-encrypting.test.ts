import assert from "node:assert/strict";
import {
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  type KeyObject,
  publicEncrypt,
} from "node:crypto";
import { test } from "node:test";
import {
  CreateKeyCommand,
  type CreateKeyRequest,
  DecapsulateCommand,
  DecryptCommand,
  DeriveSharedSecretCommand,
  EncapsulateCommand,
  EncryptCommand,
  GenerateDataKeyPairCommand,
  GenerateDataKeyPairWithoutPlaintextCommand,
  GetPublicKeyCommand,
  type KMSClient,
  ReEncryptCommand,
} from "@aws-sdk/client-kms";
import { startKmsClient } from "../support/kms-client.ts";

const Message = Buffer.from("four windows of June");

async function make(kms: KMSClient, input: CreateKeyRequest): Promise<string> {
  const { KeyMetadata } = await kms.send(new CreateKeyCommand(input));
  return KeyMetadata?.Arn ?? "";
}

async function publicKey(kms: KMSClient, KeyId: string): Promise<KeyObject> {
  const { PublicKey } = await kms.send(new GetPublicKeyCommand({ KeyId }));
  return createPublicKey({ key: Buffer.from(PublicKey ?? []), format: "der", type: "spki" });
}

test("RSA keys encrypt for whoever has the public key, and re-encrypt", async (t) => {
  const { kms } = await startKmsClient(t);
  const KeyId = await make(kms, { KeySpec: "RSA_2048", KeyUsage: "ENCRYPT_DECRYPT" });
  const symmetric = await make(kms, {});
  const key = await publicKey(kms, KeyId);
  for (const [EncryptionAlgorithm, oaepHash, max] of [
    ["RSAES_OAEP_SHA_1", "sha1", 214],
    ["RSAES_OAEP_SHA_256", "sha256", 190],
  ] as const) {
    const input = { KeyId, EncryptionAlgorithm };
    const made = await kms.send(new EncryptCommand({ ...input, Plaintext: Buffer.alloc(max, 7) }));
    const { CiphertextBlob } = made;
    const opened = await kms.send(new DecryptCommand({ ...input, CiphertextBlob }));
    assert.deepEqual(Buffer.from(opened.Plaintext ?? []), Buffer.alloc(max, 7));
    const long = kms.send(new EncryptCommand({ ...input, Plaintext: Buffer.alloc(max + 1) }));
    await assert.rejects(long, { name: "ValidationException" });
    const outside = publicEncrypt({ key, oaepHash }, Message);
    const read = await kms.send(new DecryptCommand({ ...input, CiphertextBlob: outside }));
    assert.deepEqual(Buffer.from(read.Plaintext ?? []), Message);
    const moved = await kms.send(
      new ReEncryptCommand({
        CiphertextBlob: outside,
        SourceKeyId: KeyId,
        SourceEncryptionAlgorithm: EncryptionAlgorithm,
        DestinationKeyId: symmetric,
      }),
    );
    const after = await kms.send(new DecryptCommand({ CiphertextBlob: moved.CiphertextBlob }));
    assert.deepEqual(Buffer.from(after.Plaintext ?? []), Message);
    outside[5] = (outside[5] ?? 0) ^ 1;
    const altered = kms.send(new DecryptCommand({ ...input, CiphertextBlob: outside }));
    await assert.rejects(altered, { name: "InvalidCiphertextException" });
    const unnamed = kms.send(new DecryptCommand({ CiphertextBlob, EncryptionAlgorithm }));
    await assert.rejects(unnamed, { name: "InvalidCiphertextException" });
    const bound = { ...input, Plaintext: Message, EncryptionContext: { a: "b" } };
    await assert.rejects(kms.send(new EncryptCommand(bound)), { name: "ValidationException" });
  }
});

test("data key pairs come under a symmetric key", async (t) => {
  const { kms } = await startKmsClient(t);
  const KeyId = await make(kms, {});
  const EncryptionContext = { order: "7" };
  for (const KeyPairSpec of [
    "RSA_2048",
    "ECC_NIST_P256",
    "ECC_NIST_P384",
    "ECC_NIST_P521",
    "ECC_SECG_P256K1",
    "ECC_NIST_EDWARDS25519",
    "SM2",
  ] as const) {
    const input = { KeyId, KeyPairSpec, EncryptionContext };
    const made = await kms.send(new GenerateDataKeyPairCommand(input));
    const plain = Buffer.from(made.PrivateKeyPlaintext ?? []);
    const CiphertextBlob = made.PrivateKeyCiphertextBlob;
    const opened = await kms.send(new DecryptCommand({ CiphertextBlob, EncryptionContext }));
    assert.deepEqual(Buffer.from(opened.Plaintext ?? []), plain);
    const privateKey = createPrivateKey({ key: plain, format: "der", type: "pkcs8" });
    const own = createPublicKey(privateKey).export({ format: "der", type: "spki" });
    assert.deepEqual(Buffer.from(made.PublicKey ?? []), own);
    const hidden = await kms.send(new GenerateDataKeyPairWithoutPlaintextCommand(input));
    assert.ok(hidden.PrivateKeyCiphertextBlob && !("PrivateKeyPlaintext" in hidden));
  }
  const dry = kms.send(
    new GenerateDataKeyPairCommand({ KeyId, KeyPairSpec: "RSA_4096", DryRun: true }),
  );
  await assert.rejects(dry, { name: "DryRunOperationException" });
});

test("keys on one curve agree on a secret; points of another curve, and no points, are refused", async (t) => {
  const { kms } = await startKmsClient(t);
  for (const [KeySpec, namedCurve, wrong] of [
    ["ECC_NIST_P256", "prime256v1", "secp384r1"],
    ["ECC_NIST_P384", "secp384r1", "secp521r1"],
    ["ECC_NIST_P521", "secp521r1", "prime256v1"],
  ] as const) {
    const KeyId = await make(kms, { KeySpec, KeyUsage: "KEY_AGREEMENT" });
    const pair = generateKeyPairSync("ec", { namedCurve });
    const spki = pair.publicKey.export({ format: "der", type: "spki" });
    const ask = (PublicKey: Uint8Array) =>
      kms.send(new DeriveSharedSecretCommand({ KeyId, KeyAgreementAlgorithm: "ECDH", PublicKey }));
    const { SharedSecret } = await ask(spki);
    const own = await publicKey(kms, KeyId);
    const right = diffieHellman({ privateKey: pair.privateKey, publicKey: own });
    assert.deepEqual(Buffer.from(SharedSecret ?? []), right);
    const other = generateKeyPairSync("ec", { namedCurve: wrong }).publicKey;
    const off = Buffer.from(spki);
    off[off.length - 1] = (off.at(-1) ?? 0) ^ 1;
    for (const bad of [other.export({ format: "der", type: "spki" }), off, Buffer.from("none")]) {
      await assert.rejects(ask(bad), { name: "ValidationException" });
    }
  }
});

test("ML-KEM keys encapsulate and open secrets", async (t) => {
  const { kms } = await startKmsClient(t);
  for (const KeySpec of ["ML_KEM_512", "ML_KEM_768", "ML_KEM_1024"] as const) {
    const KeyId = await make(kms, { KeySpec, KeyUsage: "ENCAPSULATE_DECAPSULATE" });
    const input = { KeyId, EncapsulationAlgorithm: "ML_KEM" } as const;
    const made = await kms.send(new EncapsulateCommand(input));
    const { SharedSecretCiphertextBlob = new Uint8Array() } = made;
    const open = (blob: Uint8Array) =>
      kms.send(new DecapsulateCommand({ ...input, SharedSecretCiphertextBlob: blob }));
    const opened = await open(SharedSecretCiphertextBlob);
    assert.equal(opened.SharedSecret?.length, 32);
    assert.deepEqual(opened.SharedSecret, made.SharedSecret);
    const cut = open(SharedSecretCiphertextBlob.slice(1));
    await assert.rejects(cut, { name: "InvalidCiphertextException" });
  }
});
