import { writeSync } from "node:fs";
import { open, realEnvironment, serve } from "../../src/server.ts";
import { testConfig } from "./bondstore.ts";

/** What the child says once it is ready. */
export interface Ready {
  readonly endpoint: string;
  /** Of the account that was made at the first start. */
  readonly accessKeyId?: string;
  readonly secret?: string;
}

/*
 * A Bondstore in a process of its own, to be killed. Arguments: the data directory, and `new` at its first start.
 */
async function run(directory: string, first: boolean): Promise<void> {
  const environment = realEnvironment((line) => void writeSync(2, `${line}\n`));
  const config = testConfig(directory, { shardLimits: "lift" });
  const bondstore = await serve(config, await open(config, environment), environment);
  const made = first
    ? await bondstore.opened.parts.directory.createAccount("acme")
    : { accessKeyId: undefined, secret: undefined };
  const { accessKeyId, secret } = made;
  writeSync(1, `${JSON.stringify({ endpoint: bondstore.endpoint, accessKeyId, secret })}\n`);
}

const [, , directory, first] = process.argv;
if (directory) await run(directory, first === "new");
