import { Command } from "commander";
import { askAdmin } from "./ask-admin.ts";
import { addDataOptions, type DataOptions } from "./options.ts";
import { outputOf } from "./output.ts";
import type { FoundLogs } from "./read-logs.ts";
import { CommandFailure, type Surroundings } from "./surroundings.ts";

interface LogsOptions extends DataOptions {
  readonly account?: string;
  readonly lines: number;
}

const linesDefault = 200;
const help = `
Kept in memory since this Bondstore started. What made a start fail: aws kinesisanalyticsv2 describe-application-operation
Exit status: 0 shown, 1 there is no such log, 2 wrong usage.`;

/** Sequences that colour a terminal's text. */
const colours = new RegExp(`${String.fromCharCode(27)}\\[[\\d;]*m`, "g");

/** `bondstore logs`: what the engine of a Flink application wrote last. */
export const logsCommand = (around: Surroundings): Command =>
  addDataOptions(
    new Command("logs")
      .argument("<application>", "name or ARN of a Flink application")
      .description("show the last lines that a Flink application's engine wrote"),
  )
    .option("--account <id>", "where two accounts have applications of this name")
    .option("--lines <number>", "how many lines", toCount, linesDefault)
    .addHelpText("after", help)
    .action(async (application: string, options: LogsOptions) => {
      const { json, out } = outputOf(options.json ?? false);
      const { account, lines: count } = options;
      const asked = { application, count, ...(account !== undefined && { account }) };
      const { lines, ...found } = (await askAdmin("logs", asked, options, around)) as FoundLogs;
      const shown = lines.map(printable);
      if (json) out(JSON.stringify({ ...found, lines: shown }));
      else for (const line of shown) out(line);
    });

function toCount(text: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count > 0) return count;
  throw new CommandFailure(`\`${text}\` is not a number of lines`, 2);
}

/** A tenant's code wrote it: nothing of it may steer the operator's terminal. */
const printable = (line: string): string => line.replace(colours, "").replace(/\p{Cc}/gu, " ");
