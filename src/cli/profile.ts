import { existsSync, readdirSync, rmdirSync } from "node:fs";
import { dirname } from "node:path";
import { Command } from "commander";
import { askAdmin } from "./ask-admin.ts";
import { confirm } from "./confirm.ts";
import { addDataOptions, type DataOptions } from "./options.ts";
import { outputOf } from "./output.ts";
import { findBlock, hasSection, putBlock, settingOf, takeBlock } from "./profile/block.ts";
import { type AwsFiles, awsFiles, readText, replaceFile } from "./profile/files.ts";
import { requireRunning, type Status } from "./running.ts";
import { CommandFailure, type Surroundings } from "./surroundings.ts";

interface ProfileOptions extends DataOptions {
  readonly name: string;
  readonly account?: string;
  readonly yes?: boolean;
}

interface Keys {
  readonly account: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

export const defaultProfile = "bondstore";

const installHelp = `
Writes a marked block into the AWS config and credentials files, each replaced as a whole; nothing else in them changes.
The key is a new access key of the account's root, kept for the next time. Asks before it writes when on a terminal.
Exit status: 0 done, 1 failed or not wanted, 2 wrong usage.`;
const removeHelp = `
Takes the blocks out, so that both files are as they were, and deletes the access key.
Exit status: 0 done, also where there was none, 1 failed or not wanted, 2 wrong usage.`;

/** `bondstore profile`: a profile of the AWS tools that points at this Bondstore. */
export function profileCommand(around: Surroundings): Command {
  const command = new Command("profile").description(
    "a profile of the AWS tools for this Bondstore",
  );
  common(command.command("install"))
    .description("write the profile into the AWS config and credentials files")
    .option("--account <name>", "account, by name or id (default: the first)")
    .addHelpText("after", installHelp)
    .action((options: ProfileOptions) => install(options, around));
  common(command.command("remove"))
    .description("take the profile out again")
    .addHelpText("after", removeHelp)
    .action((options: ProfileOptions) => remove(options, around));
  return command;
}

const common = (command: Command): Command =>
  addDataOptions(command)
    .option("--name <name>", "name of the profile", checkName, defaultProfile)
    .option("--yes", "do not ask");

function checkName(name: string): string {
  if (/^[\w.@+-]{1,64}$/.test(name)) return name;
  throw new CommandFailure(`\`${name}\` is no name for a profile`, 2);
}

async function install(options: ProfileOptions, around: Surroundings): Promise<void> {
  const { name } = options;
  const output = outputOf(options.json ?? false);
  const files = awsFiles(around);
  const running = await requireRunning(options, around);
  const [config, credentials] = [readText(files.config), readText(files.credentials)];
  const title = name === "default" ? name : `profile ${name}`;
  if (hasSection(config, name, title) || hasSection(credentials, name, name)) {
    throw new CommandFailure(
      `there is a profile \`${name}\` already, not made here: give a --name`,
    );
  }
  await agree(options, `Write profile ${name} into ${files.config} and ${files.credentials}?`);
  const keys = await findOrMakeKeys(options, around, credentials);
  const written = {
    config: putBlock(config, name, configLines(title, running)),
    credentials: putBlock(credentials, name, [
      `[${name}]`,
      `aws_access_key_id = ${keys.accessKeyId}`,
      `aws_secret_access_key = ${keys.secretAccessKey}`,
    ]),
  };
  replaceFile(files.credentials, written.credentials);
  replaceFile(files.config, written.config);
  if (output.json) {
    const { account, accessKeyId } = keys;
    output.out(JSON.stringify({ profile: name, account, accessKeyId, ...files }));
    return;
  }
  output.out(`profile ${name}: root of account ${keys.account}, at ${running.endpoint}`);
  output.out(`try: aws --profile ${name} sts get-caller-identity`);
  const before = goesBefore(running, keys, around);
  if (before.length > 0) {
    output.note(
      `note: set in this shell, and the AWS tools put it before a profile: ${before.join(", ")}`,
    );
    output.note(`      unset ${before.join(" ")}`);
  }
}

/** Variables of this shell that would lead the profile's user elsewhere, or to nothing. */
function goesBefore(
  { endpoint, ca, region }: Status,
  { accessKeyId }: Keys,
  { awsVariables = {} }: Surroundings,
): readonly string[] {
  const meant: Readonly<Record<string, string | undefined>> = {
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_ENDPOINT_URL: endpoint,
    AWS_CA_BUNDLE: ca,
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
  };
  return Object.keys(meant).filter(
    (name) => (awsVariables[name] ?? "") !== "" && awsVariables[name] !== meant[name],
  );
}

const configLines = (title: string, { region, endpoint, ca }: Status): string[] => [
  `[${title}]`,
  `region = ${region}`,
  `endpoint_url = ${endpoint}`,
  ...(ca === undefined ? [] : [`ca_bundle = ${ca}`]),
  // Else the CLI and boto3 sign URLs with Signature Version 2, which is not admitted.
  "s3 =",
  "  signature_version = s3v4",
];

/** The key of the block that is there, if it still works; else a new one. */
async function findOrMakeKeys(
  options: ProfileOptions,
  around: Surroundings,
  credentials: string | undefined,
): Promise<Keys> {
  const known = findBlock(credentials, options.name);
  const accessKeyId = settingOf(known, "aws_access_key_id");
  const secretAccessKey = settingOf(known, "aws_secret_access_key");
  if (accessKeyId !== undefined && secretAccessKey !== undefined) {
    const status = await askAdmin("access-key-status", { accessKeyId }, options, around);
    const { active, account } = status as { active: boolean; account?: string };
    if (active && account !== undefined && (await isWanted(account, options, around))) {
      return { account, accessKeyId, secretAccessKey };
    }
    await askAdmin("access-key-delete", { accessKeyId }, options, around);
  }
  const input = options.account === undefined ? {} : { account: options.account };
  return (await askAdmin("access-key-create", input, options, around)) as Keys;
}

async function isWanted(
  account: string,
  options: ProfileOptions,
  around: Surroundings,
): Promise<boolean> {
  if (options.account === undefined || options.account === account) return true;
  const accounts = (await askAdmin("account-list", {}, options, around)) as {
    account: string;
    name: string;
  }[];
  const { account: wanted } = options;
  return accounts.some(
    (each) => each.account === account && each.name.toLowerCase() === wanted.toLowerCase(),
  );
}

async function remove(options: ProfileOptions, around: Surroundings): Promise<void> {
  const { name } = options;
  const output = outputOf(options.json ?? false);
  const files = awsFiles(around);
  const credentials = readText(files.credentials);
  const accessKeyId = settingOf(findBlock(credentials, name), "aws_access_key_id");
  const removed = ([files.config, files.credentials] as const).filter(
    (path) => findBlock(readText(path), name) !== undefined,
  );
  if (removed.length > 0) {
    await agree(options, `Take profile ${name} out of ${removed.join(" and ")}?`);
    takeOut(files, name);
  }
  const deleted = accessKeyId !== undefined && (await deleteKey(accessKeyId, options, around));
  if (accessKeyId !== undefined && !deleted) {
    output.note(`access key ${accessKeyId} is not of this data directory, or is gone already`);
  }
  if (output.json) output.out(JSON.stringify({ profile: name, removed, deleted }));
  else if (removed.length === 0) output.out(`there is no profile ${name} that was made here`);
  else output.out(`profile ${name} is taken out of ${removed.join(" and ")}`);
}

function takeOut(files: AwsFiles, name: string): void {
  for (const path of [files.config, files.credentials]) {
    const text = readText(path);
    if (text === undefined || findBlock(text, name) === undefined) continue;
    replaceFile(path, takeBlock(text, name));
    if (existsSync(dirname(path)) && readdirSync(dirname(path)).length === 0) {
      rmdirSync(dirname(path));
    }
  }
}

/** Best effort: the profile goes whether its Bondstore is there or not. */
async function deleteKey(
  accessKeyId: string,
  options: ProfileOptions,
  around: Surroundings,
): Promise<boolean> {
  try {
    const answer = await askAdmin("access-key-delete", { accessKeyId }, options, around);
    return (answer as { deleted: boolean }).deleted;
  } catch (error) {
    if (error instanceof CommandFailure) return false;
    throw error;
  }
}

/** Asks on a terminal only: programs that drive the command have decided already. */
async function agree({ yes, json }: ProfileOptions, question: string): Promise<void> {
  if (yes || json || !process.stdin.isTTY) return;
  if (!(await confirm(question))) throw new CommandFailure("nothing was changed");
}
