import { writeSync } from "node:fs";
import type { CreateKeyResponse, EncryptResponse } from "@aws-sdk/client-kms";
import { openNeighbours, regionsOf } from "./peers.ts";

/*
 * Two Bondstores do something with related keys and die, both, at a step of it. Arguments: the directory, what to do,
 * and the number of the step: before or after something that either writes to disk. Prints what there was before.
 */

/** What there was before, as JSON. */
export interface BeforeDeath {
  readonly keyId: string;
  /** Base64. */
  readonly ciphertext: string;
}

async function dieAt(directory: string, what: string, stepMax: number): Promise<void> {
  let armed = false;
  let steps = 0;
  const step = () => {
    steps += armed ? 1 : 0;
    if (armed && steps === stepMax) process.kill(process.pid, "SIGKILL");
  };
  const world = await openNeighbours(directory, { step });
  await world.join("first", "second");
  const root = world.at.first.as(world.at.first.root());
  const [away] = regionsOf.second;
  const made = await root<CreateKeyResponse>("CreateKey", { MultiRegion: true });
  const KeyId = made.KeyMetadata?.KeyId ?? "";
  const Plaintext = Buffer.from("kept");
  const { CiphertextBlob } = await root<EncryptResponse>("Encrypt", { KeyId, Plaintext });
  const ciphertext = Buffer.from(CiphertextBlob ?? []).toString("base64");
  const before: BeforeDeath = { keyId: KeyId, ciphertext };
  if (what !== "replicate") await root("ReplicateKey", { KeyId, ReplicaRegion: away });
  writeSync(1, `${JSON.stringify(before)}\n`);
  armed = true;
  if (what === "replicate") await root("ReplicateKey", { KeyId, ReplicaRegion: away });
  if (what === "move") await root("UpdatePrimaryRegion", { KeyId, PrimaryRegion: away });
  if (what === "rotate") await root("RotateKeyOnDemand", { KeyId });
  await world.deliver();
  armed = false;
  await world.close();
}

const [, script = "", directory, what = "", step] = process.argv;
if (script.endsWith("peer-stepper.js") && directory) await dieAt(directory, what, Number(step));
