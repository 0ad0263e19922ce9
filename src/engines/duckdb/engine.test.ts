import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import {
  bytesOf,
  cancelledAfter,
  columnsOf,
  startTestEngine,
} from "../../../test/support/duckdb.ts";
import { fileText } from "./files.ts";

const settings = { timezone: "Asia/Shanghai" };
const all = { from: 0, count: Number.MAX_SAFE_INTEGER };

test("a query's rows are kept as a file and read back", async (t) => {
  const { engine, data } = await startTestEngine(t);
  const sql = "select range::bigint as id, 'row ' || range as name from range(5) -- done";
  const kept = await engine.keep({ id: "one", sql, file: "a/one.parquet", settings });
  assert.deepEqual(
    kept.columns.map(({ name, type }) => [name, type.kind]),
    [
      ["id", "bigint"],
      ["name", "string"],
    ],
  );
  assert.equal(kept.rows, 5);
  assert.ok(existsSync(join(data, "a/one.parquet")));
  const { columns } = kept;
  const file = { files: ["a/one.parquet"], columns };
  const csv = await bytesOf(engine.read({ ...file, from: 1, count: 2, form: "csv" }));
  assert.equal(csv.toString(), '"id","name"\n"1","row 1"\n"2","row 2"\n');
  const record = await bytesOf(engine.read({ ...file, ...all, form: "record" }));
  assert.equal(record.subarray(0, 9).toString("hex"), "0800" + "1205" + "726f77" + "2030");
  const described = await engine.describe("select 1::decimal(10,2) as d, [1] as l");
  assert.deepEqual(
    described.map(({ type }) => type.kind),
    ["decimal", "array"],
  );
});

test("what is missing or too late is NULL, and files are read as one", async (t) => {
  const { engine } = await startTestEngine(t);
  const keep = (id: string, sql: string) =>
    engine.keep({ id, sql, file: `${id}.parquet`, settings });
  await Promise.all([
    keep("a", "select 1::bigint as x"),
    keep("b", "select 2::bigint as x, timestamptz '2020-01-01 00:00:00+00' as y"),
  ]);
  const columns = columnsOf({ x: "bigint", y: "datetime" });
  const what = { files: ["a.parquet", "b.parquet"], columns, form: "csv" } as const;
  const csv = await bytesOf(engine.read({ ...what, ...all, timezone: "Asia/Shanghai" }));
  assert.equal(csv.toString(), '"x","y"\n"1",\\N\n"2","2020-01-01 08:00:00"\n');
  const late = await bytesOf(engine.read({ ...what, from: 5, count: 1 }));
  assert.equal(late.toString(), '"x","y"\n');
});

test("what other programs read has encodings of old only", async (t) => {
  const { engine } = await startTestEngine(t);
  const encodings = async (file: string, sql: string, leaves: boolean) => {
    await engine.keep({ id: file, sql, file, settings, leaves });
    const asked = `select encodings from parquet_metadata(${fileText(file)}) order by column_id`;
    const { columns } = await engine.keep({ id: "asked", sql: asked, file: "asked", settings });
    const told = engine.read({ files: ["asked"], columns, ...all, form: "csv" });
    return (await bytesOf(told)).toString().split("\n").slice(1, -1);
  };
  const longs = "select (range * 7919)::bigint as a, 'text ' || range as b from range(50000)";
  const old = ['"PLAIN"', '"PLAIN"'];
  assert.deepEqual(await encodings("leaves.parquet", longs, true), old);
  assert.deepEqual(await encodings("ours.parquet", longs, false), [
    '"DELTA_BINARY_PACKED"',
    '"DELTA_LENGTH_BYTE_ARRAY"',
  ]);
  // Spark reads tables too.
  const floats = "select range::bigint as a, [{'f': range / 7}] as b from range(50000)";
  assert.deepEqual(await encodings("floats.parquet", floats, false), old);
});

test("rows part into a file for each value", async (t) => {
  const { engine, data } = await startTestEngine(t);
  const sql =
    "select range as v, nullif('p' || range % 3, 'p0') as p, range % 2 as q from range(12)";
  const job = { id: "parts", sql, file: "t/parts", settings, partitionBy: ["p", "q"] };
  const kept = await engine.keep(job);
  assert.equal(kept.rows, 12);
  assert.deepEqual(kept.files.map(({ values }) => values.join("/")).sort(), [
    "/0",
    "/1",
    "p1/0",
    "p1/1",
    "p2/0",
    "p2/1",
  ]);
  const [first] = kept.files;
  assert.ok(first && existsSync(join(data, first.file)));
  const csv = engine.read({
    files: [first.file],
    columns: columnsOf({ v: "bigint" }),
    ...all,
    form: "csv",
  });
  assert.equal((await bytesOf(csv)).toString().split("\n").length, 4);
});

test("a job that fails leaves nothing, one that is cancelled ends", async (t) => {
  const { engine, data } = await startTestEngine(t);
  const bad = {
    id: "bad",
    sql: "select error('no: ' || range) from range(3)",
    file: "bad.parquet",
    settings,
  };
  await assert.rejects(engine.keep(bad), /no: 0/);
  assert.ok(!existsSync(join(data, "bad.parquet")));
  const long =
    "select count(*) as n from range(100000000) a, range(1000000) b where a.range * b.range = 7";
  const job = { id: "long", sql: long, file: "long.parquet", settings };
  await cancelledAfter(1_200, engine, job);
});

test("a job tells how far it is while it runs", async (t) => {
  const { engine } = await startTestEngine(t);
  const parts = "select range as v, range % 50 as p from range(1000000)";
  await engine.keep({ id: "parts", sql: parts, file: "parts", settings, partitionBy: ["p"] });
  const sum = "list_sum(list_transform(range(2000), x -> x * v))";
  const sql = `select max(${sum}) as s from read_parquet(${fileText("parts/*.parquet")})`;
  let over = false;
  const job = engine.keep({ id: "long", sql, file: "long.parquet", settings }).finally(() => {
    over = true;
  });
  const ended = assert.rejects(job, /the query was cancelled/);
  while (!over && engine.progress("long") === 0) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const share = engine.progress("long");
  await engine.cancel("long");
  await ended;
  assert.ok(share > 0 && share < 1, `it is at ${share}`);
});
