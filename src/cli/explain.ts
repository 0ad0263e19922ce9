import { Command } from "commander";
import { askAdmin } from "./ask-admin.ts";
import { addDataOptions, type DataOptions } from "./options.ts";
import { outputOf } from "./output.ts";
import type { Surroundings } from "./surroundings.ts";

/** `bondstore explain`: why a request, or what a job ran, was allowed or refused. */
export const explainCommand = (around: Surroundings): Command =>
  addDataOptions(
    new Command("explain")
      .argument("<id>", "of a request, or of an instance of the warehouse, as the refusal has it")
      .description(
        "show, step by step, which policy or protection decided a request, and the smallest change",
      )
      .addHelpText(
        "after",
        "\nExit status: 0 told, 1 the trail has no such request or instance, 2 wrong usage.",
      ),
  ).action(async (id: string, options: DataOptions) => {
    const { json, out } = outputOf(options.json ?? false);
    const { events, lines } = (await askAdmin("explain", { id }, options, around)) as {
      events: unknown;
      lines: readonly string[];
    };
    if (json) out(JSON.stringify(events));
    else for (const line of lines) out(line);
  });
