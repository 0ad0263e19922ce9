import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { CreateKeyCommand, KMSClient } from "@aws-sdk/client-kms";
import { commandLine, type Up } from "../support/command-line.ts";
import { warehousePython } from "../support/warehouse.ts";

const marker = "a-value-that-is-in-clear-nowhere";

/** Runs a script of PyODPS against a Bondstore; `seen` gets each line that it prints. */
function script(up: Up, keys: Up["ready"], text: string, seen: (line: string) => void) {
  const head = `
import json, warnings
warnings.simplefilter("ignore")
from odps import ODPS
o = ODPS("${keys.accessKeyId}", "${keys.secretAccessKey}", "sales", endpoint="${up.ready.endpoint}/api")
`;
  const child = spawn(warehousePython, ["-u", "-c", head + text], {
    env: { PATH: process.env["PATH"] },
    stdio: ["ignore", "pipe", "ignore"],
  });
  let rest = "";
  child.stdout.setEncoding("utf8").on("data", (part: string) => {
    const lines = (rest + part).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) seen(line);
  });
  return { child, ended: new Promise<void>((resolve) => child.once("close", () => resolve())) };
}

test("kill -9 amid statements and uploads loses no row that was acknowledged, and leaves no half", async (t) => {
  const bondstore = commandLine(t);
  let up = await bondstore.up("--plain-http");
  const keys = up.ready;
  const data = ["--data", bondstore.data];
  await bondstore.json("project", "create", "sales", "--kms-key", await newKey(up, keys), ...data);
  const make = `
o.execute_sql("create table t (n bigint, half string, word string)")
print("made")
`;
  await script(up, keys, make, () => {}).ended;
  const acknowledged = new Set<number>();
  // First under a key of the owner's, then under the account's own, then under another.
  for (const [round, kills] of [7, 3, 11].entries()) {
    if (round === 1) await bondstore.json("project", "key", "sales", ...data);
    if (round === 2) {
      await bondstore.json("project", "key", "sales", "--kms-key", await newKey(up, keys), ...data);
    }
    const write = `
n = ${round * 1000}
while True:
    n += 1
    rows = [[n, half, "${marker}"] for half in ("one", "other")]
    if n % 2:
        o.execute_sql("insert into t values " + ", ".join("(%d, '%s', '%s')" % tuple(row) for row in rows))
    else:
        o.write_table("t", rows)
    print(n)
`;
    let kill = () => {};
    const enough = new Promise<void>((resolve) => {
      kill = resolve;
    });
    const writing = script(up, keys, write, (line) => {
      acknowledged.add(Number(line));
      if (acknowledged.size % 12 === kills) kill();
    });
    await enough;
    await up.kill();
    writing.child.kill("SIGKILL");
    await writing.ended;
    up = await bondstore.up("--plain-http");
  }
  const lines: string[] = [];
  const read = `
with o.execute_sql("select n, count(*), count(distinct half) from t group by n").open_reader(tunnel=True) as reader:
    print(json.dumps([[record[0], record[1], record[2]] for record in reader]))
print(json.dumps([one.status.value for one in o.list_instances()]))
`;
  await script(up, keys, read, (line) => lines.push(line)).ended;
  const found = JSON.parse(lines[0] ?? "[]") as [number, number, number][];
  const numbers = new Set(found.map(([n]) => n));
  for (const n of acknowledged) assert.ok(numbers.has(n), `${n} was acknowledged`);
  for (const [n, rows, halves] of found) assert.deepEqual([n, rows, halves], [n, 2, 2]);
  assert.ok(!(JSON.parse(lines[1] ?? "[]") as string[]).slice(0, -1).includes("Running"));
  assert.equal(await up.stop(), 0);
  const verified = await bondstore.run("verify", ...data);
  assert.equal(verified.status, 0, verified.said);
  assert.deepEqual(filesWith(bondstore.data, marker), []);
});

test("kill -9 amid an INSERT on Spark leaves all of it or nothing", async (t) => {
  const bondstore = commandLine(t);
  let up = await bondstore.up("--plain-http");
  const keys = up.ready;
  const data = ["--data", bondstore.data];
  await bondstore.json("project", "create", "sales", ...data);
  const acknowledged: number[] = [];
  let kill = () => {};
  const enough = new Promise<void>((resolve) => {
    kill = resolve;
  });
  const write = `
o.execute_sql("create table t (n bigint, half string, word string)")
spark = {"hive.execution.engine": "spark"}
n = 0
while True:
    n += 1
    o.execute_sql("insert into t select %d, h, '${marker}' from (select explode(array('one', 'other')) as h) x" % n, hints=spark)
    print(n)
`;
  const writing = script(up, keys, write, (line) => {
    acknowledged.push(Number(line));
    if (acknowledged.length === 2) setTimeout(kill, 700);
  });
  await enough;
  await up.kill();
  writing.child.kill("SIGKILL");
  await writing.ended;
  up = await bondstore.up("--plain-http");
  const lines: string[] = [];
  const read = `
with o.execute_sql("select n, count(*), count(distinct half) from t group by n").open_reader(tunnel=True) as reader:
    print(json.dumps([[record[0], record[1], record[2]] for record in reader]))
`;
  await script(up, keys, read, (line) => lines.push(line)).ended;
  const found = JSON.parse(lines[0] ?? "[]") as [number, number, number][];
  for (const n of acknowledged)
    assert.ok(
      found.some(([one]) => one === n),
      `${n} was acknowledged`,
    );
  for (const [n, rows, halves] of found) assert.deepEqual([n, rows, halves], [n, 2, 2]);
  assert.equal(await up.stop(), 0);
  const verified = await bondstore.run("verify", ...data);
  assert.equal(verified.status, 0, verified.said);
  assert.deepEqual(filesWith(bondstore.data, marker), []);
});

async function newKey({ ready }: Up, keys: Up["ready"]): Promise<string> {
  const { endpoint, region } = ready;
  const { accessKeyId = "", secretAccessKey = "" } = keys;
  const credentials = { accessKeyId, secretAccessKey };
  const kms = new KMSClient({ endpoint, region, credentials });
  const { KeyMetadata } = await kms.send(new CreateKeyCommand({}));
  kms.destroy();
  return KeyMetadata?.Arn ?? "";
}

/** Files below a directory that hold a text in clear. */
function filesWith(directory: string, text: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: "utf8" })
    .map((name) => join(directory, name))
    .filter((path) => statSync(path).isFile() && readFileSync(path).includes(text));
}
