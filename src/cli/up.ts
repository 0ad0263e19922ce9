import { Command } from "commander";
import type { Account } from "../identity/directory.ts";
import { type Bondstore, type Opened, open, realEnvironment, serve } from "../server.ts";
import { createAccount } from "./admin.ts";
import { openAdminDoor } from "./admin-door.ts";
import { checkDataDirectory } from "./data-directory.ts";
import { addUpOptions, configOf, dataWords, type UpOptions } from "./options.ts";
import { outputOf } from "./output.ts";
import { CommandFailure, type Output, type Surroundings } from "./surroundings.ts";

/** The account that is made at first start. */
const firstAccount = "main";

const help = `
With --json it prints one line once it is ready: ready, endpoint, ca, region, account and, at the first start of that
directory, accessKeyId and secretAccessKey of its administrator. Stops cleanly on SIGTERM and SIGINT.
Exit status: 0 stopped as asked, 1 failed, 2 wrong usage.`;

/** `bondstore up`: serves until stopped. */
export const upCommand = (around: Surroundings): Command =>
  addUpOptions(new Command("up").description("serve until stopped"))
    .addHelpText("after", help)
    .action(async (options: UpOptions) => {
      const output = outputOf(options.json ?? false);
      const config = configOf(options, around);
      const stopped = untilStopped();
      const environment = realEnvironment((line) => void process.stderr.write(`${line}\n`));
      checkDataDirectory(config);
      const opened = await open(config, environment);
      const bondstore = await serve(config, opened, environment).catch(async (error: unknown) => {
        await opened.close();
        throw inWords(error, options);
      });
      // Only now: a start that fails, on a port that is taken, must not use up what is shown once.
      const first = await firstStart(opened);
      const door = await openAdminDoor(bondstore);
      announce(
        bondstore,
        first,
        { region: config.region, where: dataWords(config.data, around) },
        output,
      );
      await stopped;
      output.note("stopping");
      await door.close(1_000);
      await bondstore.close();
    });

interface First {
  readonly account: Account;
  readonly accessKeyId?: string;
  readonly secret?: string;
}

/** Makes the first account of a new directory; its credentials are shown this once. */
async function firstStart(opened: Opened): Promise<First> {
  const [known] = opened.parts.directory.accounts();
  return known ? { account: known } : createAccount(opened, firstAccount);
}

function inWords(error: unknown, { host, port }: UpOptions): unknown {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "EADDRINUSE") {
    return new CommandFailure(`port ${port} of ${host} is taken: give another with --port`);
  }
  if (code === "EACCES" || code === "EADDRNOTAVAIL") {
    return new CommandFailure(`nothing may listen on port ${port} of ${host} here: ${code}`);
  }
  return error;
}

function announce(
  { endpoint, ca, opened, data, hsmWays }: Bondstore,
  { account, accessKeyId, secret }: First,
  { region, where }: { readonly region: string; readonly where: string },
  output: Output,
): void {
  if (output.json) {
    const secrets = accessKeyId === undefined ? {} : { accessKeyId, secretAccessKey: secret };
    output.out(
      JSON.stringify({
        ...{ ready: true, endpoint, ca, region, account: account.id },
        ...(hsmWays.port !== undefined && { hsmPort: hsmWays.port }),
        ...secrets,
      }),
    );
    return;
  }
  const { size, root } = opened.trail.head();
  const lines = [
    "Bondstore: the data cloud you own, enforced and provable",
    "",
    `  endpoint  ${endpoint}, region ${[region, ...opened.furtherRegions].join(", ")}`,
    ...(hsmWays.port === undefined ? [] : [`  HSMs      port ${hsmWays.port}, mutual TLS`]),
    `  account   ${account.id} (${account.name})`,
    `  data      ${data}`,
    ...(ca === undefined ? [] : [`  CA        ${ca}`]),
    "  IAM       enforced: every request is authorized, and no switch turns this off",
    `  at rest   encrypted; the root of trust is ${opened.root.description}`,
    `  trail     ${size} events, chained; head ${root.toString("hex").slice(0, 16)}`,
    "",
    ...(accessKeyId === undefined
      ? []
      : [
          "Its root credentials, shown this once:",
          `  AWS_ACCESS_KEY_ID=${accessKeyId}`,
          `  AWS_SECRET_ACCESS_KEY=${secret}`,
          "",
        ]),
    "Next, in another terminal:",
    `  bondstore profile install${where}`,
    "  aws --profile bondstore sts get-caller-identity",
    `  bondstore doctor${where}`,
  ];
  for (const line of lines) output.out(line);
}

function untilStopped(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => resolve());
  });
}
