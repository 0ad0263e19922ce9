import type { Output } from "./surroundings.ts";

/** Writes to the process's own streams. */
export const outputOf = (json: boolean): Output => ({
  json,
  out: (line) => void process.stdout.write(`${line}\n`),
  note: (line) => void (json || process.stderr.write(`${line}\n`)),
});
