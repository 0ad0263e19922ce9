import type { TestContext } from "node:test";
import { KMSClient } from "@aws-sdk/client-kms";
import { startBondstore } from "./bondstore.ts";

/** A Bondstore with a tenant, and the AWS SDK's client of KMS as its root. */
export async function startKmsClient(t: TestContext) {
  const running = await startBondstore(t);
  const acme = await running.tenant("acme");
  const kms = new KMSClient(running.client(acme.root));
  t.after(() => kms.destroy());
  return { running, acme, kms };
}
