import assert from "node:assert/strict";
import { constants, createPublicKey, publicEncrypt, randomBytes } from "node:crypto";
import { copyFileSync, cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type {
  CreateKeyResponse,
  DecryptResponse,
  GetParametersForImportResponse,
} from "@aws-sdk/client-kms";
import { type As, makeKey, openKms, Plaintext, seal } from "../support/kms.ts";

function folder(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), "bondstore-kms-"));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

const startMs = Date.UTC(2026, 10, 22);
const laterMs = startMs + 8 * 86_400_000;

async function reads(directory: string, CiphertextBlob: Uint8Array): Promise<string> {
  const kms = await openKms(directory, { nowMs: startMs });
  try {
    const { Plaintext: text } = await kms.as(kms.root())<DecryptResponse>("Decrypt", {
      CiphertextBlob,
    });
    return Buffer.from(text ?? []).toString();
  } finally {
    await kms.close();
  }
}

async function imported(root: As): Promise<string> {
  const made = await root<CreateKeyResponse>("CreateKey", { Origin: "EXTERNAL" });
  const KeyId = made.KeyMetadata?.Arn ?? "";
  const { PublicKey, ImportToken } = await root<GetParametersForImportResponse>(
    "GetParametersForImport",
    { KeyId, WrappingAlgorithm: "RSAES_OAEP_SHA_256", WrappingKeySpec: "RSA_2048" },
  );
  const key = createPublicKey({ key: Buffer.from(PublicKey ?? []), format: "der", type: "spki" });
  const padding = constants.RSA_PKCS1_OAEP_PADDING;
  await root("ImportKeyMaterial", {
    KeyId,
    ImportToken,
    EncryptedKeyMaterial: publicEncrypt({ key, padding, oaepHash: "sha256" }, randomBytes(32)),
    ExpirationModel: "KEY_MATERIAL_DOES_NOT_EXPIRE",
  });
  return KeyId;
}

type End = (root: As, KeyId: string) => Promise<unknown>;
const ends: readonly (readonly [title: string, make: (root: As) => Promise<string>, end: End])[] = [
  [
    "a deleted key",
    (root) => makeKey(root),
    (root, KeyId) => root("ScheduleKeyDeletion", { KeyId, PendingWindowInDays: 7 }),
  ],
  [
    "imported material that was taken away",
    imported,
    (root, KeyId) => root("DeleteImportedKeyMaterial", { KeyId }),
  ],
];

for (const [title, make, end] of ends) {
  test(`${title} opens from no backup that was made before, with everything but the vault of then`, async (t) => {
    const [directory, backup] = [folder(t), folder(t)];
    const first = await openKms(directory, { nowMs: startMs });
    const root = first.as(first.root());
    const [gone, kept] = [await make(root), await makeKey(root)];
    const [ofGone, ofKept] = [await seal(root, gone), await seal(root, kept)];
    await first.close();
    cpSync(directory, backup, { recursive: true });
    assert.equal(await reads(backup, ofGone), String(Plaintext), "until then the backup opens");

    const second = await openKms(directory, { nowMs: startMs });
    await end(second.as(second.root()), gone);
    await second.close();
    // What is due is done at the start.
    await (await openKms(directory, { nowMs: laterMs })).close();

    copyFileSync(join(directory, "vault"), join(backup, "vault"));
    await assert.rejects(reads(backup, ofGone), { name: "InternalFailure" });
    assert.equal(await reads(backup, ofKept), String(Plaintext), "another key is as it was");
  });
}
