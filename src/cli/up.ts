import { Command } from "commander";
import type { Account } from "../identity/directory.ts";
import { type Bondstore, open, realEnvironment, serve } from "../server.ts";
import { openAdminDoor } from "./admin-door.ts";
import { addUpOptions, configOf, type UpOptions } from "./options.ts";
import { outputOf } from "./program.ts";
import type { Output, Surroundings } from "./surroundings.ts";

/** The account that is made at first start. */
const firstAccount = "main";

/** `bondstore up`: serves until stopped. */
export const upCommand = (around: Surroundings): Command =>
  addUpOptions(new Command("up").description("serve until stopped")).action(
    async (options: UpOptions) => {
      const output = outputOf(options.json ?? false);
      const config = configOf(options, around);
      const environment = realEnvironment((line) => void process.stderr.write(`${line}\n`));
      const opened = await open(config, environment);
      const first = await firstStart(opened.parts.directory);
      const bondstore = await serve(config, opened, environment);
      const door = await openAdminDoor(bondstore);
      announce(bondstore, first, config, output);
      await untilStopped();
      output.note("stopping");
      await door.close(1_000);
      await bondstore.close();
    },
  );

interface First {
  readonly account: Account;
  readonly accessKeyId?: string;
  readonly secret?: string;
}

/** Makes the first account of a new directory; its credentials are shown this once. */
async function firstStart(directory: Bondstore["opened"]["parts"]["directory"]): Promise<First> {
  const [known] = directory.accounts();
  return known ? { account: known } : directory.createAccount(firstAccount);
}

function announce(
  { endpoint, ca, opened }: Bondstore,
  { account, accessKeyId, secret }: First,
  { region, data }: { readonly region: string; readonly data: string },
  output: Output,
): void {
  if (output.json) {
    const secrets = accessKeyId === undefined ? {} : { accessKeyId, secretAccessKey: secret };
    output.out(
      JSON.stringify({ ready: true, endpoint, ca, region, account: account.id, ...secrets }),
    );
    return;
  }
  const { size, root } = opened.trail.head();
  output.out(`Bondstore serves ${endpoint} (region ${region})`);
  output.out(`data      ${data}`);
  if (ca !== undefined) output.out(`CA        ${ca}`);
  output.out(`root      ${opened.root.description}`);
  output.out("access    every request is authorized; there is no switch that turns this off");
  output.out(`trail     ${size} events, head ${root.toString("hex").slice(0, 16)}`);
  if (accessKeyId !== undefined) {
    output.out("");
    output.out(`Account ${account.id} (${account.name}) is new. Shown once:`);
    output.out(`  export AWS_ACCESS_KEY_ID=${accessKeyId}`);
    output.out(`  export AWS_SECRET_ACCESS_KEY=${secret}`);
    output.out(`  export AWS_ENDPOINT_URL=${endpoint} AWS_REGION=${region}`);
    if (ca !== undefined) output.out(`  export AWS_CA_BUNDLE=${ca}`);
    output.out("Then: aws sts get-caller-identity");
  }
}

function untilStopped(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => resolve());
  });
}
