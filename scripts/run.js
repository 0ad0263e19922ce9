// Shared by the scripts that run before anything is compiled.
import { spawnSync } from "node:child_process";

/** Runs a command in the foreground; ends this process with its status when it fails. */
export function run(command, args, options = {}) {
  const done = spawnSync(command, args, { stdio: "inherit", ...options });
  if (done.error) fail(`cannot run ${command}: ${done.error.message}`);
  if (done.status !== 0) process.exit(done.status ?? 1);
}

/** The first line a command prints, or undefined when it cannot be run. */
export function answerOf(command, args) {
  const done = spawnSync(command, args, { encoding: "utf8" });
  return done.status === 0 ? done.stdout.split("\n")[0] : undefined;
}

export function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}
