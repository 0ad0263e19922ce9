import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash, createPublicKey, verify } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import {
  CreateKeyCommand,
  DecryptCommand,
  DeriveSharedSecretCommand,
  EncryptCommand,
  GetPublicKeyCommand,
  type KeySpec,
  type KeyUsageType,
  KMSClient,
  SignCommand,
  VerifyCommand,
} from "@aws-sdk/client-kms";
import { startBondstore } from "../support/bondstore.ts";

const Message = Buffer.from("four windows of June");

async function start(t: TestContext) {
  const running = await startBondstore(t);
  const { root } = await running.tenant("acme");
  const kms = new KMSClient(running.client(root));
  const folder = mkdtempSync(join(tmpdir(), "bondstore-sm2-"));
  t.after(() => {
    kms.destroy();
    rmSync(folder, { recursive: true });
  });
  /** Runs OpenSSL with files of these contents, which arguments name `@name`; answers what it prints. */
  const openssl = (words: string, files: Readonly<Record<string, Uint8Array>> = {}): Buffer => {
    for (const [name, bytes] of Object.entries(files)) writeFileSync(join(folder, name), bytes);
    const named = words.split(" ").map((word) => word.replace(/^@/, `${folder}/`));
    return execFileSync("openssl", named, { stdio: ["ignore", "pipe", "ignore"] });
  };
  const make = async (KeySpec: KeySpec, KeyUsage: KeyUsageType) => {
    const { KeyMetadata } = await kms.send(new CreateKeyCommand({ KeySpec, KeyUsage }));
    const KeyId = KeyMetadata?.Arn ?? "";
    const { PublicKey } = await kms.send(new GetPublicKeyCommand({ KeyId }));
    return { KeyId, spki: Buffer.from(PublicKey ?? []) };
  };
  return { kms, openssl, make };
}

const pemOf = (spki: Buffer) => openPem("PUBLIC KEY", spki);
const openPem = (label: string, der: Buffer) =>
  Buffer.from(
    `-----BEGIN ${label}-----\n${der.toString("base64").replace(/.{64}/g, "$&\n")}\n-----END ${label}-----\n`,
  );

test("OpenSSL verifies what SM2 keys sign, and signs what they verify", async (t) => {
  const { kms, openssl, make } = await start(t);
  const { KeyId, spki } = await make("SM2", "SIGN_VERIFY");
  const input = { KeyId, SigningAlgorithm: "SM2DSA" } as const;
  const { Signature } = await kms.send(new SignCommand({ ...input, Message }));
  const how = "dgst -sm3 -sigopt distid:1234567812345678";
  const files = { key: pemOf(spki), message: Message, signature: Signature ?? Buffer.alloc(0) };
  const said = openssl(`${how} -verify @key -signature @signature @message`, files);
  assert.match(said.toString(), /Verified OK/);
  const check = { ...input, Message, Signature };
  assert.equal((await kms.send(new VerifyCommand(check))).SignatureValid, true);
  const other = kms.send(new VerifyCommand({ ...check, Message: Buffer.from("other") }));
  await assert.rejects(other, { name: "KMSInvalidSignatureException" });
  const short = { ...input, Message: Message.subarray(0, 10), MessageType: "DIGEST" } as const;
  await assert.rejects(kms.send(new SignCommand(short)), { name: "ValidationException" });
});

test("SM2 keys open what OpenSSL encrypts to them, and nothing that was altered", async (t) => {
  const { kms, openssl, make } = await start(t);
  const { KeyId, spki } = await make("SM2", "ENCRYPT_DECRYPT");
  const input = { KeyId, EncryptionAlgorithm: "SM2PKE" } as const;
  const { CiphertextBlob } = await kms.send(new EncryptCommand({ ...input, Plaintext: Message }));
  const outside = openssl("pkeyutl -encrypt -pubin -inkey @key -in @message", {
    key: pemOf(spki),
    message: Message,
  });
  for (const sealed of [CiphertextBlob, outside]) {
    const { Plaintext } = await kms.send(new DecryptCommand({ ...input, CiphertextBlob: sealed }));
    assert.deepEqual(Buffer.from(Plaintext ?? []), Message);
  }
  for (const at of [3, 40, 80, outside.length - 1]) {
    const altered = Buffer.from(outside);
    altered[at] = (altered[at] ?? 0) ^ 1;
    const attempt = kms.send(new DecryptCommand({ ...input, CiphertextBlob: altered }));
    await assert.rejects(attempt, { name: "InvalidCiphertextException" }, `byte ${at}`);
  }
  const long = kms.send(new EncryptCommand({ ...input, Plaintext: Buffer.alloc(1025) }));
  await assert.rejects(long, { name: "ValidationException" });
});

test("SM2 keys agree with each other, and with no key of another curve", async (t) => {
  const { kms, make } = await start(t);
  const [one, two] = [await make("SM2", "KEY_AGREEMENT"), await make("SM2", "KEY_AGREEMENT")];
  const agree = (KeyId: string, PublicKey: Uint8Array) =>
    kms.send(new DeriveSharedSecretCommand({ KeyId, KeyAgreementAlgorithm: "ECDH", PublicKey }));
  const { SharedSecret } = await agree(one.KeyId, two.spki);
  assert.equal(SharedSecret?.length, 32);
  assert.deepEqual((await agree(two.KeyId, one.spki)).SharedSecret, SharedSecret);
  const nist = await make("ECC_NIST_P256", "KEY_AGREEMENT");
  await assert.rejects(agree(one.KeyId, nist.spki), { name: "ValidationException" });
  await assert.rejects(agree(nist.KeyId, one.spki), { name: "ValidationException" });
});

test("Ed25519 takes messages and Ed25519ph digests, and neither takes the other's", async (t) => {
  const { kms, make } = await start(t);
  const { KeyId, spki } = await make("ECC_NIST_EDWARDS25519", "SIGN_VERIFY");
  const digest = createHash("sha512").update(Message).digest();
  const plain = {
    KeyId,
    Message,
    SigningAlgorithm: "ED25519_SHA_512",
    MessageType: "RAW",
  } as const;
  const hashed = {
    KeyId,
    Message: digest,
    SigningAlgorithm: "ED25519_PH_SHA_512",
    MessageType: "DIGEST",
  } as const;
  const { Signature = Buffer.alloc(0) } = await kms.send(new SignCommand(plain));
  const key = createPublicKey({ key: spki, format: "der", type: "spki" });
  assert.ok(verify(null, Message, key, Signature));
  const byDigest = await kms.send(new SignCommand(hashed));
  const check = { ...hashed, Signature: byDigest.Signature };
  assert.equal((await kms.send(new VerifyCommand(check))).SignatureValid, true);
  const crossed = kms.send(new VerifyCommand({ ...plain, Signature: byDigest.Signature }));
  await assert.rejects(crossed, { name: "KMSInvalidSignatureException" });
  for (const wrong of [
    { ...plain, Message: digest, MessageType: "DIGEST" },
    { ...hashed, MessageType: "RAW" },
    { ...hashed, Message },
    { ...hashed, MessageType: "EXTERNAL_MU" },
  ] as const) {
    await assert.rejects(kms.send(new SignCommand(wrong)), { name: "ValidationException" });
  }
});
