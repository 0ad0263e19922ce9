import { writeSync } from "node:fs";
import type { CreateKeyResponse, EncryptResponse } from "@aws-sdk/client-kms";
import { openKms, otherRegion, region } from "./kms.ts";

/*
 * Makes multi-Region keys, replicates, rotates and moves them until it is killed, and prints each ciphertext that was
 * acknowledged, with the Region that made it. Argument: the data directory.
 */
async function replicateForever(directory: string): Promise<never> {
  const kms = await openKms(directory);
  const here = kms.as(kms.root());
  const there = kms.as(kms.root(), {}, otherRegion);
  for (;;) {
    const made = await here<CreateKeyResponse>("CreateKey", { MultiRegion: true });
    const KeyId = made.KeyMetadata?.KeyId;
    const seal = async (as: typeof here, name: string) => {
      const Plaintext = Buffer.from(`${KeyId}`);
      const { CiphertextBlob } = await as<EncryptResponse>("Encrypt", { KeyId, Plaintext });
      writeSync(1, `${KeyId} ${name} ${Buffer.from(CiphertextBlob ?? []).toString("base64")}\n`);
    };
    await seal(here, region);
    await here("ReplicateKey", { KeyId, ReplicaRegion: otherRegion });
    await seal(there, otherRegion);
    await here("RotateKeyOnDemand", { KeyId });
    await here("UpdatePrimaryRegion", { KeyId, PrimaryRegion: otherRegion });
    await there("RotateKeyOnDemand", { KeyId });
    await seal(here, region);
  }
}

const [, , directory] = process.argv;
if (directory) await replicateForever(directory);
