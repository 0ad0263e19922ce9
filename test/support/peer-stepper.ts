import { randomBytes } from "node:crypto";
import { writeSync } from "node:fs";
import type { CreateKeyResponse, EncryptResponse } from "@aws-sdk/client-kms";
import { deathAt } from "./death.ts";
import { context, makeKey, seal } from "./kms.ts";
import { fresh, importMaterial } from "./kms-import.ts";
import { type Neighbours, openNeighbours, regionsOf } from "./peers.ts";

/*
 * Two Bondstores do something with related keys and die, both, at a step of it. Arguments: the directory, what to do,
 * and the number of the step: before or after something that either writes to disk. Prints what there was before.
 */

/** What there was before, as JSON. */
export interface BeforeDeath {
  readonly keyId: string;
  /** Base64. */
  readonly ciphertext: string;
  /** Base64: the material that is imported in both, and the one that is being imported. */
  readonly materials?: readonly string[];
}

const [away] = regionsOf.second;

/** Prints what there was, and does the rest of it armed. */
type Begin = (before: BeforeDeath) => void;

async function relate(world: Neighbours, what: string, begin: Begin): Promise<void> {
  const root = world.at.first.as(world.at.first.root());
  const made = await root<CreateKeyResponse>("CreateKey", { MultiRegion: true });
  const KeyId = made.KeyMetadata?.KeyId ?? "";
  const Plaintext = Buffer.from("kept");
  const { CiphertextBlob } = await root<EncryptResponse>("Encrypt", { KeyId, Plaintext });
  const ciphertext = Buffer.from(CiphertextBlob ?? []).toString("base64");
  if (what !== "replicate") await root("ReplicateKey", { KeyId, ReplicaRegion: away });
  begin({ keyId: KeyId, ciphertext });
  if (what === "replicate") await root("ReplicateKey", { KeyId, ReplicaRegion: away });
  if (what === "move") await root("UpdatePrimaryRegion", { KeyId, PrimaryRegion: away });
  if (what === "rotate") await root("RotateKeyOnDemand", { KeyId });
}

/** A further material is imported into both, and rotated to. */
async function importFurther(world: Neighbours, begin: Begin): Promise<void> {
  const here = world.at.first.as(world.at.first.root());
  const there = world.at.second.as(world.at.second.root(), {}, away);
  const arn = await makeKey(here, { Origin: "EXTERNAL", MultiRegion: true });
  const keyId = arn.slice(arn.lastIndexOf("/") + 1);
  const [first, second] = [randomBytes(32), randomBytes(32)];
  await importMaterial(here, keyId, first);
  await here("ReplicateKey", { KeyId: keyId, ReplicaRegion: away });
  await importMaterial(there, keyId, first);
  const ciphertext = Buffer.from(await seal(here, keyId, context)).toString("base64");
  begin({ keyId, ciphertext, materials: [first, second].map((each) => each.toString("base64")) });
  await importMaterial(here, keyId, second, fresh);
  await world.deliver();
  await importMaterial(there, keyId, second);
  await here("RotateKeyOnDemand", { KeyId: keyId });
}

async function dieAt(directory: string, what: string, stepMax: number): Promise<void> {
  const death = deathAt(stepMax);
  const world = await openNeighbours(directory, { step: death.step });
  await world.join("first", "second");
  const begin: Begin = (before) => {
    writeSync(1, `${JSON.stringify(before)}\n`);
    death.armed = true;
  };
  await (what === "further" ? importFurther(world, begin) : relate(world, what, begin));
  await world.deliver();
  death.armed = false;
  await world.close();
}

const [, script = "", directory, what = "", step] = process.argv;
if (script.endsWith("peer-stepper.js") && directory) await dieAt(directory, what, Number(step));
