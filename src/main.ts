import { homedir } from "node:os";
import { join } from "node:path";
import { runCommand } from "./cli/program.ts";

// Who reads may stop early (`| head`): then the rest is for nobody, and nothing has failed.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
});

const home = process.env["HOME"] ?? homedir();

process.exitCode = await runCommand({
  args: process.argv.slice(2),
  home,
  workingDirectory: process.cwd(),
  dataHome: process.env["XDG_DATA_HOME"] ?? join(home, ".local", "share"),
  cache: process.env["BONDSTORE_CACHE"] ?? join(home, ".cache", "bondstore"),
  ...(process.env["FLINK_HOME"] && { flinkHome: process.env["FLINK_HOME"] }),
  ...(process.env["BONDSTORE_PASSPHRASE"] && { passphrase: process.env["BONDSTORE_PASSPHRASE"] }),
  ...(process.env["CREDENTIALS_DIRECTORY"] && {
    systemdCredentials: process.env["CREDENTIALS_DIRECTORY"],
  }),
  ...(process.env["AWS_CONFIG_FILE"] && { awsConfigFile: process.env["AWS_CONFIG_FILE"] }),
  ...(process.env["AWS_SHARED_CREDENTIALS_FILE"] && {
    awsCredentialsFile: process.env["AWS_SHARED_CREDENTIALS_FILE"],
  }),
  awsVariables: process.env,
  moduleEnv: Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) =>
      value === undefined || /^(AWS_|BONDSTORE_|CREDENTIALS_DIRECTORY$)/.test(name)
        ? []
        : [[name, value] as const],
    ),
  ),
  path: process.env["PATH"] ?? "/usr/bin:/bin",
  colour: process.stdout.isTTY === true && process.env["NO_COLOR"] === undefined,
});
