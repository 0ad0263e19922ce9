import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { makeKey, otherRegion, refuses, region, startKms } from "../support/kms.ts";
import { fresh, importMaterial } from "../support/kms-import.ts";
import { describe } from "../support/related-keys.ts";

const external = { Origin: "EXTERNAL" };

test("a replica takes what its primary has for the next rotation, and gives it up with it", async (t) => {
  const kms = await startKms(t);
  const here = kms.as(kms.root());
  const there = kms.as(kms.root(), {}, otherRegion);
  const KeyId = await makeKey(here, { ...external, MultiRegion: true });
  const [first, second, third] = [randomBytes(32), randomBytes(32), randomBytes(32)];
  await importMaterial(here, KeyId, first);
  await here("ReplicateKey", { KeyId, ReplicaRegion: otherRegion });
  const id = KeyId.slice(KeyId.indexOf("mrk-"));
  await importMaterial(there, id, first);
  const unsupported = "UnsupportedOperationException";
  await refuses(importMaterial(there, id, second, fresh), unsupported);
  const KeyMaterialId = await importMaterial(here, KeyId, second, fresh);
  await refuses(importMaterial(there, id, second, fresh), unsupported);
  await refuses(importMaterial(there, id, third), "IncorrectKeyMaterialException");
  const rotate = () => here("RotateKeyOnDemand", { KeyId });
  await refuses(rotate(), "KMSInvalidStateException", /every replica/);
  await refuses(there("RotateKeyOnDemand", { KeyId: id }), unsupported);
  await importMaterial(there, id, second);
  // It goes from the replica as well, and what is in the vault of it; another may take its place.
  await there("DeleteImportedKeyMaterial", { KeyId: id, KeyMaterialId });
  await refuses(rotate(), "KMSInvalidStateException", /every replica/);
  await importMaterial(there, id, second);
  const name = `material ${KeyId.replace(region, otherRegion)} ${KeyMaterialId}`;
  assert.ok(kms.vault.find(name));
  await here("DeleteImportedKeyMaterial", { KeyId, KeyMaterialId });
  assert.equal(kms.vault.find(name), undefined);
  await refuses(importMaterial(there, id, second), "IncorrectKeyMaterialException");
  await refuses(rotate(), "KMSInvalidStateException");
  await importMaterial(here, KeyId, third, fresh);
  await importMaterial(there, id, third);
  await rotate();
  for (const call of [here, there]) assert.equal((await describe(call, id))?.KeyState, "Enabled");
});

test("a primary that moves leaves no material behind that nobody can take away", async (t) => {
  const kms = await startKms(t);
  const here = kms.as(kms.root());
  const there = kms.as(kms.root(), {}, otherRegion);
  const KeyId = await makeKey(here, { ...external, MultiRegion: true });
  const [first, second] = [randomBytes(32), randomBytes(32)];
  await importMaterial(here, KeyId, first);
  await here("ReplicateKey", { KeyId, ReplicaRegion: otherRegion });
  const id = KeyId.slice(KeyId.indexOf("mrk-"));
  await importMaterial(there, id, first);
  const KeyMaterialId = await importMaterial(here, KeyId, second, fresh);
  await here("UpdatePrimaryRegion", { KeyId, PrimaryRegion: otherRegion });
  await refuses(there("RotateKeyOnDemand", { KeyId: id }), "KMSInvalidStateException");
  await there("DeleteImportedKeyMaterial", { KeyId: id, KeyMaterialId });
  assert.equal(kms.vault.find(`material ${KeyId} ${KeyMaterialId}`), undefined);
  const third = randomBytes(32);
  await importMaterial(there, id, third, fresh);
  await importMaterial(here, id, third);
  await there("RotateKeyOnDemand", { KeyId: id });
});
