import type { TestContext } from "node:test";
import { KMSClient } from "@aws-sdk/client-kms";
import type { Config } from "../../src/config.ts";
import { startBondstore } from "./bondstore.ts";

/** A Bondstore with a tenant, and the AWS SDK's client of KMS as its root. */
export async function startKmsClient(t: TestContext, more: Partial<Config> = {}) {
  const running = await startBondstore(t, more);
  const acme = await running.tenant("acme");
  const kms = new KMSClient(running.client(acme.root));
  t.after(() => kms.destroy());
  /** Asks so often at once; one client alone asks fifty times. */
  const crowd = (times: number, ask: (client: KMSClient) => Promise<string>): Promise<string>[] => {
    const clients = Array.from({ length: Math.ceil(times / 50) }, () => {
      const client = new KMSClient(running.client(acme.root));
      t.after(() => client.destroy());
      return client;
    });
    return Array.from({ length: times }, (_, at) => ask(clients[at % clients.length] ?? kms));
  };
  return { running, acme, kms, crowd };
}
