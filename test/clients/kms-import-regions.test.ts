import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { type TestContext, test } from "node:test";
import {
  DecryptCommand,
  DeleteImportedKeyMaterialCommand,
  EncryptCommand,
  IncorrectKeyMaterialException,
  KMSClient,
  KMSInvalidStateException,
  ListKeyRotationsCommand,
  ReplicateKeyCommand,
  RotateKeyOnDemandCommand,
  UnsupportedOperationException,
} from "@aws-sdk/client-kms";
import { startBondstore } from "../support/bondstore.ts";
import { bring, makeExternal } from "../support/kms-import.ts";

const Plaintext = Buffer.from("four windows of June");
const further = "eu-west-1";

/** Clients of two Regions of one Bondstore. */
async function startTwo(t: TestContext) {
  const running = await startBondstore(t, { furtherRegions: [further] });
  const { root } = await running.tenant("acme");
  const clientIn = (region: string) => {
    const made = new KMSClient({ ...running.client(root), region });
    t.after(() => made.destroy());
    return made;
  };
  return { kms: clientIn("us-east-1"), there: clientIn(further) };
}

test("into each Region of a multi-Region key the same material is imported, by itself", async (t) => {
  const { kms, there } = await startTwo(t);
  const KeyId = await makeExternal(kms, { MultiRegion: true });
  const replicate = new ReplicateKeyCommand({ KeyId, ReplicaRegion: further });
  const invalid = { name: "KMSInvalidStateException" };
  await assert.rejects(kms.send(replicate), invalid);
  const material = randomBytes(32);
  const KeyMaterialId = await bring(kms, KeyId, material);
  const { CiphertextBlob } = await kms.send(new EncryptCommand({ KeyId, Plaintext }));
  const { ReplicaKeyMetadata: replica } = await kms.send(replicate);
  assert.equal(replica?.KeyState, "PendingImport");
  const id = replica.KeyId ?? "";
  const read = () => there.send(new DecryptCommand({ CiphertextBlob }));
  await assert.rejects(read(), invalid);
  const different = bring(there, id, randomBytes(32));
  await assert.rejects(different, { name: "IncorrectKeyMaterialException" });
  assert.equal(await bring(there, id, material), KeyMaterialId);
  assert.deepEqual(Buffer.from((await read()).Plaintext ?? []), Plaintext);
  // Taken away in one Region, it stays in the other.
  await kms.send(new DeleteImportedKeyMaterialCommand({ KeyId }));
  assert.deepEqual(Buffer.from((await read()).Plaintext ?? []), Plaintext);
});

test("a further material of a multi-Region key waits for every replica, then rotates all", async (t) => {
  const { kms, there } = await startTwo(t);
  const KeyId = (await makeExternal(kms, { MultiRegion: true })).split("/")[1] ?? "";
  const [first, second] = [randomBytes(32), randomBytes(32)];
  const one = await bring(kms, KeyId, first);
  await kms.send(new ReplicateKeyCommand({ KeyId, ReplicaRegion: further }));
  await bring(there, KeyId, first);
  const states = async (client: KMSClient) => {
    const asked = new ListKeyRotationsCommand({ KeyId, IncludeKeyMaterial: "ALL_KEY_MATERIAL" });
    const { Rotations = [] } = await client.send(asked);
    return Rotations.map((each) => [each.KeyMaterialId, each.KeyMaterialState, each.ImportState]);
  };
  const fresh = { ImportType: "NEW_KEY_MATERIAL" } as const;
  await assert.rejects(bring(there, KeyId, second, fresh), UnsupportedOperationException);
  const two = await bring(kms, KeyId, second, fresh);
  const waiting = "PENDING_MULTI_REGION_IMPORT_AND_ROTATION";
  const current = [one, "CURRENT", "IMPORTED"];
  assert.deepEqual(await states(kms), [[two, waiting, "IMPORTED"], current]);
  assert.deepEqual(await states(there), [[two, waiting, "PENDING_IMPORT"], current]);
  const rotate = () => kms.send(new RotateKeyOnDemandCommand({ KeyId }));
  await assert.rejects(rotate(), KMSInvalidStateException);
  const known = { ImportType: "EXISTING_KEY_MATERIAL" } as const;
  await assert.rejects(bring(there, KeyId, randomBytes(32), known), IncorrectKeyMaterialException);
  assert.equal(await bring(there, KeyId, second, known), two);
  for (const client of [kms, there]) {
    assert.deepEqual(await states(client), [[two, "PENDING_ROTATION", "IMPORTED"], current]);
  }
  await rotate();
  for (const [seal, open] of [
    [kms, there],
    [there, kms],
  ] as const) {
    const { CiphertextBlob } = await seal.send(new EncryptCommand({ KeyId, Plaintext }));
    const opened = await open.send(new DecryptCommand({ CiphertextBlob }));
    assert.deepEqual([opened.KeyMaterialId, Buffer.from(opened.Plaintext ?? [])], [two, Plaintext]);
  }
});
