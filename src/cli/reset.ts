import { existsSync, lstatSync, mkdirSync, readdirSync, rmdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { isInUse } from "../storage/directory-lock.ts";
import { confirm } from "./confirm.ts";
import { missingDirectory, ownNames } from "./data-directory.ts";
import { demoFolder } from "./demo/cast.ts";
import { addDataOptions, type DataOptions, dataDirectory } from "./options.ts";
import { outputOf } from "./output.ts";
import { CommandFailure, type Surroundings } from "./surroundings.ts";

interface ResetOptions extends DataOptions {
  readonly yes?: boolean;
}

const help = `
Removes accounts, keys, data and trail for good. Refuses a directory that is in use, and one that is not Bondstore's.
Exit status: 0 removed, 1 refused, 2 wrong usage.`;

/** `bondstore reset`: removes a data directory. */
export const resetCommand = (around: Surroundings): Command =>
  addDataOptions(new Command("reset").description("remove a data directory and all that is in it"))
    .option("--yes", "do it without asking")
    .addHelpText("after", help)
    .action(async (options: ResetOptions) => {
      const output = outputOf(options.json ?? false);
      const data = dataDirectory(options, around);
      checkOurs(data);
      await checkUnused(data);
      if (!options.yes) {
        const question = `Remove ${data}, with every account, key and object in it, for good?`;
        if (!(await confirm(question))) {
          throw new CommandFailure("nothing was removed: say --yes to remove it", 2);
        }
      }
      const left = clear(data);
      if (output.json) output.out(JSON.stringify({ removed: data, left }));
      else {
        output.out(`removed ${data}`);
        if (left.length > 0) output.out(`left what is not Bondstore's: ${left.join(", ")}`);
      }
    });

/** Removes what is Bondstore's, and the directory when nothing else is in it; answers what is left. */
function clear(data: string): readonly string[] {
  // First what everything hangs from: after that, nothing that is left can be read.
  for (const name of ownNames) rmSync(join(data, name), { recursive: true, force: true });
  const left = readdirSync(data);
  if (left.length === 0) rmdirSync(data);
  return left;
}

/** A sealed root and a store, in a real directory: nothing else looks like this. */
function checkOurs(data: string): void {
  const ours =
    lstatSync(data, { throwIfNoEntry: false })?.isDirectory() &&
    existsSync(join(data, "root.key")) &&
    existsSync(join(data, "keys"));
  if (!ours) throw missingDirectory(data);
}

async function checkUnused(data: string): Promise<void> {
  if (await isInUse(join(data, "store"))) {
    throw new CommandFailure(`\`${data}\` is in use: stop the Bondstore that has it open first`);
  }
}

const directoriesMax = 100;

/** A directory for a demo: new or empty, or one that an earlier demo left, which is removed first. */
export async function emptyForDemo(wanted: string, keep: boolean): Promise<string> {
  let data = wanted;
  for (let number = 2; keep && existsSync(data) && number < directoriesMax; number += 1) {
    data = `${wanted}-${number}`;
  }
  if (existsSync(data) && readdirSync(data).length > 0) {
    if (!existsSync(demoFolder(data))) {
      throw new CommandFailure(`\`${data}\` is not of an earlier demo: give an empty directory`);
    }
    checkOurs(data);
    await checkUnused(data);
    clear(data);
  }
  mkdirSync(demoFolder(data), { recursive: true, mode: 0o700 });
  return data;
}
