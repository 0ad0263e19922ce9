import assert from "node:assert/strict";
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  type KeyObject,
  publicEncrypt,
  sign,
  verify,
} from "node:crypto";
import { type TestContext, test } from "node:test";
import {
  CreateKeyCommand,
  type CreateKeyRequest,
  DecapsulateCommand,
  DecryptCommand,
  DeriveSharedSecretCommand,
  DescribeKeyCommand,
  DisableKeyCommand,
  EncapsulateCommand,
  EncryptCommand,
  GenerateDataKeyCommand,
  GenerateDataKeyPairCommand,
  GenerateDataKeyPairWithoutPlaintextCommand,
  GenerateMacCommand,
  GetPublicKeyCommand,
  KMSClient,
  type MacAlgorithmSpec,
  ReEncryptCommand,
  RotateKeyOnDemandCommand,
  SignCommand,
  type SigningAlgorithmSpec,
  VerifyCommand,
  VerifyMacCommand,
} from "@aws-sdk/client-kms";
import { startBondstore } from "../support/bondstore.ts";

const Message = Buffer.from("four windows of June");

async function start(t: TestContext): Promise<KMSClient> {
  const running = await startBondstore(t);
  const { root } = await running.tenant("acme");
  const kms = new KMSClient(running.client(root));
  t.after(() => kms.destroy());
  return kms;
}

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
    const kms = await start(t);
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
    const kms = await start(t);
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
  const kms = await start(t);
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

test("RSA keys encrypt for whoever has the public key, and re-encrypt", async (t) => {
  const kms = await start(t);
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
  const kms = await start(t);
  const KeyId = await make(kms, {});
  const EncryptionContext = { order: "7" };
  for (const KeyPairSpec of [
    "RSA_2048",
    "ECC_NIST_P256",
    "ECC_SECG_P256K1",
    "ECC_NIST_EDWARDS25519",
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
  const kms = await start(t);
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
  const kms = await start(t);
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

test("a key says what it is, and does nothing that it is not for", async (t) => {
  const kms = await start(t);
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
    [
      "UnsupportedOperationException",
      () => kms.send(new CreateKeyCommand({ KeySpec: "SM2", KeyUsage: "SIGN_VERIFY" })),
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
  const kms = await start(t);
  const KeyId = await make(kms, { KeySpec: "ECC_NIST_P256", KeyUsage: "SIGN_VERIFY" });
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
  const Signature = sign("sha256", Message, privateKey);
  const asked = { KeyId, Message, Signature, SigningAlgorithm: "ECDSA_SHA_256" } as const;
  await assert.rejects(kms.send(new VerifyCommand(asked)), {
    name: "KMSInvalidSignatureException",
  });
});
