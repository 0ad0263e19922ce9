import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { cpSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { DecryptResponse } from "@aws-sdk/client-kms";
import { type As, makeKey, openKms, Plaintext, seal } from "../support/kms.ts";
import { fresh, importMaterial } from "../support/kms-import.ts";

const dayMs = 86_400_000;

const reads = async (root: As, CiphertextBlob: Uint8Array): Promise<string> => {
  try {
    const opened = await root<DecryptResponse>("Decrypt", { CiphertextBlob });
    assert.deepEqual(opened.Plaintext, Plaintext);
    return "opened";
  } catch {
    return "closed";
  }
};

test("what was destroyed does not open in a copy that was made before", async (t) => {
  const directory = mkdtempSync(join(tmpdir(), "bondstore-kms-"));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const place = (name: string) => join(directory, name);
  mkdirSync(place("live"));
  const first = await openKms(place("live"));
  const root = first.as(first.root());
  const [gone, kept] = [await makeKey(root), await makeKey(root)];
  const brought = () => makeKey(root, { Origin: "EXTERNAL" });
  const [forgotten, imported, rotated] = [await brought(), await brought(), await brought()];
  const old = await importMaterial(root, rotated, randomBytes(32));
  for (const KeyId of [forgotten, imported]) await importMaterial(root, KeyId, randomBytes(32));
  const byOld = await seal(root, rotated);
  await importMaterial(root, rotated, randomBytes(32), fresh);
  await root("RotateKeyOnDemand", { KeyId: rotated });
  const texts = {
    gone: await seal(root, gone),
    kept: await seal(root, kept),
    forgotten: await seal(root, forgotten),
    imported: await seal(root, imported),
    byOld,
    byNew: await seal(root, rotated),
  };
  const all = async (call: As) => {
    const found: Record<string, string> = {};
    for (const [name, text] of Object.entries(texts)) found[name] = await reads(call, text);
    return found;
  };
  const everything = Object.fromEntries(Object.keys(texts).map((name) => [name, "opened"]));
  assert.deepEqual(await all(root), everything);
  await first.close();
  cpSync(place("live"), place("copy"), { recursive: true });

  const again = await openKms(place("live"));
  const owner = again.as(again.root());
  await owner("ScheduleKeyDeletion", { KeyId: gone, PendingWindowInDays: 7 });
  await owner("DeleteImportedKeyMaterial", { KeyId: forgotten });
  await owner("DeleteImportedKeyMaterial", { KeyId: rotated, KeyMaterialId: old });
  again.clock.nowMs += 8 * dayMs;
  await again.keys.store.upkeep.start();
  await again.close();

  // The copy as it was made, with its old vault, is what nobody should keep: it shows that the test can fail.
  cpSync(place("copy"), place("untouched"), { recursive: true });
  const untouched = await openKms(place("untouched"));
  assert.deepEqual(await all(untouched.as(untouched.root())), everything);
  await untouched.close();

  cpSync(join(place("live"), "vault"), join(place("copy"), "vault"));
  const copy = await openKms(place("copy"));
  assert.deepEqual(await all(copy.as(copy.root())), {
    ...everything,
    gone: "closed",
    forgotten: "closed",
    byOld: "closed",
  });
  await copy.close();

  rmSync(join(place("copy"), "vault"));
  const without = await openKms(place("copy"));
  const nothing = Object.fromEntries(Object.keys(texts).map((name) => [name, "closed"]));
  assert.deepEqual(await all(without.as(without.root())), nothing);
  await without.close();
});
