import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import {
  DecryptCommand,
  DeleteImportedKeyMaterialCommand,
  DescribeKeyCommand,
  EncryptCommand,
  KMSClient,
  ListKeyRotationsCommand,
  ReplicateKeyCommand,
  RotateKeyOnDemandCommand,
  UnsupportedOperationException,
} from "@aws-sdk/client-kms";
import { placeOf, startTwo } from "../support/joined.ts";
import { bring, makeExternal } from "../support/kms-import.ts";
import { regionsOf } from "../support/peers.ts";

const Plaintext = Buffer.from("four windows of June");
const [away] = regionsOf.second;

test("the AWS SDK imports a further material into a key of two Bondstores, and rotates both to it", async (t) => {
  const { near, distant, ours, theirs, terms, offered, elsewhere } = await startTwo(t, {
    plainHttp: true,
  });
  await elsewhere.join(offered, terms, placeOf(distant.bondstore));
  const here = new KMSClient(near.client(ours.root));
  const there = new KMSClient(distant.client(theirs));
  t.after(() => [here, there].map((client) => client.destroy()));
  const KeyId = (await makeExternal(here, { MultiRegion: true })).split("/")[1] ?? "";
  const [first, second] = [randomBytes(32), randomBytes(32)];
  const one = await bring(here, KeyId, first);
  const { ReplicaKeyMetadata: replica } = await here.send(
    new ReplicateKeyCommand({ KeyId, ReplicaRegion: away }),
  );
  assert.equal(replica?.KeyState, "PendingImport");
  assert.equal(await bring(there, KeyId, first), one);
  const states = async (client: KMSClient) => {
    const asked = new ListKeyRotationsCommand({ KeyId, IncludeKeyMaterial: "ALL_KEY_MATERIAL" });
    const { Rotations = [] } = await client.send(asked);
    return Rotations.map((each) => [each.KeyMaterialId, each.KeyMaterialState, each.ImportState]);
  };
  const stateOf = async (client: KMSClient) =>
    (await client.send(new DescribeKeyCommand({ KeyId }))).KeyMetadata;
  const fresh = { ImportType: "NEW_KEY_MATERIAL" } as const;
  await assert.rejects(bring(there, KeyId, second, fresh), UnsupportedOperationException);
  const two = await bring(here, KeyId, second, fresh);
  await near.bondstore.opened.elsewhere.delivered();
  const waiting = "PENDING_MULTI_REGION_IMPORT_AND_ROTATION";
  const current = [one, "CURRENT", "IMPORTED"];
  assert.deepEqual(await states(here), [[two, waiting, "IMPORTED"], current]);
  assert.deepEqual(await states(there), [[two, waiting, "PENDING_IMPORT"], current]);
  const rotate = () => here.send(new RotateKeyOnDemandCommand({ KeyId }));
  await assert.rejects(rotate(), { name: "KMSInvalidStateException" });
  const known = { ImportType: "EXISTING_KEY_MATERIAL" } as const;
  const different = bring(there, KeyId, randomBytes(32), known);
  await assert.rejects(different, { name: "IncorrectKeyMaterialException" });
  assert.equal(await bring(there, KeyId, second, known), two);
  for (const client of [here, there]) {
    assert.deepEqual(await states(client), [[two, "PENDING_ROTATION", "IMPORTED"], current]);
  }
  await rotate();
  await near.bondstore.opened.elsewhere.delivered();
  for (const [seal, open] of [
    [here, there],
    [there, here],
  ] as const) {
    assert.equal((await stateOf(seal))?.CurrentKeyMaterialId, two);
    const { CiphertextBlob } = await seal.send(new EncryptCommand({ KeyId, Plaintext }));
    const opened = await open.send(new DecryptCommand({ CiphertextBlob }));
    assert.deepEqual([opened.KeyMaterialId, Buffer.from(opened.Plaintext ?? [])], [two, Plaintext]);
  }
  // One of them taken away in one Region makes that wait, and that alone; the same comes back there alone.
  await there.send(new DeleteImportedKeyMaterialCommand({ KeyId, KeyMaterialId: one }));
  assert.equal((await stateOf(there))?.KeyState, "PendingImport");
  assert.equal((await stateOf(here))?.KeyState, "Enabled");
  assert.equal(await bring(there, KeyId, first, known), one);
  assert.equal((await stateOf(there))?.KeyState, "Enabled");
});
