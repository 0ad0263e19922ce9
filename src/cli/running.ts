import { askRunning } from "./ask-admin.ts";
import { type DataOptions, dataDirectory, dataWords } from "./options.ts";
import { CommandFailure, type Surroundings } from "./surroundings.ts";

/** What a Bondstore that serves a data directory says of itself. */
export interface Status {
  readonly endpoint: string;
  /** Undefined on plain HTTP. */
  readonly ca?: string;
  readonly region: string;
  readonly accounts: number;
  readonly root: string;
  readonly trail: { readonly events: number; readonly root: string };
}

/** The Bondstore that has the directory open; undefined where none runs. */
export async function findRunning(
  options: DataOptions,
  around: Surroundings,
): Promise<Status | undefined> {
  const found = await askRunning("status", {}, options, around);
  return found?.answer as Status | undefined;
}

/** The same, where one is needed. */
export async function requireRunning(options: DataOptions, around: Surroundings): Promise<Status> {
  const found = await findRunning(options, around);
  if (found) return found;
  const data = dataDirectory(options, around);
  throw new CommandFailure(
    `no Bondstore has \`${data}\` open: start one with \`bondstore up${dataWords(data, around)}\``,
  );
}
