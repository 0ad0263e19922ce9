import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { Command } from "commander";
import { systemClock } from "../lib/clock.ts";
import {
  checkSums,
  snapshotAndStop,
  startFromSnapshot,
  startSums,
  untilStatus,
} from "./demo/application.ts";
import { type Cast, demoFolder, environmentOf, names, writeProfiles } from "./demo/cast.ts";
import { type Person, startSdk } from "./demo/clients.ts";
import { inspect, tamper } from "./demo/evidence.ts";
import { disable, rotate } from "./demo/keys.ts";
import { closingOrder } from "./demo/orders.ts";
import { refusals } from "./demo/refusals.ts";
import { shellLine } from "./demo/request.ts";
import { type DemoServer, startServer } from "./demo/server.ts";
import { createStage, type Stage } from "./demo/stage.ts";
import { makeStream, putOrders, roundOf } from "./demo/stream.ts";
import { tenants } from "./demo/tenants.ts";
import { outputOf } from "./output.ts";
import { emptyForDemo } from "./reset.ts";
import { CommandFailure, type Output, type Surroundings } from "./surroundings.ts";

interface DemoOptions {
  readonly data?: string;
  readonly keep?: boolean;
  readonly seed: number;
  readonly orders: number;
  readonly json?: boolean;
}

const help = `
Each command is printed before it runs, and each result is checked; the first that is not as expected ends the demo.
The data directory stays, so that you can go on by hand; the next demo replaces it unless --keep or --data says otherwise.
Exit status: 0 every check held, 1 one did not, 2 wrong usage.`;

/** `bondstore demo`: the whole story, with real clients. */
export const demoCommand = (around: Surroundings): Command =>
  new Command("demo")
    .description("play the whole story with real clients and check each result")
    .option("--data <directory>", "data directory of the demo: new, empty, or of an earlier demo")
    .option("--keep", "keep what an earlier demo left, and take a directory beside it")
    .option("--seed <number>", "seed of the orders", toCount, 20_260_101)
    .option("--orders <number>", "orders of each round", toCount, 20_000)
    .option("--json", "print the summary alone, as JSON")
    .addHelpText("after", help)
    .action(async (options: DemoOptions) => {
      const output = outputOf(options.json ?? false);
      const wanted =
        options.data === undefined
          ? join(around.dataHome, "bondstore-demo")
          : resolve(around.workingDirectory, options.data);
      const data = await emptyForDemo(wanted, options.keep ?? false);
      const startedMs = systemClock.now();
      const environment = environmentOf(data, around);
      const say = output.json ? () => {} : output.out;
      const up = ["--data", data, "--port", "0", "--lift-shard-limits", "--json"];
      say(`Bondstore's demo, in ${data}`);
      say(`$ ${shellLine(["bondstore", "up", ...up])}`);
      const logPath = join(demoFolder(data), "bondstore.log");
      const server = await startServer(up, environment, logPath);
      const memory = server.memoryMib();
      say(`  serves ${server.endpoint}, ready after ${systemClock.now() - startedMs} ms`);
      if (memory !== undefined) say(`  with ${memory} MiB of memory; its log: ${logPath}`);
      const scratch = mkdtempSync(join(tmpdir(), "bondstore-demo-"));
      try {
        const stage = await play({ options, around, output, data, server, environment, scratch });
        await server.stop();
        summarize(stage, {
          output,
          data,
          server,
          clients: join(around.cache, "clients", "bin"),
          ms: systemClock.now() - startedMs,
        });
      } catch (error) {
        // The first failure is what counts; the server must be gone in any case.
        await server.stop().catch(() => {});
        output.note(`the directory is kept as it is: ${data}; the log is ${logPath}`);
        throw error;
      } finally {
        rmSync(scratch, { recursive: true, force: true });
      }
    });

interface Setting {
  readonly options: DemoOptions;
  readonly around: Surroundings;
  readonly output: Output;
  readonly data: string;
  readonly server: DemoServer;
  readonly environment: ReturnType<typeof environmentOf>;
  readonly scratch: string;
}

async function play(setting: Setting): Promise<Stage> {
  const { options, around, output, data, server, environment, scratch } = setting;
  const people = new Map<string, Person>();
  const sdk = startSdk(around, { ...server, environment, people });
  const stage = createStage({
    ...{ output, clock: systemClock, colour: around.colour, cache: around, sdk, environment },
    folder: demoFolder(data),
  });
  const admit = (name: string, person: Person) => {
    people.set(name, person);
    writeProfiles(data, server, people);
  };
  stage.tell(`\`alice.kinesis\` below is alice's client of Kinesis, made with ${sdk.name}`);
  try {
    const title = "An account, two people, and a key of their own";
    const { cast, keyArn } = await stage.chapter(title, async () => {
      const account = await makeAccount(stage, data, admit);
      const made: Cast = {
        ...{ stage, data, account, people, admit, region: server.region },
        ...{ seed: options.seed, ordersEach: options.orders },
      };
      return { cast: made, ...(await tenants(made)) };
    });
    await tell(cast, keyArn, server, scratch);
  } finally {
    sdk.close();
  }
  return stage;
}

async function makeAccount(stage: Stage, data: string, admit: Cast["admit"]): Promise<string> {
  const { out } = await stage.bondstore(
    ["account", "create", "acme", "--data", data, "--json"],
    true,
  );
  const made = JSON.parse(out) as Person & { readonly account: string };
  admit("acme", made);
  stage.check(`account acme is ${made.account}`, /^\d{12}$/.test(made.account));
  return made.account;
}

/** The story, in the order of the chapters; what bob tries fills the time in which Flink starts. */
async function tell(
  cast: Cast,
  keyArn: string,
  server: DemoServer,
  scratch: string,
): Promise<void> {
  const { stage } = cast;
  const [first, second] = [roundOf(cast, 0), roundOf(cast, 1)];
  const third = [...roundOf(cast, 2, 2_000), closingOrder(cast.seed, 3 * cast.ordersEach)];
  await stage.chapter("Orders come in", async () => {
    await makeStream(cast, keyArn);
    await putOrders(cast, first);
  });
  await stage.chapter("A managed Flink application sums them", async () => {
    await startSums(cast, keyArn);
    await untilStatus(stage, "RUNNING");
    await checkSums(stage, first);
  });
  await stage.chapter("A snapshot; stop; start from it", async () => {
    await snapshotAndStop(cast);
    await startFromSnapshot(cast);
    await putOrders(cast, second);
  });
  await stage.chapter("Bob tries, and learns why not", () => refusals(cast));
  await stage.chapter("Nothing was lost across the snapshot", async () => {
    await untilStatus(stage, "RUNNING");
    await checkSums(stage, [...first, ...second]);
  });
  await stage.chapter("The key is rotated, disabled, enabled", async () => {
    await rotate(cast, keyArn);
    await disable(cast, keyArn);
    await putOrders(cast, third);
    await checkSums(stage, [...first, ...second, ...third]);
  });
  await stage.chapter("The evidence", async () => {
    await inspect(cast);
    await tamper(cast, server, scratch);
  });
}

function summarize(
  { chapters, checks }: Stage,
  {
    output,
    data,
    server,
    clients,
    ms,
  }: {
    readonly output: Output;
    readonly data: string;
    readonly server: DemoServer;
    /** Where the set-up puts the AWS CLI. */
    readonly clients: string;
    readonly ms: number;
  },
): void {
  if (output.json) {
    output.out(JSON.stringify({ ok: true, data, ms, checks, chapters }));
    return;
  }
  const seconds = (value: number) => `${(value / 1000).toFixed(1).padStart(6)} s`;
  output.out(`\nAll ${checks} checks hold.\n`);
  for (const { title, ms: took } of chapters) output.out(`${seconds(took)}  ${title}`);
  output.out(`${seconds(ms)}  altogether`);
  const folder = demoFolder(data);
  const port = new URL(server.endpoint).port;
  output.out(`
To go on by hand, in this terminal and in another:
  npx bondstore up --data ${data} --port ${port}
  export AWS_CONFIG_FILE=${folder}/aws-config AWS_SHARED_CREDENTIALS_FILE=${folder}/aws-credentials
  export AWS_CA_BUNDLE=${server.ca} PATH=${clients}:$PATH
  aws --profile alice kinesisanalyticsv2 describe-application --application-name ${names.application}
  aws --profile bob s3api get-object --bucket ${names.bucket} --key notes/for-alice.txt /dev/stdout
  npx bondstore explain REQUEST_ID --data ${data}
(profiles: acme is the account's root, alice may what she needs, bob little. The application runs again with Bondstore.)
All of it is kept in ${data}; npx bondstore reset --data ${data} removes it.`);
}

function toCount(text: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && number > 0 && number < 10_000_000) return number;
  throw new CommandFailure(`\`${text}\` is not a whole number above zero`, 2);
}
