import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { deflateSync, inflateSync } from "node:zlib";
import { bytesOf, columnsOf, startTestEngine, takeInto } from "../../../test/support/duckdb.ts";
import { EngineRefusal } from "../kept/ask.ts";
import { createRecordReader } from "./tunnel/record-reader.ts";

const settings = { timezone: "UTC" };
const all = { from: 0, count: Number.MAX_SAFE_INTEGER };

/** A column of every type: its type, and some values as DuckDB reads them. */
const columnsAndValues: readonly (readonly [
  name: string,
  type: string,
  values: readonly string[],
])[] = [
  ["c_tinyint", "tinyint", ["(-128)::tinyint", "127::tinyint"]],
  ["c_smallint", "smallint", ["(-32768)::smallint", "32767::smallint"]],
  ["c_int", "int", ["(-2147483648)::int", "2147483647::int"]],
  ["c_bigint", "bigint", ["(-9223372036854775807)::bigint", "9223372036854775807::bigint"]],
  ["c_float", "float", ["1.5::float", "'nan'::float"]],
  ["c_double", "double", ["(-0.1)::double", "'inf'::double"]],
  ["c_boolean", "boolean", ["true", "false"]],
  ["c_string", "string", ["'short'", "'a text longer than twelve bytes: ä€'", "''"]],
  ["c_binary", "binary", ["'\\x00\\xFF'::blob", "''::blob"]],
  ["c_char", "char(3)", ["'abc'"]],
  ["c_varchar", "varchar(5)", ["'äöü'"]],
  ["c_json", "json", [`'{"k": 1}'::json`]],
  ["c_date", "date", ["date '0001-01-01'", "date '9999-12-31'"]],
  [
    "c_datetime",
    "datetime",
    ["timestamptz '1969-12-31 23:59:59.999+00'", "timestamptz '9999-12-31 00:00:00+00'"],
  ],
  [
    "c_timestamp",
    "timestamp",
    ["timestamp_ns '1969-12-31 23:59:59.123456789'", "timestamp_ns '2262-01-01 00:00:00'"],
  ],
  ["c_ntz", "timestamp_ntz", ["timestamp_ns '2020-02-29 12:00:00.000000001'"]],
  ["c_decimal", "decimal(10,2)", ["12.3::decimal(10,2)", "(-99999999.99)::decimal(10,2)"]],
  ["c_wide", "decimal(38,18)", ["(-12345678901234567890.123456789012345678)::decimal(38,18)"]],
  ["c_months", "interval_year_month", ["interval '-13 months'"]],
  ["c_days", "interval_day_time", ["interval '1 day 00:00:01.5'", "interval '-00:00:00.000001'"]],
  ["c_array", "array<string>", ["['a', null, 'a longer text than the others']", "[]::varchar[]"]],
  [
    "c_map",
    "map<string,bigint>",
    ["map {'a': 1::bigint, 'b': null}", "map {}::map(varchar, bigint)"],
  ],
  [
    "c_struct",
    "struct<x:bigint,y:array<datetime>>",
    [
      "{x: 1::bigint, y: [timestamptz '2020-01-01 00:00:00+00']}",
      "{x: null::bigint, y: null::timestamptz[]}",
    ],
  ],
  ["c_deep", "array<array<decimal(5,1)>>", ["[[1.5::decimal(5,1), null], null, []]"]],
];

/** Rows in which each value comes once, and NULL between them. */
const everyType = (rows: number): string =>
  `select range as id, ${columnsAndValues
    .map(([name, , values], at) => {
      const cases = values.map((value, of) => `when ${of} then ${value}`).join(" ");
      return `case (range + ${at}) % ${values.length + 1} ${cases} end as ${name}`;
    })
    .join(", ")} from range(${rows})`;

const columns = columnsOf({
  id: "bigint",
  ...Object.fromEntries(columnsAndValues.map(([name, type]) => [name, type])),
});

for (const form of ["record", "arrow"] as const) {
  for (const compression of [undefined, "deflate"] as const) {
    test(`rows of every type go out as ${form} and come back the same (${compression ?? "plain"})`, async (t) => {
      const { engine } = await startTestEngine(t);
      const packed = compression && { compression };
      await engine.keep({ id: "every", sql: everyType(5000), file: "every.parquet", settings });
      const stream = await bytesOf(
        engine.read({ files: ["every.parquet"], columns, ...all, form, ...packed }),
      );
      async function* body() {
        for (let at = 0; at < stream.length; at += 10_000) yield stream.subarray(at, at + 10_000);
      }
      const what = { columns, form, ...packed };
      assert.equal(await takeInto(engine, "back.parquet", what, body()), 5000);
      const text = (file: string) =>
        bytesOf(engine.read({ files: [file], columns, ...all, form: "csv" }));
      const [before, after] = await Promise.all([text("every.parquet"), text("back.parquet")]);
      assert.ok(before.length > 500_000);
      const lines = after.toString().split("\n");
      const differs = before
        .toString()
        .split("\n")
        .find((line, at) => line !== lines[at]);
      assert.equal(differs, undefined);
      const both = `select (select count(*) from (from '/work/data/every.parquet' except all
        from '/work/data/back.parquet')) as lost`;
      await engine.keep({ id: "both", sql: both, file: "both.parquet", settings });
      const lost = engine.read({
        files: ["both.parquet"],
        columns: columnsOf({ lost: "bigint" }),
        ...all,
        form: "csv",
      });
      assert.equal((await bytesOf(lost)).toString(), '"lost"\n"0"\n');
    });
  }
}

for (const form of ["record", "arrow"] as const) {
  test(`a long stream of ${form} is written in parts and read as one file`, async (t) => {
    const { engine, data } = await startTestEngine(t);
    const columns = columnsOf({ id: "bigint", s: "string", a: "array<int>" });
    // Three groups of rows, each more than a part.
    const sql = `select range as id, repeat(chr(97 + (range % 26)::int), 300) || range as s,
      case when range % 3 > 0 then [range::int] end as a from range(300000)`;
    await engine.keep({ id: "long", sql, file: "long.parquet", settings });
    const stream = () => engine.read({ files: ["long.parquet"], columns, ...all, form });
    const what = { columns, form };
    assert.equal(await takeInto(engine, "back.parquet", what, stream()), 300_000);
    const told = `select count(*)::bigint as lost, (select count(distinct row_group_id)::bigint
        from parquet_metadata('/work/data/back.parquet') where row_group_num_rows < 130000) as groups,
      (select count(*)::bigint from '/work/data/back.parquet' where id = 250000) as found
      from ((from '/work/data/long.parquet') except all (from '/work/data/back.parquet'))`;
    await engine.keep({ id: "told", sql: told, file: "told.parquet", settings });
    const read = engine.read({
      files: ["told.parquet"],
      columns: columnsOf({ lost: "bigint", groups: "bigint", found: "bigint" }),
      ...all,
      form: "csv",
    });
    assert.equal((await bytesOf(read)).toString().split("\n")[1], '"0","3","1"');

    const gone = () => {
      throw new Error("the client has gone");
    };
    const cut = async function* (
      bytes = 80_000_000,
      end: () => void = gone,
    ): AsyncGenerator<Buffer> {
      let left = bytes;
      for await (const part of stream()) {
        if (left < 0) return end();
        left -= part.length;
        yield part;
      }
    };
    await assert.rejects(engine.take(what, cut(), bytesOf), /has gone/);
    // What was refused in the middle holds up nobody else, and neither does who keeps no more.
    const full = async (file: AsyncIterable<Buffer>) => {
      for await (const _ of file) throw new Error("the disk is full");
    };
    await assert.rejects(engine.take(what, stream(), full), /the disk is full/);
    const broken = async function* (): AsyncGenerator<Buffer> {
      yield* cut(80_000_000, () => {});
      yield Buffer.from("no row and no chunk of one");
      yield* stream();
    };
    await assert.rejects(engine.take(what, broken(), bytesOf), EngineRefusal);
    assert.equal((await engine.take(what, stream(), bytesOf)).rows, 300_000);
    assert.deepEqual(readdirSync(join(data, ".half")), []);
  });
}

test("a stream that breaks makes no file, and says why", async (t) => {
  const { engine } = await startTestEngine(t);
  const what = { columns: columnsOf({ a: "bigint" }), form: "record" } as const;
  const give = async function* (...parts: Buffer[]) {
    yield* parts;
  };
  await assert.rejects(
    engine.take(what, give(Buffer.from("0802", "hex")), bytesOf),
    /ends inside|before its end/,
  );
  const broken = async function* (): AsyncGenerator<Buffer> {
    yield Buffer.from("0802", "hex");
    throw new Error("the client has gone");
  };
  await assert.rejects(engine.take(what, broken(), bytesOf), /the client has gone/);
  const cut = deflateSync(Buffer.from("0802", "hex")).subarray(0, 5);
  await assert.rejects(engine.take({ ...what, compression: "deflate" }, give(cut), bytesOf));
});

test("decimals of Arrow that do not fit their column are refused, whatever their size", async (t) => {
  const { engine } = await startTestEngine(t);
  const wide = columnsOf({ a: "decimal(38,2)" });
  const narrow = columnsOf({ a: "decimal(10,2)" });
  const taken: unknown[] = [];
  for (const [at, value] of ["99999999.99", "100000000", "-1e14", "1e17", "-1e30"].entries()) {
    const file = `d${at}.parquet`;
    const sql = `select ${value}::decimal(38,2) as a`;
    await engine.keep({ id: `d${at}`, sql, file, settings });
    const stream = engine.read({ files: [file], columns: wide, ...all, form: "arrow" });
    const what = { columns: narrow, form: "arrow" } as const;
    taken.push(
      await engine.take(what, stream, bytesOf).then(
        ({ rows }) => rows,
        () => "refused",
      ),
    );
  }
  assert.deepEqual(taken, [1, "refused", "refused", "refused", "refused"]);
});

test("compressed streams are zlib's", async (t) => {
  const { engine } = await startTestEngine(t);
  await engine.keep({ id: "k", sql: "select 7::bigint as a", file: "k.parquet", settings });
  const columns = columnsOf({ a: "bigint" });
  const bytes = await bytesOf(
    engine.read({ files: ["k.parquet"], columns, ...all, form: "record", compression: "deflate" }),
  );
  const reader = createRecordReader(columns);
  const rows = [...reader.push(inflateSync(bytes))].map((batch) => batch[0]?.count);
  assert.deepEqual(rows, [1]);
});
