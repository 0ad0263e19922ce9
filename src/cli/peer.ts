import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { Command } from "commander";
import { askAdmin } from "./ask-admin.ts";
import { addDataOptions, type DataOptions } from "./options.ts";
import { outputOf } from "./output.ts";
import { CommandFailure, type Surroundings } from "./surroundings.ts";

interface TermsOptions extends DataOptions {
  readonly account: readonly string[];
  readonly endpoint?: string;
}

interface Shown {
  readonly id: string;
  readonly regions: readonly string[];
  readonly accounts: readonly string[];
  readonly endpoint: string;
  readonly offeredUntilMs?: number;
}

const help = `
On one of the two: bondstore peer offer --account ID > offer.json    (the file is a secret, and good for one hour)
On the other:      bondstore peer join offer.json --account ID
From then on ReplicateKey and UpdatePrimaryRegion of multi-Region keys of these accounts reach the other's Regions.
The accounts have the same id in both: bondstore account create NAME --id ID.
Exit status: 0 done, 1 failed, 2 wrong usage.`;

/** `bondstore peer`: other Bondstores, which serve other Regions. */
export function peerCommand(around: Surroundings): Command {
  const command = new Command("peer")
    .description("join Bondstores that serve other Regions")
    .addHelpText("after", help);
  addTerms(command.command("offer"))
    .description("offer another Bondstore to join; prints a secret")
    .action(async ({ account: accounts, endpoint, ...options }: TermsOptions) => {
      const offer = await askAdmin("peer-offer", { accounts, endpoint }, options, around);
      outputOf(true).out(JSON.stringify(offer));
    });
  addTerms(command.command("join <offer>"))
    .description("take the offer that is in a file")
    .action(async (file: string, { account: accounts, endpoint, ...options }: TermsOptions) => {
      const offer = readOffer(resolve(around.workingDirectory, file));
      const input = { offer, accounts, endpoint };
      print([(await askAdmin("peer-join", input, options, around)) as Shown], options);
    });
  addDataOptions(command.command("list"))
    .description("list them")
    .action(async (options: DataOptions) => {
      print((await askAdmin("peer-list", {}, options, around)) as readonly Shown[], options);
    });
  addDataOptions(command.command("remove <id>"))
    .description("end an agreement; no key may be related to one of the other's")
    .option("--force", "also then: primaries forget the other's replicas, replicas follow no more")
    .action(async (id: string, { force, ...options }: DataOptions & { force?: boolean }) => {
      const answer = await askAdmin("peer-remove", { id, force }, options, around);
      const { json, out } = outputOf(options.json ?? false);
      out(json ? JSON.stringify(answer) : `removed ${id}`);
    });
  return command;
}

const addTerms = (command: Command): Command =>
  addDataOptions(command)
    .requiredOption("--account <id...>", "accounts whose multi-Region keys may be in both")
    .option("--endpoint <url>", "where the other reaches this one (default: where it listens)");

function readOffer(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    throw new CommandFailure(`no offer is in \`${path}\`: ${(error as Error).message}`);
  }
}

function print(peers: readonly Shown[], options: DataOptions): void {
  const { json, out } = outputOf(options.json ?? false);
  if (json) {
    out(JSON.stringify(peers));
    return;
  }
  for (const { id, regions, accounts, endpoint } of peers) {
    const where = regions.length === 0 ? "offered" : `${regions.join(",")} at ${endpoint}`;
    out(`${id}  ${where}  accounts ${accounts.join(",")}`);
  }
}
