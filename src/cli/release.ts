import { readFile, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { Command } from "commander";
import { readVerifierKey, type VerifierKey } from "../audit/checkpoint.ts";
import { trailPaths } from "../audit/paths.ts";
import { checkReceipt, makeReceipt } from "../audit/receipt.ts";
import { type Release, releasesOf } from "../audit/releases.ts";
import type { FoundEvent } from "../audit/trail.ts";
import { askAdmin } from "./ask-admin.ts";
import { addDataOptions, type DataOptions, dataDirectory, inAccount } from "./options.ts";
import { outputOf } from "./output.ts";
import { CommandFailure, type Surroundings } from "./surroundings.ts";

interface ListOptions extends DataOptions {
  readonly account?: string;
  readonly project?: string;
  readonly since?: string;
  readonly until?: string;
}

interface CheckOptions extends DataOptions {
  readonly publicKey?: string;
}

const receiptSizeMax = 16 * 1024 * 1024;

/** `bondstore release`: what left controlled projects, and the proof of it. */
export function releaseCommand(around: Surroundings): Command {
  const command = new Command("release").description("show and prove what left projects");
  command.addCommand(listCommand(around), { isDefault: true });
  command.addCommand(receiptCommand(around));
  command.addCommand(checkCommand(around));
  return command;
}

const listCommand = (around: Surroundings): Command =>
  addDataOptions(
    new Command("list")
      .description("list what left protected or download-controlled projects, the newest first")
      .option(...inAccount)
      .option("--project <name>", "of one project only")
      .option("--since <time>", "not older than this (ISO 8601)")
      .option("--until <time>", "not newer than this (ISO 8601)")
      .addHelpText("after", "\nExit status: 0 told, 1 failed, 2 wrong usage."),
  ).action(async ({ account, project, since, until, ...options }: ListOptions) => {
    const { json, out } = outputOf(options.json ?? false);
    const asked = { account, project, since, until };
    const found = (await askAdmin("release-list", asked, options, around)) as Release[];
    if (json) out(JSON.stringify(found));
    else if (found.length > 0) for (const line of found.flatMap(linesOf)) out(line);
    // Silence after a wrong name would look like good news.
    else out(`The trail has nothing that left ${project ?? "a controlled project"}.`);
  });

const receiptCommand = (around: Surroundings): Command =>
  addDataOptions(
    new Command("receipt")
      .argument("<request-id>", "id of the request that the list shows")
      .description("print a receipt of a release, which anybody can check with trail.pub alone")
      .addHelpText("after", "\nExit status: 0 done, 1 there is no such release, 2 wrong usage."),
  ).action(async (requestId: string, options: DataOptions) => {
    const { out } = outputOf(true);
    const events = (await askAdmin(
      "release-events",
      { requestId },
      options,
      around,
    )) as FoundEvent[];
    const directory = join(dataDirectory(options, around), "trail");
    const key = await readKey(trailPaths(directory).publicKey);
    out(JSON.stringify(await makeReceipt(directory, key, events)));
  });

const checkCommand = (around: Surroundings): Command =>
  addDataOptions(
    new Command("check")
      .argument("<file>", "the receipt")
      .description("check a receipt, offline and by the installation's public key alone")
      .option(
        "--public-key <file>",
        "that key as you keep it (default: trail.pub of the directory)",
      )
      .addHelpText("after", "\nExit status: 0 it is true, 1 it is not, 2 wrong usage."),
  ).action(async (file: string, { publicKey, ...options }: CheckOptions) => {
    const { json, out } = outputOf(options.json ?? false);
    const beside = trailPaths(join(dataDirectory(options, around), "trail")).publicKey;
    const key = await readKey(
      publicKey === undefined ? beside : resolve(around.workingDirectory, publicKey),
    );
    const { events, signedAtMs } = checkReceipt(
      await readJson(resolve(around.workingDirectory, file)),
      key,
    );
    const signedAt = new Date(signedAtMs).toISOString();
    const releases = releasesOf(events);
    if (json) {
      out(JSON.stringify({ origin: key.origin, signedAt, releases }));
      return;
    }
    for (const line of releases.flatMap(linesOf)) out(line);
    out(`ok      in the trail of ${key.origin}, signed at ${signedAt}`);
  });

async function readJson(path: string): Promise<unknown> {
  const { size } = await stat(path).catch(unreadable(path));
  if (size > receiptSizeMax) throw new CommandFailure("this is no receipt");
  const text = await readFile(path, "utf8");
  try {
    return JSON.parse(text);
  } catch {
    throw new CommandFailure("this is no receipt: it is not JSON");
  }
}

/** A file that is not there, or not to be read, in words. */
const unreadable = (path: string) => (error: NodeJS.ErrnoException) => {
  throw new CommandFailure(`\`${path}\` cannot be read: ${error.code ?? "it failed"}`);
};

async function readKey(path: string): Promise<VerifierKey> {
  const key = readVerifierKey(await readFile(path, "utf8").catch(unreadable(path)));
  if (!key) throw new CommandFailure(`\`${path}\` is no public key of a trail`);
  return key;
}

const count = (number: number | undefined, unit: string): string =>
  number === undefined ? "" : `, ${number.toLocaleString("en-US")} ${unit}`;

/** A release for people. */
function linesOf(release: Release): readonly string[] {
  const { time, by, ip, operation, requestId, destination, rows, bytes, complete } = release;
  const ended = complete === false ? ", not told to its end" : "";
  return [
    `${time}  ${by} from ${ip}`,
    `        ${operation} ${requestId}: ${destination}${count(rows, "rows")}${count(bytes, "bytes")}${ended}`,
    ...release.from.map(({ project, name, version, columns, rule, statement }) => {
      const which = version === undefined ? "" : ` version ${version}`;
      const what = columns.length === 0 ? "" : ` (${columns.join(", ")})`;
      const by = statement === undefined ? rule : `${rule}, ${statement}`;
      return `        ${project}.${name}${which}${what}: ${by}`;
    }),
  ];
}
