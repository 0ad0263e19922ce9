import assert from "node:assert/strict";
import { createPrivateKey, generateKeyPairSync, randomBytes } from "node:crypto";
import { test } from "node:test";
import type {
  DecryptResponse,
  DescribeKeyResponse,
  GetParametersForImportResponse,
} from "@aws-sdk/client-kms";
import { ServiceError } from "../../src/lib/service-error.ts";
import { type As, makeKey, other, Plaintext, refuses, seal, startKms } from "../support/kms.ts";
import {
  forEver,
  importInput,
  importMaterial,
  privateKeys,
  wrapMaterial,
} from "../support/kms-import.ts";

const dayMs = 86_400_000;
const external = { Origin: "EXTERNAL" };

const stateOf = async (call: As, KeyId: string): Promise<string | undefined> =>
  (await call<DescribeKeyResponse>("DescribeKey", { KeyId })).KeyMetadata?.KeyState;

const refusalOf = async (promise: Promise<unknown>): Promise<string> => {
  try {
    await promise;
  } catch (error) {
    assert.ok(error instanceof ServiceError, String(error));
    return `${error.code}: ${error.message}`;
  }
  return assert.fail("it was not refused");
};

test("a token brings nothing into another key, and an altered one nothing at all", async (t) => {
  const kms = await startKms(t);
  const root = kms.as(kms.root());
  const [KeyId, second] = [await makeKey(root, external), await makeKey(root, external)];
  const eve = kms.as(kms.root(other));
  const hers = await makeKey(eve, external);
  const input = await importInput(root, KeyId, randomBytes(32));
  const { ImportToken } = input;
  const wrong = "InvalidImportTokenException";
  await refuses(root("ImportKeyMaterial", { ...input, KeyId: second }), wrong);
  await refuses(eve("ImportKeyMaterial", { ...input, KeyId: hers }), wrong);
  await refuses(eve("ImportKeyMaterial", input), "AccessDeniedException");
  for (const size of [0, 1, 12, 27, 28, 100, ImportToken.length - 1]) {
    const cut = ImportToken.subarray(0, size);
    await refuses(root("ImportKeyMaterial", { ...input, ImportToken: cut }), wrong);
  }
  for (const at of [0, 11, 12, 40, ImportToken.length - 1]) {
    const altered = Buffer.from(ImportToken);
    altered[at] = (altered[at] ?? 0) ^ 1;
    await refuses(root("ImportKeyMaterial", { ...input, ImportToken: altered }), wrong);
  }
  for (const id of [KeyId, second]) assert.equal(await stateOf(root, id), "PendingImport");
  await root("ImportKeyMaterial", input);
  assert.equal(await stateOf(root, KeyId), "Enabled");
});

test("a token ends after a day, and with its key", async (t) => {
  const kms = await startKms(t);
  const root = kms.as(kms.root());
  const KeyId = await makeKey(root, external);
  const input = await importInput(root, KeyId, randomBytes(32));
  kms.clock.nowMs += dayMs - 1;
  await root("ImportKeyMaterial", input);
  kms.clock.nowMs += 1;
  await refuses(root("ImportKeyMaterial", input), "ExpiredImportTokenException");
  const fresh = await importInput(root, KeyId, randomBytes(32));
  await root("ScheduleKeyDeletion", { KeyId, PendingWindowInDays: 7 });
  await refuses(root("ImportKeyMaterial", fresh), "KMSInvalidStateException", /pending deletion/);
  await refuses(
    root("GetParametersForImport", {
      KeyId,
      WrappingAlgorithm: "RSAES_OAEP_SHA_256",
      WrappingKeySpec: "RSA_2048",
    }),
    "KMSInvalidStateException",
  );
});

test("whatever is wrong with a wrapped material, the answer is the same", async (t) => {
  const kms = await startKms(t);
  const root = kms.as(kms.root());
  const KeyId = await makeKey(root, external);
  const words = new Set<string>();
  for (const algorithm of ["RSAES_OAEP_SHA_256", "RSA_AES_KEY_WRAP_SHA_256"] as const) {
    const given = await root<GetParametersForImportResponse>("GetParametersForImport", {
      KeyId,
      WrappingAlgorithm: algorithm,
      WrappingKeySpec: "RSA_2048",
    });
    const right = wrapMaterial(given.PublicKey, algorithm, randomBytes(32));
    const oaep = (bytes: number) =>
      wrapMaterial(given.PublicKey, "RSAES_OAEP_SHA_256", randomBytes(bytes));
    const flipped = [0, 100, 255, right.length - 1].map((at) => {
      const bytes = Buffer.from(right);
      bytes[at] = (bytes[at] ?? 0) ^ 1;
      return bytes;
    });
    const wrongs = [
      Buffer.alloc(0),
      Buffer.from("x"),
      right.subarray(0, -1),
      right.subarray(1),
      Buffer.concat([right, Buffer.alloc(1)]),
      Buffer.concat([right, Buffer.alloc(8)]),
      randomBytes(256),
      randomBytes(6144),
      wrapMaterial(given.PublicKey, "RSAES_OAEP_SHA_1", randomBytes(32)),
      wrapMaterial(given.PublicKey, "RSA_AES_KEY_WRAP_SHA_1", randomBytes(32)),
      oaep(16),
      oaep(33),
      Buffer.concat([oaep(16), right.subarray(256)]),
      Buffer.concat([oaep(32), randomBytes(16)]),
      ...flipped,
    ];
    for (const EncryptedKeyMaterial of wrongs) {
      const input = { KeyId, ImportToken: given.ImportToken, EncryptedKeyMaterial };
      words.add(await refusalOf(root("ImportKeyMaterial", { ...input, ...forEver })));
    }
  }
  assert.equal(words.size, 1, [...words].join("\n"));
  assert.match([...words][0] ?? "", /^InvalidCiphertextException: /);
  assert.equal(await stateOf(root, KeyId), "PendingImport");
});

/** A private key of P-256 beside the public key of another one (RFC 5915 in PKCS#8). */
function mixedPair(): Buffer {
  const [one, two] = [privateKeys.ECC_NIST_P256(), privateKeys.ECC_NIST_P256()];
  const pointBytes = 65;
  return Buffer.concat([one.subarray(0, -pointBytes), two.subarray(-pointBytes)]);
}

/** SM2 keys with an altered point or secret, with none, and cut short. */
function wrongSm2(): readonly Buffer[] {
  const pair = privateKeys.SM2();
  const [secretAt, pointAt] = [36, 36 + 32 + 6];
  const changed = (at: number) => {
    const altered = Buffer.from(pair);
    altered[at] = (altered[at] ?? 0) ^ 1;
    return altered;
  };
  const none = Buffer.from(pair).fill(0, secretAt, secretAt + 32);
  return [changed(secretAt + 31), changed(pointAt + 31), none, pair.subarray(0, -1)];
}

test("what is no material of the key's spec does not come in", async (t) => {
  const kms = await startKms(t);
  const root = kms.as(kms.root());
  const pkcs1 = createPrivateKey({
    key: privateKeys.RSA_2048(),
    format: "der",
    type: "pkcs8",
  }).export({ type: "pkcs1", format: "der" });
  const x25519 = generateKeyPairSync("x25519").privateKey.export({ type: "pkcs8", format: "der" });
  const cases: readonly (readonly [spec: string, usage: string, wrongs: readonly Buffer[]])[] = [
    ["SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT", [0, 16, 31, 33, 64].map((size) => randomBytes(size))],
    ["HMAC_224", "GENERATE_VERIFY_MAC", [27, 65].map((size) => randomBytes(size))],
    ["HMAC_512", "GENERATE_VERIFY_MAC", [63, 129].map((size) => randomBytes(size))],
    [
      "RSA_2048",
      "SIGN_VERIFY",
      [
        privateKeys.RSA_3072(),
        privateKeys.ECC_NIST_P256(),
        pkcs1,
        privateKeys.RSA_2048().subarray(0, -1),
        randomBytes(1200),
      ],
    ],
    [
      "ECC_NIST_P256",
      "SIGN_VERIFY",
      [privateKeys.ECC_SECG_P256K1(), privateKeys.ECC_NIST_P384(), mixedPair()],
    ],
    ["ECC_NIST_EDWARDS25519", "SIGN_VERIFY", [x25519, privateKeys.ECC_NIST_P256()]],
    ["SM2", "SIGN_VERIFY", [privateKeys.ECC_NIST_P256(), ...wrongSm2()]],
  ];
  for (const [KeySpec, KeyUsage, wrongs] of cases) {
    const KeyId = await makeKey(root, { ...external, KeySpec, KeyUsage });
    const algorithm = "RSA_AES_KEY_WRAP_SHA_256";
    const input = await importInput(root, KeyId, randomBytes(32), { algorithm });
    const given = await root<GetParametersForImportResponse>("GetParametersForImport", {
      KeyId,
      WrappingAlgorithm: algorithm,
      WrappingKeySpec: "RSA_2048",
    });
    for (const wrong of wrongs) {
      // RFC 5649 wraps nothing that is empty.
      if (wrong.length === 0) continue;
      const EncryptedKeyMaterial = wrapMaterial(given.PublicKey, algorithm, wrong);
      const { ImportToken } = given;
      const asked = root("ImportKeyMaterial", { ...input, ImportToken, EncryptedKeyMaterial });
      await refuses(asked, "InvalidCiphertextException");
    }
    assert.equal(await stateOf(root, KeyId), "PendingImport", KeySpec);
  }
});

test("a key takes no material but its own, unless it is for the next rotation", async (t) => {
  const kms = await startKms(t);
  const root = kms.as(kms.root());
  const KeyId = await makeKey(root, external);
  const material = randomBytes(32);
  const bring = (bytes: Buffer, more: Record<string, unknown>) =>
    importMaterial(root, KeyId, bytes, { more: { ...forEver, ...more } });
  const wrong = "IncorrectKeyMaterialException";
  await refuses(bring(material, { ImportType: "EXISTING_KEY_MATERIAL" }), wrong);
  const id = await bring(material, {});
  await refuses(bring(material, { ImportType: "NEW_KEY_MATERIAL" }), wrong);
  await refuses(bring(randomBytes(32), {}), wrong);
  await refuses(bring(randomBytes(32), { KeyMaterialId: id }), wrong);
  await refuses(bring(material, { KeyMaterialId: "0".repeat(64) }), wrong);
  const both = { ImportType: "NEW_KEY_MATERIAL", KeyMaterialId: id };
  await refuses(bring(randomBytes(32), both), "ValidationException");
  await bring(randomBytes(32), { ImportType: "NEW_KEY_MATERIAL" });
  const third = bring(randomBytes(32), { ImportType: "NEW_KEY_MATERIAL" });
  await refuses(third, "KMSInvalidStateException");
  const missing = { KeyId, KeyMaterialId: "0".repeat(64) };
  await refuses(root("DeleteImportedKeyMaterial", missing), "NotFoundException");
  assert.equal(await stateOf(root, KeyId), "Enabled");
  assert.equal(await importMaterial(root, KeyId, material), id);
});

test("material is used up to its end and not a millisecond longer", async (t) => {
  const kms = await startKms(t);
  const root = kms.as(kms.root());
  const KeyId = await makeKey(root, external);
  const material = randomBytes(32);
  const bring = (afterMs: number | undefined) =>
    importMaterial(root, KeyId, material, {
      more: {
        ExpirationModel: "KEY_MATERIAL_EXPIRES",
        ...(afterMs !== undefined && { ValidTo: new Date(kms.clock.nowMs + afterMs) }),
      },
    });
  for (const wrong of [undefined, -1000, 0, 999, 365 * dayMs + 1]) {
    await refuses(bring(wrong), "ValidationException");
  }
  await bring(365 * dayMs);
  const CiphertextBlob = await seal(root, KeyId);
  await bring(60_000);
  kms.clock.nowMs += 59_999;
  await root("Decrypt", { CiphertextBlob });
  kms.clock.nowMs += 1;
  const gone = "KMSInvalidStateException";
  await refuses(root("Decrypt", { CiphertextBlob }), gone, /pending import/);
  await refuses(root("EnableKey", { KeyId }), gone);
  assert.equal(await stateOf(root, KeyId), "PendingImport");
  await root("TagResource", { KeyId, Tags: [{ TagKey: "a", TagValue: "b" }] });
  await kms.keys.store.upkeep.start();
  await kms.keys.store.upkeep.stop();
  const names = kms.events.map(({ eventName }) => eventName);
  assert.equal(names.filter((name) => name === "DeleteExpiredKeyMaterial").length, 1);
  await refuses(root("Decrypt", { CiphertextBlob }), gone, /pending import/);
  await bring(60_000);
  const { Plaintext: text } = await root<DecryptResponse>("Decrypt", { CiphertextBlob });
  assert.deepEqual(text, Plaintext);
});

test("imports and deletions at once leave a key that is whole or waits for an import", async (t) => {
  const kms = await startKms(t);
  const root = kms.as(kms.root());
  const KeyId = await makeKey(root, external);
  const input = await importInput(root, KeyId, randomBytes(32));
  await root("ImportKeyMaterial", input);
  const CiphertextBlob = await seal(root, KeyId);
  for (let round = 0; round < 20; round += 1) {
    const calls = [0, 1, 2, 3].flatMap((turn) => [
      root("ImportKeyMaterial", input),
      ...(turn === round % 4 ? [root("DeleteImportedKeyMaterial", { KeyId })] : []),
    ]);
    await Promise.all(round % 2 === 0 ? calls : calls.reverse());
    const works = await root("Decrypt", { CiphertextBlob }).then(
      () => "Enabled",
      (error: Error) => (error.message.includes("pending import") ? "PendingImport" : error.name),
    );
    assert.equal(await stateOf(root, KeyId), works);
    await root("ImportKeyMaterial", input);
    await root("Decrypt", { CiphertextBlob });
  }
  const [deleted] = await Promise.allSettled([
    root("ScheduleKeyDeletion", { KeyId, PendingWindowInDays: 7 }),
    root("ImportKeyMaterial", input),
  ]);
  assert.equal(deleted?.status, "fulfilled");
  assert.equal(await stateOf(root, KeyId), "PendingDeletion");
});

test("what cancels a deletion brings no material back", async (t) => {
  const kms = await startKms(t);
  const root = kms.as(kms.root());
  const KeyId = await makeKey(root, external);
  await importMaterial(root, KeyId, randomBytes(32));
  const CiphertextBlob = await seal(root, KeyId);
  await root("ScheduleKeyDeletion", { KeyId, PendingWindowInDays: 7 });
  await root("DeleteImportedKeyMaterial", { KeyId });
  assert.equal(await stateOf(root, KeyId), "PendingDeletion");
  await root("CancelKeyDeletion", { KeyId });
  assert.equal(await stateOf(root, KeyId), "PendingImport");
  await refuses(root("EnableKey", { KeyId }), "KMSInvalidStateException");
  await refuses(root("Decrypt", { CiphertextBlob }), "KMSInvalidStateException");
});

test("wrapping keys, which cost time, are given one after the other", async (t) => {
  const kms = await startKms(t);
  const root = kms.as(kms.root());
  const KeyId = await makeKey(root, external);
  const ask = (WrappingKeySpec: string) =>
    root("GetParametersForImport", {
      KeyId,
      WrappingAlgorithm: "RSAES_OAEP_SHA_256",
      WrappingKeySpec,
    });
  const asked = await Promise.allSettled(Array.from({ length: 25 }, () => ask("RSA_2048")));
  const codes = asked.flatMap((one) => (one.status === "rejected" ? [one.reason.code] : []));
  assert.deepEqual(codes, Array(5).fill("ThrottlingException"));
  kms.clock.nowMs += 4000;
  await ask("RSA_2048");
  await refuses(ask("RSA_2048"), "ThrottlingException");
});
