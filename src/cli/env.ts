import { Command, Option } from "commander";
import { addDataOptions, type DataOptions } from "./options.ts";
import { outputOf } from "./output.ts";
import { findBlock, settingOf } from "./profile/block.ts";
import { awsFiles, readText } from "./profile/files.ts";
import { defaultProfile } from "./profile.ts";
import { requireRunning, type Status } from "./running.ts";
import type { Surroundings } from "./surroundings.ts";

type Format = "shell" | "dotenv" | "json" | "ps1";

interface EnvOptions extends DataOptions {
  readonly format: Format;
}

const help = `
Of the Bondstore that has the data directory open. Never holds a secret; where \`bondstore profile install\` has made a
profile for it, names that. In a shell: eval "$(bondstore env)"
Exit status: 0 done, 1 no Bondstore has the directory open, 2 wrong usage.`;

/** `bondstore env`: the variables that point the AWS tools at this Bondstore. */
export const envCommand = (around: Surroundings): Command =>
  addDataOptions(new Command("env").description("print the variables that point clients here"))
    .addOption(
      new Option("--format <format>", "form of the output")
        .choices(["shell", "dotenv", "json", "ps1"])
        .default("shell"),
    )
    .addHelpText("after", help)
    .action(async (options: EnvOptions) => {
      const { out } = outputOf(false);
      const running = await requireRunning(options, around);
      const config = findBlock(readText(awsFiles(around).config), defaultProfile);
      const profile = settingOf(config, "endpoint_url") === running.endpoint ? defaultProfile : "";
      const variables = variablesOf(running, profile);
      for (const line of linesOf(variables, options.json ? "json" : options.format)) out(line);
    });

/** The variables by name. */
export function variablesOf(
  { endpoint, ca, region }: Pick<Status, "endpoint" | "ca" | "region">,
  profile: string,
): Readonly<Record<string, string>> {
  return {
    AWS_ENDPOINT_URL: endpoint,
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    ...(ca !== undefined && { AWS_CA_BUNDLE: ca, NODE_EXTRA_CA_CERTS: ca }),
    ...(profile !== "" && { AWS_PROFILE: profile }),
  };
}

/** The variables as a shell, a dotenv reader, PowerShell or a program takes them. */
export function linesOf(variables: Readonly<Record<string, string>>, format: Format): string[] {
  if (format === "json") return [JSON.stringify(variables)];
  return Object.entries(variables).map(([name, value]) => {
    if (format === "shell") return `export ${name}='${value.replaceAll("'", `'\\''`)}'`;
    if (format === "ps1") return `$env:${name} = '${value.replaceAll("'", "''")}'`;
    return `${name}="${value.replace(/(["\\$`])/g, "\\$1")}"`;
  });
}
