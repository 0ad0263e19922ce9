import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import type { Keys, Running } from "./bondstore.ts";

/** Where `npm run setup`, and the run of all tests, install clients. They are there or the test fails: nothing is skipped. */
export const cache = process.env["BONDSTORE_CACHE"] ?? join(homedir(), ".cache", "bondstore");

/** A venv of Python clients: what is in it, `scripts/<name>.txt` says. */
type Venv = "clients" | "encryption-clients" | "encryption-cli" | "warehouse-clients";

export interface Ended {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** What a client of another language is told by its environment. */
export function environment(running: Running, keys: Keys): NodeJS.ProcessEnv {
  return {
    PATH: process.env["PATH"],
    HOME: running.data,
    AWS_CONFIG_FILE: join(running.data, "no-config"),
    AWS_SHARED_CREDENTIALS_FILE: join(running.data, "no-credentials"),
    AWS_ENDPOINT_URL: running.endpoint,
    ...(running.bondstore.ca !== undefined && {
      ...{ AWS_CA_BUNDLE: running.bondstore.ca, REQUESTS_CA_BUNDLE: running.bondstore.ca },
    }),
    AWS_DEFAULT_REGION: running.region,
    AWS_ACCESS_KEY_ID: keys.accessKeyId,
    AWS_SECRET_ACCESS_KEY: keys.secretAccessKey,
    AWS_MAX_ATTEMPTS: "1",
    AWS_PAGER: "",
    AWS_EC2_METADATA_DISABLED: "true",
    ...(keys.sessionToken !== undefined && { AWS_SESSION_TOKEN: keys.sessionToken }),
  };
}

/** Runs the AWS CLI; answers whatever happens. */
export function tryAws(running: Running, keys: Keys, ...words: readonly string[]): Promise<Ended> {
  return runIn("clients", "aws", words, environment(running, keys));
}

/** Runs the AWS CLI, which must succeed; answers what it prints. */
export async function aws(
  running: Running,
  keys: Keys,
  ...words: readonly string[]
): Promise<string> {
  const { status, stdout, stderr } = await tryAws(running, keys, ...words);
  assert.equal(status, 0, `aws ${words.join(" ")}: ${stderr}`);
  return stdout;
}

/** Runs the command line of the AWS Encryption SDK; answers whatever happens. */
export function tryEncryptionCli(
  running: Running,
  keys: Keys,
  ...words: readonly string[]
): Promise<Ended> {
  return runIn("encryption-cli", "aws-encryption-cli", words, environment(running, keys));
}

/** Runs a Python script, which must succeed; answers the JSON that it prints last. */
export async function python(
  running: Running,
  keys: Keys,
  script: string,
  venv: Venv = "clients",
): Promise<unknown> {
  const ended = await runIn(venv, "python3", ["-c", script], environment(running, keys));
  assert.equal(ended.status, 0, ended.stderr);
  return JSON.parse(ended.stdout.trim().split("\n").at(-1) ?? "null");
}

/** Runs commands of the AWS CLI in one process, one after the other; answers the JSON that each printed. */
export async function awsAll(
  running: Running,
  keys: Keys,
  commands: readonly (readonly string[])[],
): Promise<readonly unknown[]> {
  const script = `
import contextlib, io, json, sys
from awscli.clidriver import create_clidriver
answers = []
for words in json.loads(${JSON.stringify(JSON.stringify(commands))}):
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = create_clidriver().main([*words, "--output", "json"])
    answers.append(json.loads(out.getvalue() or "null") if status == 0 else {"failed": err.getvalue().strip()})
print(json.dumps(answers))`;
  return (await python(running, keys, script)) as readonly unknown[];
}

function runIn(venv: Venv, name: string, words: readonly string[], env: NodeJS.ProcessEnv) {
  const program = join(cache, venv, "bin", name);
  assert.ok(existsSync(program), `${program} is missing: npm run setup or npm test installs it`);
  return run(program, words, env);
}

/** Runs a program to its end; answers whatever happens. */
export function run(
  program: string,
  words: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, words, { env, stdio: ["ignore", "pipe", "pipe"] });
    let [stdout, stderr] = ["", ""];
    child.stdout.on("data", (piece: Buffer) => {
      stdout += piece;
    });
    child.stderr.on("data", (piece: Buffer) => {
      stderr += piece;
    });
    child.on("error", reject);
    child.on("close", (status) => resolve({ status: status ?? -1, stdout, stderr }));
  });
}
