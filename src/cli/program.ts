import { Command, CommanderError } from "commander";
import { RootLocked } from "../keys/root-of-trust.ts";
import { accountCommand } from "./account.ts";
import { demoCommand } from "./demo.ts";
import { doctorCommand } from "./doctor.ts";
import { envCommand } from "./env.ts";
import { explainCommand } from "./explain.ts";
import { hsmCommand } from "./hsm.ts";
import { logsCommand } from "./logs.ts";
import { peerCommand } from "./peer.ts";
import { profileCommand } from "./profile.ts";
import { projectCommand } from "./project.ts";
import { releaseCommand } from "./release.ts";
import { resetCommand } from "./reset.ts";
import { CommandFailure, type Surroundings } from "./surroundings.ts";
import { upCommand } from "./up.ts";
import { verifyCommand } from "./verify.ts";

const howToUnlock =
  "give --key-file, BONDSTORE_PASSPHRASE or systemd's credential, as at the first start";

/** Makes one command; `index` of them is the list below. */
export type MakeCommand = (around: Surroundings) => Command;

const commands: readonly MakeCommand[] = [
  upCommand,
  demoCommand,
  doctorCommand,
  verifyCommand,
  explainCommand,
  logsCommand,
  envCommand,
  profileCommand,
  accountCommand,
  hsmCommand,
  peerCommand,
  projectCommand,
  releaseCommand,
  resetCommand,
];

const help = `
Every command takes --json, and --data for another directory than the user's own.
Exit status: 0 done, 1 failed, 2 wrong usage; where a command has more to say, its --help does.`;

/** Runs one command line and answers its exit status: 0 done, 1 failed, 2 wrong usage. */
export async function runCommand(around: Surroundings): Promise<number> {
  const program = new Command("bondstore")
    .description("The data cloud you own, enforced and provable")
    .addHelpText("after", help)
    .showHelpAfterError()
    .exitOverride();
  for (const make of commands) {
    const command = make(around).exitOverride();
    for (const inner of command.commands) inner.exitOverride();
    program.addCommand(command);
  }
  try {
    await program.parseAsync([...around.args], { from: "user" });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    const message = error instanceof Error ? error.message : String(error);
    const advice = error instanceof RootLocked ? `; ${howToUnlock}` : "";
    process.stderr.write(`bondstore: ${message}${advice}\n`);
    return error instanceof CommandFailure ? error.exitCode : 1;
  }
}
