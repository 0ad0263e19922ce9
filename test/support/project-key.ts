import type { TestContext } from "node:test";
import { CreateKeyCommand, KMSClient, type KMSClientConfig } from "@aws-sdk/client-kms";
import { createProject } from "../../src/projects/project.ts";
import type { Keys } from "./bondstore.ts";
import { startWorld, type World } from "./warehouse.ts";

/** A world with a project that is sealed under a key of its account's, and a client of KMS for that. */
export interface SealedWorld extends World {
  readonly kms: KMSClient;
  readonly keyArn: string;
  clientOf(keys: Keys): KMSClient;
}

export async function startSealed(
  t: TestContext,
  project: string,
  ...others: readonly string[]
): Promise<SealedWorld> {
  const world = await startWorld(t, ...others);
  const clientOf = (keys: Keys) => {
    const made = new KMSClient(world.running.client(keys) as KMSClientConfig);
    t.after(() => made.destroy());
    return made;
  };
  const kms = clientOf(world.root);
  const { KeyMetadata } = await kms.send(new CreateKeyCommand({ Description: "of a project" }));
  const keyArn = KeyMetadata?.Arn ?? "";
  const { parts } = world.running.bondstore.opened;
  await createProject(parts, world.account, { name: project, kmsKey: keyArn });
  const asRoot: World["asRoot"] = (script) => world.odps(world.root, project, script);
  return { ...world, asRoot, kms, keyArn, clientOf };
}
