import assert from "node:assert/strict";
import {
  createHash,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  verify,
} from "node:crypto";
import { test } from "node:test";
import {
  CreateKeyCommand,
  type CreateKeyRequest,
  DescribeKeyCommand,
  DisableKeyCommand,
  EncryptCommand,
  GenerateDataKeyCommand,
  GenerateMacCommand,
  GetPublicKeyCommand,
  type KMSClient,
  type MacAlgorithmSpec,
  RotateKeyOnDemandCommand,
  SignCommand,
  type SigningAlgorithmSpec,
  VerifyCommand,
  VerifyMacCommand,
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

const hashOf = (algorithm: string) => `sha${/SHA_(\d+)$/.exec(algorithm)?.[1]}`;

/** Verifies with OpenSSL what the key service signed. */
function isRight(algorithm: SigningAlgorithmSpec, key: KeyObject, signature: Uint8Array): boolean {
  const pss = algorithm.startsWith("RSASSA_PSS") ? { padding: 6, saltLength: -1 } : {};
  const hash = algorithm.startsWith("ED25519") ? null : hashOf(algorithm);
  return verify(hash, Message, { key, ...pss }, signature);
}

const signers: readonly (readonly [
  CreateKeyRequest["KeySpec"],
  readonly SigningAlgorithmSpec[],
])[] = [
  [
    "RSA_2048",
    [
      "RSASSA_PKCS1_V1_5_SHA_256",
      "RSASSA_PKCS1_V1_5_SHA_384",
      "RSASSA_PKCS1_V1_5_SHA_512",
      "RSASSA_PSS_SHA_256",
      "RSASSA_PSS_SHA_384",
      "RSASSA_PSS_SHA_512",
    ],
  ],
  ["RSA_3072", ["RSASSA_PSS_SHA_256"]],
  ["ECC_NIST_P256", ["ECDSA_SHA_256"]],
  ["ECC_NIST_P384", ["ECDSA_SHA_384"]],
  ["ECC_NIST_P521", ["ECDSA_SHA_512"]],
  ["ECC_SECG_P256K1", ["ECDSA_SHA_256"]],
  ["ECC_NIST_EDWARDS25519", ["ED25519_SHA_512"]],
];

for (const [KeySpec, algorithms] of signers) {
  test(`${KeySpec} signs and verifies, messages and digests, as OpenSSL does`, async (t) => {
    const { kms } = await startKmsClient(t);
    const KeyId = await make(kms, { KeySpec, KeyUsage: "SIGN_VERIFY" });
    const key = await publicKey(kms, KeyId);
    for (const SigningAlgorithm of algorithms) {
      const digest = SigningAlgorithm.startsWith("ED25519")
        ? undefined
        : createHash(hashOf(SigningAlgorithm)).update(Message).digest();
      const forms = [
        { Message, MessageType: "RAW" },
        ...(digest ? [{ Message: digest, MessageType: "DIGEST" as const }] : []),
      ] as const;
      for (const form of forms) {
        const title = `${SigningAlgorithm} ${form.MessageType}`;
        const input = { KeyId, SigningAlgorithm, ...form };
        const { Signature = new Uint8Array() } = await kms.send(new SignCommand(input));
        assert.ok(isRight(SigningAlgorithm, key, Signature), title);
        for (const other of forms) {
          const asked = { KeyId, SigningAlgorithm, ...other, Signature };
          const { SignatureValid } = await kms.send(new VerifyCommand(asked));
          assert.equal(SignatureValid, true, title);
          const wrong = Buffer.from(other.Message);
          wrong[0] = (wrong[0] ?? 0) ^ 1;
          await assert.rejects(kms.send(new VerifyCommand({ ...asked, Message: wrong })), {
            name: "KMSInvalidSignatureException",
          });
          const cut = kms.send(new VerifyCommand({ ...asked, Signature: Signature.slice(1) }));
          await assert.rejects(cut, { name: "KMSInvalidSignatureException" });
        }
      }
      if (!digest) continue;
      const short = { KeyId, SigningAlgorithm, Message: digest.subarray(1) };
      const cut = kms.send(new SignCommand({ ...short, MessageType: "DIGEST" }));
      await assert.rejects(cut, { name: "ValidationException", message: /invalid length/ });
    }
  });
}

for (const KeySpec of ["ML_DSA_44", "ML_DSA_65", "ML_DSA_87"] as const) {
  test(`${KeySpec} signs and verifies messages, also by their hash that FIPS 204 calls mu`, async (t) => {
    const { kms } = await startKmsClient(t);
    const KeyId = await make(kms, { KeySpec, KeyUsage: "SIGN_VERIFY" });
    const SigningAlgorithm = "ML_DSA_SHAKE_256";
    const { PublicKey = new Uint8Array() } = await kms.send(new GetPublicKeyCommand({ KeyId }));
    const raw = Buffer.from(PublicKey).subarray(22);
    const shake = (...parts: Uint8Array[]) =>
      createHash("shake256", { outputLength: 64 }).update(Buffer.concat(parts)).digest();
    const mu = shake(shake(raw), Buffer.from([0, 0]), Message);
    const input = { KeyId, SigningAlgorithm } as const;
    const { Signature } = await kms.send(new SignCommand({ ...input, Message }));
    const byMu = { ...input, Message: mu, MessageType: "EXTERNAL_MU", Signature } as const;
    assert.equal((await kms.send(new VerifyCommand(byMu))).SignatureValid, true);
    const other = await kms.send(new SignCommand({ ...byMu }));
    const plain = { ...input, Message, Signature: other.Signature };
    assert.equal((await kms.send(new VerifyCommand(plain))).SignatureValid, true);
    const wrong = kms.send(new VerifyCommand({ ...plain, Message: Buffer.from("other") }));
    await assert.rejects(wrong, { name: "KMSInvalidSignatureException" });
    const digest = kms.send(new SignCommand({ ...byMu, MessageType: "DIGEST" }));
    await assert.rejects(digest, { name: "ValidationException" });
  });
}

const macs: readonly (readonly [CreateKeyRequest["KeySpec"], MacAlgorithmSpec])[] = [
  ["HMAC_224", "HMAC_SHA_224"],
  ["HMAC_256", "HMAC_SHA_256"],
  ["HMAC_384", "HMAC_SHA_384"],
  ["HMAC_512", "HMAC_SHA_512"],
];
test("MAC keys make and verify MACs of their hash", async (t) => {
  const { kms } = await startKmsClient(t);
  for (const [KeySpec, MacAlgorithm] of macs) {
    const KeyId = await make(kms, { KeySpec, KeyUsage: "GENERATE_VERIFY_MAC" });
    const { Mac } = await kms.send(new GenerateMacCommand({ KeyId, Message, MacAlgorithm }));
    assert.equal((Mac?.length ?? 0) * 8, Number(KeySpec?.slice(5)));
    const asked = { KeyId, Message, MacAlgorithm, Mac };
    assert.equal((await kms.send(new VerifyMacCommand(asked))).MacValid, true);
    const wrong = kms.send(new VerifyMacCommand({ ...asked, Message: Buffer.from("other") }));
    await assert.rejects(wrong, { name: "KMSInvalidMacException" });
    const cut = kms.send(new VerifyMacCommand({ ...asked, Mac: Mac?.slice(1) }));
    await assert.rejects(cut, { name: "KMSInvalidMacException" });
    const other = macs.find(([, name]) => name !== MacAlgorithm)?.[1];
    const confused = { KeyId, Message, MacAlgorithm: other };
    await assert.rejects(kms.send(new GenerateMacCommand(confused)), {
      name: "InvalidKeyUsageException",
    });
  }
});

test("a key says what it is, and does nothing that it is not for", async (t) => {
  const { kms } = await startKmsClient(t);
  const KeyId = await make(kms, { KeySpec: "ECC_NIST_P256", KeyUsage: "SIGN_VERIFY" });
  const { KeyMetadata } = await kms.send(new DescribeKeyCommand({ KeyId }));
  assert.deepEqual(
    [KeyMetadata?.KeySpec, KeyMetadata?.KeyUsage, KeyMetadata?.SigningAlgorithms],
    ["ECC_NIST_P256", "SIGN_VERIFY", ["ECDSA_SHA_256"]],
  );
  assert.equal(KeyMetadata?.EncryptionAlgorithms, undefined);
  const symmetric = await make(kms, {});
  const refused: readonly (readonly [code: string, () => Promise<unknown>])[] = [
    ["InvalidKeyUsageException", () => kms.send(new EncryptCommand({ KeyId, Plaintext: Message }))],
    [
      "InvalidKeyUsageException",
      () => kms.send(new GenerateDataKeyCommand({ KeyId, KeySpec: "AES_256" })),
    ],
    [
      "InvalidKeyUsageException",
      () => kms.send(new GenerateMacCommand({ KeyId, Message, MacAlgorithm: "HMAC_SHA_256" })),
    ],
    [
      "InvalidKeyUsageException",
      () => kms.send(new SignCommand({ KeyId, Message, SigningAlgorithm: "RSASSA_PSS_SHA_256" })),
    ],
    [
      "InvalidKeyUsageException",
      () =>
        kms.send(new SignCommand({ KeyId: symmetric, Message, SigningAlgorithm: "ECDSA_SHA_256" })),
    ],
    ["UnsupportedOperationException", () => kms.send(new RotateKeyOnDemandCommand({ KeyId }))],
    [
      "UnsupportedOperationException",
      () => kms.send(new GetPublicKeyCommand({ KeyId: symmetric })),
    ],
    ["ValidationException", () => kms.send(new CreateKeyCommand({ KeySpec: "RSA_2048" }))],
    [
      "ValidationException",
      () => kms.send(new CreateKeyCommand({ KeySpec: "HMAC_256", KeyUsage: "SIGN_VERIFY" })),
    ],
  ];
  for (const [name, attempt] of refused) await assert.rejects(attempt(), { name });
  const sign_ = { KeyId, Message, SigningAlgorithm: "ECDSA_SHA_256" } as const;
  await assert.rejects(kms.send(new SignCommand({ ...sign_, DryRun: true })), {
    name: "DryRunOperationException",
  });
  await kms.send(new DisableKeyCommand({ KeyId }));
  await assert.rejects(kms.send(new SignCommand(sign_)), { name: "DisabledException" });
});

test("a signature of somebody else's key is not of ours", async (t) => {
  const { kms } = await startKmsClient(t);
  const KeyId = await make(kms, { KeySpec: "ECC_NIST_P256", KeyUsage: "SIGN_VERIFY" });
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
  const Signature = sign("sha256", Message, privateKey);
  const asked = { KeyId, Message, Signature, SigningAlgorithm: "ECDSA_SHA_256" } as const;
  await assert.rejects(kms.send(new VerifyCommand(asked)), {
    name: "KMSInvalidSignatureException",
  });
});
