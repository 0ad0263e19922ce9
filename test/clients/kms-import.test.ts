import assert from "node:assert/strict";
import {
  constants,
  createCipheriv,
  createPublicKey,
  generateKeyPairSync,
  publicEncrypt,
  randomBytes,
  verify,
} from "node:crypto";
import { type TestContext, test } from "node:test";
import {
  type AlgorithmSpec,
  CreateKeyCommand,
  type CreateKeyRequest,
  DecryptCommand,
  DeleteImportedKeyMaterialCommand,
  DescribeKeyCommand,
  EnableKeyCommand,
  EncryptCommand,
  GenerateMacCommand,
  GetParametersForImportCommand,
  ImportKeyMaterialCommand,
  type ImportKeyMaterialRequest,
  KMSClient,
  ScheduleKeyDeletionCommand,
  SignCommand,
  type WrappingKeySpec,
} from "@aws-sdk/client-kms";
import { startBondstore } from "../support/bondstore.ts";

const Plaintext = Buffer.from("four windows of June");

async function start(t: TestContext) {
  const running = await startBondstore(t);
  const clientOf = async (name: string) => {
    const { root } = await running.tenant(name);
    const kms = new KMSClient(running.client(root));
    t.after(() => kms.destroy());
    return kms;
  };
  return { kms: await clientOf("acme"), other: await clientOf("eve") };
}

async function make(kms: KMSClient, more: Partial<CreateKeyRequest> = {}): Promise<string> {
  const made = await kms.send(new CreateKeyCommand({ Origin: "EXTERNAL", ...more }));
  assert.equal(made.KeyMetadata?.KeyState, "PendingImport");
  return made.KeyMetadata?.Arn ?? "";
}

/** Wraps as a client does: RFC 8017's OAEP, with an AES key between where the algorithm says so (RFC 5649). */
function wrap(algorithm: AlgorithmSpec, spki: Uint8Array, material: Uint8Array): Buffer {
  const key = createPublicKey({ key: Buffer.from(spki), format: "der", type: "spki" });
  const oaepHash = algorithm.endsWith("SHA_1") ? "sha1" : "sha256";
  const padding = constants.RSA_PKCS1_OAEP_PADDING;
  if (algorithm.startsWith("RSAES")) return publicEncrypt({ key, padding, oaepHash }, material);
  const between = randomBytes(32);
  const cipher = createCipheriv("id-aes256-wrap-pad", between, Buffer.from("a65959a6", "hex"));
  return Buffer.concat([
    publicEncrypt({ key, padding, oaepHash }, between),
    cipher.update(material),
    cipher.final(),
  ]);
}

interface How {
  readonly algorithm?: AlgorithmSpec;
  readonly spec?: WrappingKeySpec;
}

async function wrapped(
  kms: KMSClient,
  KeyId: string,
  material: Uint8Array,
  { algorithm = "RSA_AES_KEY_WRAP_SHA_256", spec = "RSA_2048" }: How = {},
): Promise<Pick<ImportKeyMaterialRequest, "KeyId" | "ImportToken" | "EncryptedKeyMaterial">> {
  const asked = { KeyId, WrappingAlgorithm: algorithm, WrappingKeySpec: spec };
  const { ImportToken, PublicKey } = await kms.send(new GetParametersForImportCommand(asked));
  const EncryptedKeyMaterial = wrap(algorithm, PublicKey ?? new Uint8Array(), material);
  return { KeyId, ImportToken, EncryptedKeyMaterial };
}

const forEver = { ExpirationModel: "KEY_MATERIAL_DOES_NOT_EXPIRE" } as const;

async function bring(kms: KMSClient, KeyId: string, material: Uint8Array, how: How = {}) {
  const input = await wrapped(kms, KeyId, material, how);
  return kms.send(new ImportKeyMaterialCommand({ ...input, ...forEver }));
}

for (const algorithm of [
  "RSAES_OAEP_SHA_1",
  "RSAES_OAEP_SHA_256",
  "RSA_AES_KEY_WRAP_SHA_1",
  "RSA_AES_KEY_WRAP_SHA_256",
] as const) {
  test(`material wrapped by ${algorithm} is imported, taken away, and only the same comes back`, async (t) => {
    const { kms } = await start(t);
    const KeyId = await make(kms);
    const invalid = { name: "KMSInvalidStateException" };
    await assert.rejects(kms.send(new EncryptCommand({ KeyId, Plaintext })), invalid);
    await assert.rejects(kms.send(new EnableKeyCommand({ KeyId })), invalid);
    const material = randomBytes(32);
    const { KeyMaterialId } = await bring(kms, KeyId, material, { algorithm });
    const { KeyMetadata } = await kms.send(new DescribeKeyCommand({ KeyId }));
    assert.deepEqual(
      [KeyMetadata?.KeyState, KeyMetadata?.Origin, KeyMetadata?.ExpirationModel],
      ["Enabled", "EXTERNAL", forEver.ExpirationModel],
    );
    const { CiphertextBlob } = await kms.send(new EncryptCommand({ KeyId, Plaintext }));
    await kms.send(new DeleteImportedKeyMaterialCommand({ KeyId }));
    const read = () => kms.send(new DecryptCommand({ CiphertextBlob }));
    await assert.rejects(read(), invalid);
    const otherMaterial = bring(kms, KeyId, randomBytes(32), { algorithm });
    await assert.rejects(otherMaterial, { name: "IncorrectKeyMaterialException" });
    const again = await bring(kms, KeyId, material, { algorithm });
    assert.equal(again.KeyMaterialId, KeyMaterialId);
    assert.deepEqual(Buffer.from((await read()).Plaintext ?? []), Plaintext);
  });
}

test("private keys and MAC keys are imported; what is not of the spec is refused", async (t) => {
  const { kms } = await start(t);
  const ecc = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
  const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const der = { format: "der", type: "pkcs8" } as const;
  const pairs = [
    ["ECC_NIST_P256", ecc, "ECDSA_SHA_256"],
    ["RSA_2048", rsa, "RSASSA_PKCS1_V1_5_SHA_256"],
  ] as const;
  for (const [KeySpec, pair, SigningAlgorithm] of pairs) {
    const KeyId = await make(kms, { KeySpec, KeyUsage: "SIGN_VERIFY" });
    const wrong = KeySpec === "RSA_2048" ? ecc : rsa;
    for (const bad of [wrong.privateKey.export(der), Buffer.from("no key"), randomBytes(32)]) {
      await assert.rejects(bring(kms, KeyId, bad), { name: "InvalidCiphertextException" });
    }
    await bring(kms, KeyId, pair.privateKey.export(der));
    const signed = await kms.send(new SignCommand({ KeyId, Message: Plaintext, SigningAlgorithm }));
    assert.ok(verify("sha256", Plaintext, pair.publicKey, signed.Signature ?? new Uint8Array()));
  }
  const KeyId = await make(kms, { KeySpec: "HMAC_256", KeyUsage: "GENERATE_VERIFY_MAC" });
  await assert.rejects(bring(kms, KeyId, randomBytes(31)), { name: "InvalidCiphertextException" });
  await bring(kms, KeyId, randomBytes(32));
  const asked = { KeyId, Message: Plaintext, MacAlgorithm: "HMAC_SHA_256" } as const;
  assert.equal((await kms.send(new GenerateMacCommand(asked))).Mac?.length, 32);
});

test("a token is of one key and one account; what was altered on the way is refused alike", async (t) => {
  const { kms, other } = await start(t);
  const [one, two, theirs] = [await make(kms), await make(kms), await make(other)];
  const input = await wrapped(kms, one, randomBytes(32));
  const attempt = (client: KMSClient, more: Partial<ImportKeyMaterialRequest>) =>
    client.send(new ImportKeyMaterialCommand({ ...input, ...forEver, ...more }));
  const token = { name: "InvalidImportTokenException" };
  await assert.rejects(attempt(kms, { KeyId: two }), token);
  await assert.rejects(attempt(other, { KeyId: theirs }), token);
  await assert.rejects(attempt(other, {}), { name: "AccessDeniedException" });
  await assert.rejects(attempt(kms, { ImportToken: randomBytes(600) }), token);
  const blob = Buffer.from(input.EncryptedKeyMaterial ?? []);
  for (const at of [0, 255, 256, blob.length - 1]) {
    const altered = Buffer.from(blob);
    altered[at] = (altered[at] ?? 0) ^ 1;
    const asked = attempt(kms, { EncryptedKeyMaterial: altered });
    await assert.rejects(asked, { name: "InvalidCiphertextException" }, `byte ${at}`);
  }
  const cut = attempt(kms, { EncryptedKeyMaterial: blob.subarray(0, 200) });
  await assert.rejects(cut, { name: "InvalidCiphertextException" });
  await attempt(kms, {});
});

test("what import cannot do is refused with KMS's words", async (t) => {
  const { kms } = await start(t);
  const made = await kms.send(new CreateKeyCommand({}));
  const own = made.KeyMetadata?.Arn ?? "";
  const KeyId = await make(kms);
  const rows: readonly (readonly [code: string, () => Promise<unknown>])[] = [
    ["UnsupportedOperationException", () => bring(kms, own, randomBytes(32))],
    [
      "UnsupportedOperationException",
      () => kms.send(new DeleteImportedKeyMaterialCommand({ KeyId: own })),
    ],
    ["InvalidCiphertextException", () => bring(kms, KeyId, randomBytes(16))],
    [
      "UnsupportedOperationException",
      () =>
        kms.send(
          new GetParametersForImportCommand({
            KeyId,
            WrappingAlgorithm: "RSAES_PKCS1_V1_5",
            WrappingKeySpec: "RSA_2048",
          }),
        ),
    ],
    [
      "ValidationException",
      async () => {
        const input = await wrapped(kms, KeyId, randomBytes(32));
        return kms.send(new ImportKeyMaterialCommand(input));
      },
    ],
    [
      "ValidationException",
      async () => {
        const input = await wrapped(kms, KeyId, randomBytes(32));
        const past = new Date(Date.now() - 1000);
        return kms.send(new ImportKeyMaterialCommand({ ...input, ValidTo: past }));
      },
    ],
  ];
  for (const [name, attempt] of rows) await assert.rejects(attempt(), { name });
  await kms.send(new ScheduleKeyDeletionCommand({ KeyId, PendingWindowInDays: 7 }));
  await assert.rejects(bring(kms, KeyId, randomBytes(32)), { name: "KMSInvalidStateException" });
});
