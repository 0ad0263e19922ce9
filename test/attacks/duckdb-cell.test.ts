/**
 * What DuckDB runs is emitted by Bondstore itself; the cell around it holds if that fails. SQL reaches one directory and
 * nothing else, a query that asks for too much ends alone or with its cell, and hostile bytes are an error.
 */
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { createDeflate } from "node:zlib";
import duckdb, { type Connection } from "@duckdb/node-bindings";
import type { WarehouseEngine } from "../../src/engines/duckdb/engine.ts";
import { openDatabase } from "../../src/engines/duckdb/inside/binding.ts";
import { EngineRefusal } from "../../src/engines/kept/ask.ts";
import { bytesOf, columnsOf, startTestEngine } from "../support/duckdb.ts";
import { descendsFrom, processesWith } from "../support/processes.ts";

const settings = { timezone: "UTC" };
const all = { from: 0, count: Number.MAX_SAFE_INTEGER };
const mebi = 1024 * 1024;

let engine: WarehouseEngine;
let data = "";
let directory = "";
const ends: (() => unknown)[] = [];
before(async () => {
  ({ engine, data } = await startTestEngine({ after: (end) => void ends.push(end) }));
  directory = await mkdtemp(join(tmpdir(), "duckdb-outside-"));
});
after(async () => {
  for (const end of ends) await end();
  rmSync(directory, { recursive: true, force: true });
});

let jobs = 0;
const keep = (sql: string) => {
  jobs += 1;
  return engine.keep({ id: `attack-${jobs}`, sql, file: `attack-${jobs}.parquet`, settings });
};

const queries: readonly (readonly [title: string, sql: string, error: RegExp])[] = [
  ["a file of the system", "select * from read_text('/etc/passwd')", /disabled by configuration/],
  ["a file of the process", "select * from read_blob('/proc/self/environ')", /disabled/],
  ["a list of files", "select * from glob('/**')", /disabled by configuration/],
  ["a way up", "select * from read_text('/work/data/../../etc/passwd')", /disabled/],
  ["its own program", "select * from read_text('/engine/package.json')", /disabled/],
  ["a file as a table", "select * from '/etc/passwd'", /does not exist|disabled/],
  ["a CSV", "select * from read_csv('/etc/passwd')", /disabled/],
  ["an address", "select * from read_parquet('http://127.0.0.1:4567/x')", /disabled|httpfs/i],
  ["a bucket", "select * from read_parquet('s3://bucket/x')", /disabled|httpfs/i],
  ["the environment", "select getenv('HOME')", /does not exist/],
  ["text that is run", "select * from query('attach ''/work/x.db''')", /./],
  ["a second statement", "select 1; copy (select 1) to '/work/data/x'", /one query/],
  ["a statement in its place", "copy (select 1) to '/work/data/x.parquet'", /no query/],
  [
    "a bracket too many",
    "select 1) to '/work/data/x' (format csv); copy (select 2",
    /one query|syntax/i,
  ],
  ["ATTACH", "attach '/work/data/x.db'", /no query/],
  ["LOAD", "load httpfs", /no query/],
  ["INSTALL", "install httpfs", /no query/],
  ["PRAGMA", "pragma database_list", /no query|syntax/],
  ["SET", "set enable_external_access = true", /no query/],
  ["EXPORT", "export database '/work/data/x'", /no query/],
  ["CALL", "call pragma_version()", /no query/],
  ["PREPARE", "prepare x as select 1", /no query/],
  ["CREATE", "create table x as select 1", /no query/],
];
for (const [title, sql, error] of queries) {
  test(`a query does not reach ${title}`, async () => {
    await assert.rejects(keep(sql), error);
    await assert.rejects(engine.describe(sql), error);
  });
}

const names = [
  "../x",
  "/etc/x",
  "a/../../x",
  ".half/x",
  "a//b",
  "",
  "a\0b",
  "a'b",
  `${"a".repeat(500)}`,
];
for (const name of names) {
  test(`\`${name.slice(0, 20)}\` is no name of a data file`, async () => {
    const columns = columnsOf({ a: "bigint" });
    await assert.rejects(
      engine.keep({ id: "n", sql: "select 1", file: name, settings }),
      /no name/,
    );
    const read = engine.read({ files: [name], columns, ...all, form: "csv" });
    await assert.rejects(bytesOf(read), /no name/);
  });
}

test("DuckDB itself refuses, where a statement came past the check of its kind", async () => {
  const inner = join(directory, "data");
  const spill = join(directory, "spill");
  for (const each of [inner, spill]) mkdirSync(each);
  writeFileSync(join(directory, "secret"), "secret");
  const limits = { memoryBytes: 128 * mebi, spillBytes: 128 * mebi, threads: 1 };
  const database = await openDatabase({ directories: [inner], spill, ...limits });
  const connection: Connection = await duckdb.connect(database);
  const refused: readonly (readonly [sql: string, error: RegExp])[] = [
    ["set enable_external_access = true", /locked|Cannot/],
    ["set lock_configuration = false", /locked|Cannot/],
    ["set allowed_directories = ['/']", /locked|Cannot/],
    ["set allowed_configs = ['memory_limit']", /locked|Cannot/],
    ["reset memory_limit", /locked|Cannot/],
    ["set memory_limit = '1TB'", /locked|Cannot/],
    ["set temp_directory = '/tmp'", /locked|Cannot/],
    ["pragma temp_directory = '/tmp'", /locked|Cannot/],
    ["set autoload_known_extensions = true", /locked|Cannot/],
    ["load '/tmp/x.duckdb_extension'", /disabled/],
    ["install httpfs", /disabled|Permission|install/i],
    [`attach '${directory}/x.db'`, /disabled/],
    [`copy (select 1) to '${directory}/x'`, /disabled/],
    [`copy (select 1) to '${inner}/../x'`, /disabled/],
    [`copy (select 1) to '${inner}x'`, /disabled/],
    [`export database '${directory}/x'`, /disabled/],
    [`select * from read_text('${directory}/secret')`, /disabled/],
    [`select * from read_text('${inner}/../secret')`, /disabled/],
    [`select * from read_text('file://${directory}/secret')`, /disabled/],
    ["create secret x (type s3, key_id 'a', secret 'b')", /./],
  ];
  for (const [sql, error] of refused)
    await assert.rejects(duckdb.query(connection, sql), error, sql);
  await duckdb.query(connection, `copy (select 1 as a) to '${inner}/x.parquet'`);
  duckdb.disconnect_sync(connection);
});

test("a link in the data directory leads to nothing of the host", async () => {
  const secret = join(directory, "host-secret");
  writeFileSync(secret, "of the host");
  symlinkSync(secret, join(data, "link"));
  symlinkSync("/etc/passwd", join(data, "passwd"));
  const [, user = "no user"] = readFileSync("/etc/passwd", "utf8").split("\n");
  for (const link of ["link", "passwd"]) {
    const text = await textOf(link).catch(String);
    assert.match(text, /disabled by configuration|^"content"\n$/);
    assert.ok(!text.includes("of the host") && !text.includes(user), text);
  }
});

async function textOf(link: string): Promise<string> {
  const { columns, files } = await keep(`select content from read_text('/work/data/${link}')`);
  const [file] = files;
  assert.ok(file);
  const read = engine.read({ files: [file.file], columns, ...all, form: "csv" });
  return (await bytesOf(read)).toString();
}

test("a query that asks for too much memory ends, and the next one runs", async () => {
  const bombs = [
    "select list(range) as l from range(2000000000)",
    "select string_agg(repeat('x', 1000000), '') as s from range(100000)",
    "select repeat('x', 2000000000) || repeat('y', 2000000000) as s",
    "select a.range, b.range from range(100000000) a join range(100000000) b using (range) order by hash(a.range) limit 1 offset 90000000",
  ];
  for (const bomb of bombs) {
    const ended = keep(bomb).then(
      () => "kept",
      (error: Error) => error.message,
    );
    const timer = setTimeout(() => void engine.cancel(`attack-${jobs}`).catch(() => {}), 5_000);
    const why = await ended;
    clearTimeout(timer);
    assert.notEqual(why, "kept", bomb);
    assert.equal((await keep("select 1 as alive")).rows, 1, `after ${bomb}`);
  }
});

test("a truncated or made-up Parquet file is an error, and the cell lives on", async () => {
  const kept = await keep("select range as a, 'text ' || range as s from range(100000)");
  const name = kept.files[0]?.file ?? "";
  const bytes = readFileSync(join(data, name));
  const columns = columnsOf({ a: "bigint", s: "string" });
  const readAll = (file: string) =>
    bytesOf(engine.read({ files: [file], columns, ...all, form: "record" }));
  writeFileSync(join(data, "cut.parquet"), bytes);
  truncateSync(join(data, "cut.parquet"), bytes.length - 100);
  await assert.rejects(readAll("cut.parquet"), /./);
  writeFileSync(join(data, "empty.parquet"), "");
  await assert.rejects(readAll("empty.parquet"), /./);
  for (let at = 0; at < 40; at += 1) {
    const bent = Buffer.from(bytes);
    const place = at < 20 ? bytes.length - 8 - 17 * at : Math.floor((bytes.length * at) / 41);
    bent[place] = (bent[place] ?? 0) ^ 0xff;
    writeFileSync(join(data, `bent${at}.parquet`), bent);
    await readAll(`bent${at}.parquet`).catch((error: unknown) => assert.ok(error instanceof Error));
  }
  assert.equal((await keep("select 1 as alive")).rows, 1);
});

const give = async function* (...hex: string[]): AsyncGenerator<Buffer> {
  for (const each of hex) yield Buffer.from(each, "hex");
};

const streams: readonly (readonly [title: string, form: "record" | "arrow", hex: string])[] = [
  ["nothing", "record", ""],
  ["a text of 4 GiB", "record", "12ffffffff0f"],
  ["an array of 4 G elements", "record", "1affffffff0f"],
  ["nothing as Arrow", "arrow", ""],
  ["a chunk of 4 GiB", "arrow", "ffffffff00"],
  ["a chunk of no bytes", "arrow", "0000000000"],
  ["a chunk without a checksum", "arrow", "00010000ffff"],
  ["a chunk with another's checksum", "arrow", "000100006162634b3fb700"],
];
for (const [title, form, hex] of streams) {
  test(`a stream of ${title} is refused and makes no file`, async () => {
    const columns = columnsOf({ a: "bigint", s: "string", l: "array<bigint>" });
    await assert.rejects(engine.take({ columns, form }, give(hex), bytesOf), EngineRefusal);
  });
}

test("a compressed stream that grows without end is an error of its own", async () => {
  const deflate = createDeflate();
  deflate.end(Buffer.alloc(256 * mebi));
  const columns = columnsOf({ s: "string" });
  const what = { columns, form: "record", compression: "deflate" } as const;
  await assert.rejects(engine.take(what, deflate, bytesOf), /field 0 of kind 0/);
  assert.equal((await keep("select 1 as alive")).rows, 1);
});

test("a killed engine fails what ran in it, says why, and the next call has a new one", async (t) => {
  const others = enginePids();
  const own = await startTestEngine(t);
  const long =
    "select count(*) as n from range(100000000) a, range(1000000) b where a.range * b.range = 7";
  const running = own.engine.keep({ id: "long", sql: long, file: "long.parquet", settings });
  const ended = assert.rejects(running, /the engine ended|ran out of memory/);
  await new Promise((resolve) => setTimeout(resolve, 500));
  const pids = enginePids().filter((pid) => !others.includes(pid));
  assert.ok(pids.length > 0, "the engine's process is found");
  for (const pid of pids) process.kill(pid, "SIGKILL");
  await ended;
  const next = await own.engine.keep({
    id: "n",
    sql: "select 1 as a",
    file: "n.parquet",
    settings,
  });
  assert.equal(next.rows, 1);
});

/** Processes below this one that run an engine's program. */
function enginePids(): readonly number[] {
  const engines = processesWith((line) => line.startsWith("/engine/node\0"));
  return engines.filter((pid) => descendsFrom(pid, process.pid));
}
