import { Command } from "commander";
import { askAdmin } from "./ask-admin.ts";
import { addDataOptions, type DataOptions } from "./options.ts";
import { outputOf } from "./output.ts";
import type { Surroundings } from "./surroundings.ts";

interface Made {
  readonly account: string;
  readonly endpoint?: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** `bondstore account`: tenants. */
export function accountCommand(around: Surroundings): Command {
  const command = new Command("account").description("make and list accounts (tenants)");
  const help = "\nExit status: 0 done, 1 failed, 2 wrong usage.";
  addDataOptions(
    command
      .command("create <name>")
      .description("make an account; its root credentials are shown once")
      .option("--id <digits>", "the id that it has in another Bondstore as well")
      .addHelpText("after", help),
  ).action(async (name: string, options: DataOptions & { readonly id?: string }) => {
    const { json, out } = outputOf(options.json ?? false);
    const { id } = options;
    const made = (await askAdmin("account-create", { name, id }, options, around)) as Made;
    if (json) {
      out(JSON.stringify(made));
      return;
    }
    out(`Account ${made.account} (${name}). Its root credentials, shown once:`);
    out(`  AWS_ACCESS_KEY_ID=${made.accessKeyId}`);
    out(`  AWS_SECRET_ACCESS_KEY=${made.secretAccessKey}`);
  });
  addDataOptions(
    command.command("list").description("list the accounts").addHelpText("after", help),
  ).action(async (options: DataOptions) => {
    const { json, out } = outputOf(options.json ?? false);
    const found = (await askAdmin("account-list", {}, options, around)) as {
      account: string;
      name: string;
    }[];
    if (json) out(JSON.stringify(found));
    else for (const { account, name } of found) out(`${account}  ${name}`);
  });
  return command;
}
