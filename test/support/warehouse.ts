import assert from "node:assert/strict";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { createProject } from "../../src/projects/project.ts";
import { type Keys, type Running, startBondstore } from "./bondstore.ts";
import type { Up } from "./command-line.ts";
import { cache, python, run } from "./python.ts";

/** A Bondstore with a tenant whose root owns some projects. */
export interface World {
  readonly running: Running;
  readonly account: string;
  readonly root: Keys;
  /** Runs a script of PyODPS as somebody in a project; answers the JSON that it prints last. */
  odps<Answer = Record<string, unknown>>(
    keys: Keys,
    project: string,
    script: string,
  ): Promise<Answer>;
  /** The same as root, in the first of the projects. */
  asRoot(script: string): Promise<Record<string, unknown>>;
  /** A user of IAM with an access key; its name in projects is `RAM$<account>:<name>`. */
  user(name: string): Promise<Keys>;
}

/** The interpreter that has PyODPS. */
export const warehousePython = join(cache, "warehouse-clients", "bin", "python3");

/** What every script begins with: `o` is the entry, `rows` runs a query, `refused` tells how a call fails. */
export const prelude = `
import json, os, sys, warnings
warnings.simplefilter("ignore")
from odps import ODPS, errors, options
options.verbose = False
def entry(project):
    return ODPS(os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"], project,
                endpoint=os.environ["AWS_ENDPOINT_URL"] + "/api")
def rows(sql, o=None, tunnel=True, **hints):
    with (o or globals()["o"]).execute_sql(sql, hints=hints).open_reader(tunnel=tunnel) as reader:
        return [list(record.values) for record in reader]
def refused(work):
    try:
        work()
    except Exception as error:
        return [type(error).__name__, str(error)]
    return None
out = {}
`;

/** Part of a script: adds a user to its project, with what everybody needs to run statements there, and more. */
export const member = (name: string, ...granted: readonly string[]): string => `
o.run_security_query("add user ${name}")
for granted in ["CreateInstance, CreateTable, List, Read on project " + o.project, *${JSON.stringify(granted)}]:
    o.run_security_query("grant " + granted + " to user ${name}")
`;

export const startWorld = (t: TestContext, ...projects: readonly string[]): Promise<World> =>
  startWorldWith(t, {}, ...projects);

/** The same with another configuration. */
export async function startWorldWith(
  t: TestContext,
  more: Parameters<typeof startBondstore>[1],
  ...projects: readonly string[]
): Promise<World> {
  const running = await startBondstore(t, more);
  const { account, root } = await running.tenant("acme");
  const { parts } = running.bondstore.opened;
  for (const name of projects) await createProject(parts, account, { name });
  const odps: World["odps"] = async <Answer>(keys: Keys, project: string, script: string) =>
    (await python(
      running,
      keys,
      `${prelude}\no = entry("${project}")\n${script}\nprint(json.dumps(out, default=str))`,
      "warehouse-clients",
    )) as Answer;
  return {
    running,
    account,
    root,
    odps,
    asRoot: (script) => odps(root, projects[0] ?? "", script),
    async user(name) {
      const { users, accessKeys } = parts.directory.inAccount(account);
      const made = await accessKeys.create(await users.create({ name }));
      return { accessKeyId: made.id, secretAccessKey: made.secret };
    },
  };
}

/** Runs a script of PyODPS in a project of a Bondstore that the command line has started. */
export async function scriptAt(
  { ready: { endpoint } }: Up,
  keys: Up["ready"],
  project: string,
  script: string,
): Promise<Record<string, unknown>> {
  const ended = await run(
    warehousePython,
    ["-c", `${prelude}\no = entry("${project}")\n${script}\nprint(json.dumps(out, default=str))`],
    {
      PATH: process.env["PATH"],
      AWS_ACCESS_KEY_ID: keys.accessKeyId,
      AWS_SECRET_ACCESS_KEY: keys.secretAccessKey,
      AWS_ENDPOINT_URL: endpoint,
    },
  );
  assert.equal(ended.status, 0, ended.stderr);
  return JSON.parse(ended.stdout.trim().split("\n").at(-1) ?? "null");
}

/** Part of a script of PyODPS: runs commands of the security language. */
export const commands = (...texts: readonly string[]): string =>
  `${texts.map((text) => `o.run_security_query(r'''${text} ''')`).join("\n")}\n`;

/** The first value of rows that a script was answered; an error in their place fails the test. */
export function firstValue(rows: unknown): string {
  assert.ok(Array.isArray(rows) && Array.isArray(rows[0]), `a row and no error: ${String(rows)}`);
  return String(rows[0][0]);
}
