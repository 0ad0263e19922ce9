import { Command } from "commander";
import { askAdmin } from "./ask-admin.ts";
import { confirm } from "./confirm.ts";
import { addDataOptions, type DataOptions, inAccount } from "./options.ts";
import { outputOf } from "./output.ts";
import { CommandFailure, type Surroundings } from "./surroundings.ts";

interface Made {
  readonly project: string;
  readonly account: string;
  readonly owner: string;
  readonly endpoint?: string;
  readonly kmsKeyArn?: string;
}

interface Route {
  readonly warning: string;
}

interface Named extends DataOptions {
  readonly account?: string;
  readonly comment?: string;
  readonly kmsKey?: string;
  readonly yes?: boolean;
}

const help = "\nExit status: 0 done, 1 failed, 2 wrong usage.";

/** `bondstore project`: projects of the warehouse. */
export function projectCommand(around: Surroundings): Command {
  const command = new Command("project").description(
    "make, list and drop projects of the warehouse",
  );
  addDataOptions(
    command
      .command("create <name>")
      .description("make a project; the root of its account owns it")
      .option(...inAccount)
      .option("--comment <text>", "what it is for")
      .option("--kms-key <key>", "seal its data under this KMS key: an ARN, an id or alias/NAME")
      .addHelpText("after", help),
  ).action(async (name: string, { account, comment, kmsKey, ...options }: Named) => {
    const { json, out } = outputOf(options.json ?? false);
    const asked = { name, account, comment, kmsKey };
    const made = (await askAdmin("project-create", asked, options, around)) as Made;
    if (json) {
      out(JSON.stringify(made));
      return;
    }
    out(`Project ${made.project} of account ${made.account}, owned by ${made.owner}.`);
    if (made.kmsKeyArn !== undefined) out(`  sealed under ${made.kmsKeyArn}`);
    if (made.endpoint !== undefined) {
      out(`  ODPS(access_key_id, secret, "${made.project}", endpoint="${made.endpoint}")`);
    }
  });
  addDataOptions(
    command
      .command("key <name>")
      .description("seal what is written into a project from now on under another KMS key")
      .option(...inAccount)
      .option("--kms-key <key>", "an ARN, an id or alias/NAME; without it the account's own keys")
      .addHelpText("after", help),
  ).action(async (name: string, { account, kmsKey, ...options }: Named) => {
    const { json, out } = outputOf(options.json ?? false);
    const asked = { name, account, kmsKey };
    const made = (await askAdmin("project-key", asked, options, around)) as Made;
    if (json) out(JSON.stringify(made));
    else out(`Project ${made.project}: ${made.kmsKeyArn ?? "the account's own keys"} from now on.`);
  });
  addDataOptions(
    command
      .command("drop <name>")
      .description("drop a project: its tables, resources, jobs and grants are gone for good")
      .option(...inAccount)
      .option("--yes", "do it without asking")
      .addHelpText("after", help),
  ).action(async (name: string, { account, yes, ...options }: Named) => {
    const { json, out } = outputOf(options.json ?? false);
    const question = `Drop the project ${name}, with every table, resource and job in it, for good?`;
    if (!yes && !(await confirm(question))) {
      throw new CommandFailure("nothing was dropped: say --yes to drop it", 2);
    }
    const gone = (await askAdmin("project-drop", { name, account }, options, around)) as Made;
    if (json) out(JSON.stringify(gone));
    else out(`Project ${gone.project} of account ${gone.account} is dropped.`);
  });
  addDataOptions(
    command
      .command("list")
      .description("list the projects of an account")
      .option(...inAccount)
      .addHelpText("after", help),
  ).action(async ({ account, ...options }: Named) => {
    const { json, out } = outputOf(options.json ?? false);
    const found = (await askAdmin("project-list", { account }, options, around)) as Made[];
    if (json) out(JSON.stringify(found));
    else
      for (const { project, owner, kmsKeyArn = "" } of found)
        out(`${project}  ${owner}  ${kmsKeyArn}`.trimEnd());
  });
  addDataOptions(
    command
      .command("routes")
      .description("warn of protected projects whose trust leads further than they say")
      .option(...inAccount)
      .addHelpText("after", help),
  ).action(async ({ account, ...options }: Named) => {
    const { json, out } = outputOf(options.json ?? false);
    const found = (await askAdmin("project-routes", { account }, options, around)) as Route[];
    if (json) out(JSON.stringify(found));
    else for (const { warning } of found) out(warning);
  });
  return command;
}
