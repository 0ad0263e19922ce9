import { existsSync, readdirSync, statSync } from "node:fs";
import { basename, dirname } from "node:path";
import type { Config } from "../config.ts";
import { CommandFailure } from "./surroundings.ts";

/** What Bondstore makes in a data directory; `reset` removes this, and nothing else. */
export const ownNames: readonly string[] = [
  "root.key",
  "root.secret",
  "vault",
  "keys",
  "store",
  "trail",
  "ca.pem",
  "hsm-ca.pem",
  "admin.sock",
  "run",
  "volumes",
  "demo",
];

/** What makes a directory Bondstore's: the sealed root of trust. */
const mark = "root.key";
/** A file system of its own has this at its top. */
const onEveryDisk = "lost+found";

/**
 * Why this cannot become or be a data directory: later nobody could tell Bondstore's files from somebody else's,
 * `reset` neither. A key file that was laid there for the first start is no stranger.
 */
export function whyNotOurs(data: string, keyFile: string | undefined): string | undefined {
  const found = statSync(data, { throwIfNoEntry: false });
  if (!found) return undefined;
  if (!found.isDirectory()) return `\`${data}\` is a file, not a directory`;
  const names = readdirSync(data);
  if (names.includes(mark)) return undefined;
  const known = new Set([...ownNames, onEveryDisk]);
  if (keyFile !== undefined && dirname(keyFile) === data) known.add(basename(keyFile));
  const strangers = names.filter((name) => !known.has(name));
  if (strangers.length === 0) return undefined;
  return `\`${data}\` is not Bondstore's and holds other things (${strangers.slice(0, 3).join(", ")})`;
}

/** Refuses to make a data directory among somebody else's files. */
export function checkDataDirectory({ data, root }: Pick<Config, "data" | "root">): void {
  const why = whyNotOurs(data, root.kind === "key-file" ? root.path : undefined);
  if (why !== undefined) throw new CommandFailure(`${why}: give a new or an empty directory`, 2);
}

/** There is nothing to work on here; the usual cause is that `--data` was left out. */
export const missingDirectory = (data: string): CommandFailure =>
  new CommandFailure(
    existsSync(data)
      ? `\`${data}\` is no data directory of Bondstore: --data names another`
      : `there is no data directory \`${data}\`: \`bondstore up\` makes it, --data names another`,
  );
