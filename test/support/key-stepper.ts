import { writeSync } from "node:fs";
import type { CreateKeyResponse, EncryptResponse } from "@aws-sdk/client-kms";
import { deathAt } from "./death.ts";
import { makeKey, openKms, otherRegion } from "./kms.ts";
import { importInput } from "./kms-import.ts";

/*
 * Does one thing with keys and dies at a step of it. Arguments: the data directory, what to do, and the number of the
 * step: before or after something that is written to disk. Prints what there was before, as JSON.
 */
const dayMs = 86_400_000;
const startMs = Date.UTC(2026, 10, 22);

/** When a key whose deletion was scheduled at the start is gone. */
export const afterDeletionMs = startMs + 8 * dayMs;

export interface Before {
  readonly keyId: string;
  readonly other: string;
  /** Base64, of the text "kept". */
  readonly ciphertext: string;
  readonly ofOther: string;
  /** A key whose material comes from outside, and what was encrypted under it. */
  readonly external: string;
  readonly ofExternal: string;
}

/** The material of the external key: the same in each process, so that it can be brought again. */
export const outsideMaterial = Buffer.alloc(32, "brought from outside");

async function dieAt(directory: string, what: string, stepMax: number): Promise<void> {
  const death = deathAt(stepMax);
  const kms = await openKms(directory, { nowMs: startMs, step: death.step });
  const root = kms.as(kms.root());
  const seal = async (KeyId: string): Promise<string> => {
    const Plaintext = Buffer.from("kept");
    const { CiphertextBlob } = await root<EncryptResponse>("Encrypt", { KeyId, Plaintext });
    return Buffer.from(CiphertextBlob ?? []).toString("base64");
  };
  const make = async (MultiRegion = false) =>
    (await root<CreateKeyResponse>("CreateKey", { MultiRegion })).KeyMetadata?.KeyId ?? "";
  const related = ["replicate", "move", "rotate related", "leave"].includes(what);
  const [keyId, other] = [await make(related), await make()];
  const replicate = () => root("ReplicateKey", { KeyId: keyId, ReplicaRegion: otherRegion });
  await root("CreateAlias", { AliasName: "alias/one", TargetKeyId: keyId });
  const external = await makeKey(root, { Origin: "EXTERNAL" });
  const brought = await importInput(root, external, outsideMaterial);
  await root("ImportKeyMaterial", brought);
  const before: Before = {
    keyId,
    other,
    ciphertext: await seal(keyId),
    ofOther: await seal(other),
    external,
    ofExternal: await seal(external),
  };
  if (what === "import") await root("DeleteImportedKeyMaterial", { KeyId: external });
  writeSync(1, `${JSON.stringify(before)}\n`);
  if (what === "delete") {
    await root("ScheduleKeyDeletion", { KeyId: keyId, PendingWindowInDays: 7 });
    kms.clock.nowMs = afterDeletionMs;
  }
  if (related && what !== "replicate") await replicate();
  if (what === "leave") {
    const there = kms.as(kms.root(), {}, otherRegion);
    await root("ScheduleKeyDeletion", { KeyId: keyId, PendingWindowInDays: 9 });
    await there("ScheduleKeyDeletion", { KeyId: keyId, PendingWindowInDays: 7 });
    kms.clock.nowMs = afterDeletionMs;
  }
  death.armed = true;
  if (what === "replicate") await replicate();
  if (what === "move") {
    await root("UpdatePrimaryRegion", { KeyId: keyId, PrimaryRegion: otherRegion });
  }
  if (what === "leave") await kms.keys.regions.at(otherRegion).upkeep.start();
  if (what === "create") await make();
  if (what.startsWith("rotate")) await root("RotateKeyOnDemand", { KeyId: keyId });
  if (what === "delete") await kms.keys.store.upkeep.start();
  if (what === "import") await root("ImportKeyMaterial", brought);
  if (what === "forget") await root("DeleteImportedKeyMaterial", { KeyId: external });
  death.armed = false;
  await kms.close();
}

const [, script = "", directory, what = "", step] = process.argv;
if (script.endsWith("key-stepper.js") && directory) await dieAt(directory, what, Number(step));
