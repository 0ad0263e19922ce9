import assert from "node:assert/strict";
import { test } from "node:test";
import { columnsOf } from "../../../../test/support/duckdb.ts";
import { goldenRecords } from "../../../../test/support/golden-records.ts";
import { valueAt } from "../../../../test/support/vectors.ts";
import type { Column } from "../../../sql/types.ts";
import { BrokenStream } from "./broken-stream.ts";
import { createRecordReader, type StreamReader } from "./record-reader.ts";
import { createRecordWriter } from "./record-writer.ts";
import type { Vector } from "./vectors.ts";

/** What a stream holds when it arrives in pieces: rows, and the stream that they are written as. */
function copied(columns: readonly Column[], bytes: Buffer, piece: number) {
  const reader = createRecordReader(columns);
  const writer = createRecordWriter(columns);
  const rows: unknown[] = [];
  const written: Buffer[] = [];
  const take = (batches: Iterable<readonly Vector[]>) => {
    for (const batch of batches) {
      for (let row = 0; row < (batch[0]?.count ?? 0); row += 1) {
        rows.push(columns.map(({ type }, at) => valueAt(type, vectorAt(batch, at), row)));
      }
      written.push(...writer.write(batch));
    }
  };
  for (let at = 0; at < bytes.length; at += piece)
    take(reader.push(bytes.subarray(at, at + piece)));
  take(reader.end());
  return { rows, written: Buffer.concat([...written, writer.end()]).toString("hex") };
}

function vectorAt(batch: readonly Vector[], at: number): Vector {
  const found = batch[at];
  assert.ok(found);
  return found;
}

/** PyODPS writes a checksum with its top bit set as a negative number of ten bytes; five say the same. */
const short = (hex: string) => hex.replaceAll(/f([89a-f])ffffffff01/g, "0$1");

for (const [type, value, hex] of goldenRecords) {
  test(`PyODPS's ${type} ${JSON.stringify(value)} is read, and written back as it was`, () => {
    const columns = columnsOf({ a: type });
    for (const piece of [1, 7, 1000]) {
      const { rows, written } = copied(columns, Buffer.from(hex, "hex"), piece);
      assert.deepEqual(rows, [[value]]);
      assert.equal(written, short(hex));
    }
  });
}

const golden = (wanted: string): Buffer => {
  const found = goldenRecords.find(([type]) => type === wanted);
  assert.ok(found, `no golden bytes of ${wanted}`);
  return Buffer.from(found[2], "hex");
};

test("a stream is refused wherever it is cut, and with any bit turned", () => {
  for (const [type, value, hex] of goldenRecords) {
    const columns = columnsOf({ a: type });
    const whole = Buffer.from(hex, "hex");
    for (let end = 0; end < whole.length; end += 1) {
      assert.throws(
        () => drained(createRecordReader(columns), whole.subarray(0, end)),
        BrokenStream,
      );
    }
    for (let bit = 0; bit < whole.length * 8; bit += 1) {
      const bent = Buffer.from(whole);
      bent[bit >> 3] = (bent[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      // Some bits mean nothing: those of a checksum's sign, whether a NULL is 1, and the like.
      const got = attempt(() => copied(columns, bent, 1000).rows);
      if (got instanceof Error) assert.ok(got instanceof BrokenStream, String(got.stack));
      else assert.ok(meansTheSame(type, got, value), `${type} ${bit}: ${JSON.stringify(got)}`);
    }
  }
});

const attempt = (work: () => unknown): unknown => {
  try {
    return work();
  } catch (error) {
    return error;
  }
};

/** Checksums leave out which values are missing: a flag that is turned is not always seen. */
const meansTheSame = (type: string, got: unknown, value: unknown): boolean =>
  /array|map|struct/.test(type) || JSON.stringify(got) === JSON.stringify([[value]]);

function drained(reader: StreamReader, bytes: Uint8Array): number {
  let rows = 0;
  for (const batch of reader.push(bytes)) rows += batch[0]?.count ?? 0;
  for (const batch of reader.end()) rows += batch[0]?.count ?? 0;
  return rows;
}

const hostile: readonly (readonly [title: string, type: string, bytes: string, error: RegExp])[] = [
  ["a text longer than any", "string", "0affffffff0f", /more than 8388608/],
  ["an array of four thousand million", "array<bigint>", "0affffffff0f", /values inside of others/],
  ["a map of four thousand million", "map<string,bigint>", "0affffffff0f", /values inside/],
  ["a number of eleven bytes", "bigint", "08ffffffffffffffffffff01", /more than ten bytes/],
  ["a field that is no column", "bigint", "1002", /field 2 of kind 0/],
  ["a field of another kind", "bigint", "0a0161", /field 1 of kind 2/],
  ["a field twice", "bigint", "08020802", /field 1 twice/],
  ["a tinyint of 200", "tinyint", "089003", /not from -128 to 127/],
  ["a text that is no UTF-8", "string", "0a02fffe", /no UTF-8/],
  ["a varchar that is too long", "varchar(1)", "0a026161", /2 characters, more than 1/],
  ["a missing key", "map<string,bigint>", "0a0101", /a key of a map is missing/],
  ["a key without a value", "map<string,bigint>", "0a0100016100", /keys without values/],
  [
    "an interval of 1 day and 5 ns",
    "interval_day_time",
    "0a80c60a0a80c0ff7f",
    /finer than a micro/,
  ],
  ["a flag that is neither", "array<bigint>", "0a0102", /0 or 1/],
  ["nanoseconds of a second and more", "timestamp", "0a0080a8d6b907", /out of range/],
  ["an end inside of a record", "bigint", "0802f0ffff7f00f8ffff7f00", /inside of a record/],
  ["bytes after the end", "bigint", `${short(String(goldenRecords[0]?.[2]))}00`, /follow the end/],
];
for (const [title, type, bytes, error] of hostile) {
  test(`${title} is refused`, () => {
    const reader = createRecordReader(columnsOf({ a: type }));
    assert.throws(() => drained(reader, Buffer.from(bytes, "hex")), error);
  });
}

test("a column that must have a value refuses a record without one", () => {
  const columns = columnsOf({ a: "bigint" }).map((column) => ({ ...column, nullable: false }));
  const without = Buffer.from(goldenRecords.find(([, value]) => value === null)?.[2] ?? "", "hex");
  assert.throws(() => drained(createRecordReader(columns), without), /`a` lacks a value/);
  assert.equal(drained(createRecordReader(columns), golden("bigint")), 1);
});

test("values inside of others are as they were written, however many there are", () => {
  const count = 5_000;
  const none = { count, valid: undefined, children: [] };
  const ones = new Uint8Array(8 * count).fill(1);
  const each = Int32Array.from({ length: count + 1 }, (_, at) => at);
  const fixed = (width: number): Vector => ({
    ...{ ...none, bytes: ones.slice(0, width * count), offsets: new Int32Array(0) },
  });
  const nothing = new Uint8Array(0);
  const inner: readonly (readonly [type: string, elements: Vector])[] = [
    ["tinyint", fixed(1)],
    ["boolean", fixed(1)],
    ["smallint", fixed(2)],
    ["int", fixed(4)],
    ["float", fixed(4)],
    ["bigint", fixed(8)],
    ["double", fixed(8)],
    ["string", { ...none, bytes: ones.slice(0, count), offsets: each }],
    ["array<int>", { ...none, bytes: nothing, offsets: each, children: [fixed(4)] }],
  ];
  for (const [type, elements] of inner) {
    const columns = columnsOf({ a: `array<${type}>` });
    const writer = createRecordWriter(columns);
    const list = { valid: undefined, bytes: nothing, offsets: Int32Array.of(0, count) };
    const written = [...writer.write([{ count: 1, ...list, children: [elements] }]), writer.end()];
    const reader = createRecordReader(columns);
    const [batch] = [...reader.push(Buffer.concat(written)), ...reader.end()];
    const read = batch?.[0]?.children[0];
    assert.deepEqual(read?.bytes, elements.bytes, type);
    assert.deepEqual(read?.offsets, elements.offsets, type);
    assert.deepEqual(read?.children[0]?.bytes, elements.children[0]?.bytes, type);
  }
});

test("what is inside of others is read once, wherever a stream is cut", () => {
  const nested = goldenRecords.filter(([type]) => /^(array|map|struct)/.test(type));
  assert.ok(nested.length > 2);
  for (const [type, value] of nested) {
    const columns = columnsOf({ a: type });
    const reader = createRecordReader(columns);
    const writer = createRecordWriter(columns);
    const one = [...reader.push(golden(type)), ...reader.end()];
    const written = Array.from({ length: 9 }, () => one.flatMap((b) => [...writer.write(b)]));
    const whole = Buffer.concat([...written.flat(), writer.end()]);
    for (let piece = 1; piece < whole.length; piece += 1) {
      assert.deepEqual(
        copied(columns, whole, piece).rows,
        Array.from({ length: 9 }, () => [value]),
      );
    }
  }
});
