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

/** Encrypt of a small secret with an encryption context. No peer keeps what Bondstore keeps here. */
export async function kmsCases(bondstore: ServerProcess): Promise<Case[]> {
  const { port, accessKeyId, secretAccessKey } = bondstore;
  const kms = new KMSClient({
    endpoint: `http://127.0.0.1:${port}`,
    region: "us-east-1",
    credentials: { accessKeyId, secretAccessKey },
  });
  const sign = createSigner({ accessKeyId, secretAccessKey, service: "kms", port });
  const requests: (readonly Buffer[])[] = [];
  for (let made = 0; made < keysCount; made += 1) {
    const { KeyMetadata } = await kms.send(new CreateKeyCommand({}));
    const input = {
      KeyId: KeyMetadata?.KeyId,
      Plaintext: Buffer.alloc(64, 7).toString("base64"),
      EncryptionContext: { purpose: "orders" },
    };
    requests.push(jsonCall(sign, "TrentService.Encrypt", input));
  }
  kms.destroy();
  const request = (index: number) => requests[index % keysCount] ?? [];
  return connectionsCounts.map((connections) => ({
    title: `KMS Encrypt, 64 B, ${connections} connections`,
    unitsPerRequest: 1,
    bar: { atLeast: 10_000 },
    works: [{ server: bondstore, work: { port, connections, request } }],
  }));
}
