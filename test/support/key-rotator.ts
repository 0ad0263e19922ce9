import { writeSync } from "node:fs";
import type { CreateKeyResponse, EncryptResponse } from "@aws-sdk/client-kms";
import { openKms } from "./kms.ts";

/*
 * Makes keys, rotates them and encrypts until it is killed, and prints each ciphertext that was acknowledged.
 * Argument: the data directory.
 */
async function rotateForever(directory: string): Promise<never> {
  const kms = await openKms(directory);
  const root = kms.as(kms.root());
  for (;;) {
    const made = await root<CreateKeyResponse>("CreateKey");
    const KeyId = made.KeyMetadata?.KeyId;
    for (let rotation = 0; rotation < 5; rotation += 1) {
      if (rotation > 0) await root("RotateKeyOnDemand", { KeyId });
      const Plaintext = Buffer.from(`${KeyId} ${rotation}`);
      const { CiphertextBlob } = await root<EncryptResponse>("Encrypt", { KeyId, Plaintext });
      const text = Buffer.from(CiphertextBlob ?? []).toString("base64");
      writeSync(1, `${KeyId} ${rotation} ${text}\n`);
    }
  }
}

const [, , directory] = process.argv;
if (directory) await rotateForever(directory);
