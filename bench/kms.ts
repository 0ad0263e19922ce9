import { CreateKeyCommand, KMSClient } from "@aws-sdk/client-kms";
import type { Case } from "./measure.ts";
import type { ServerProcess } from "./server-process.ts";
import { createSigner, jsonCall } from "./sign.ts";

/** One key may be used 10,000 times a second: several take turns, so that its quota is not what is measured. */
const keysCount = 4;

/**
 * How many ask at once. Each waits for its event to be on disk, and those that wait share a write: the more they are,
 * the less a write costs each.
 */
const connectionsCounts = [8, 32, 64];

const secret = Buffer.alloc(64, 7).toString("base64");

/** What is asked of each key, beside its id and an encryption context. */
const operations = [
  { title: "Encrypt, 64 B", name: "Encrypt", input: { Plaintext: secret } },
  { title: "GenerateDataKey", name: "GenerateDataKey", input: { KeySpec: "AES_256" } },
] as const;

/** Encrypt of a small secret, and data keys, with an encryption context. No peer keeps what Bondstore keeps here. */
export async function kmsCases(bondstore: ServerProcess): Promise<Case[]> {
  const { port, accessKeyId, secretAccessKey } = bondstore;
  const kms = new KMSClient({
    endpoint: `http://127.0.0.1:${port}`,
    region: "us-east-1",
    credentials: { accessKeyId, secretAccessKey },
  });
  const made = Array.from({ length: keysCount }, () => kms.send(new CreateKeyCommand({})));
  const keys = (await Promise.all(made)).map(({ KeyMetadata }) => KeyMetadata?.KeyId);
  kms.destroy();
  const sign = createSigner({ accessKeyId, secretAccessKey, service: "kms", port });
  return operations.flatMap(({ title, name, input }) => {
    const requests = keys.map((KeyId) =>
      jsonCall(sign, `TrentService.${name}`, {
        KeyId,
        ...input,
        EncryptionContext: { purpose: "orders" },
      }),
    );
    const request = (index: number) => requests[index % keysCount] ?? [];
    return connectionsCounts.map((connections) => ({
      title: `KMS ${title}, ${connections} connections`,
      unitsPerRequest: 1,
      bar: { atLeast: 10_000 },
      works: [{ server: bondstore, work: { port, connections, request } }],
    }));
  });
}
