import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { createParquetJoin } from "./parquet-join.ts";
import { decodeStruct, encodeStruct, type ThriftStruct } from "./thrift.ts";

const int = (id: number, value: number) => ({ id, type: 6, value });
const structs = (id: number, items: ThriftStruct[]) => ({
  id,
  type: 9,
  value: { itemType: 12, items },
});
const text = (id: number, value: string) => ({ id, type: 8, value: Buffer.from(value) });

/** A group of one column, whose pages begin behind the mark. */
const group = (ordinal: number): ThriftStruct => [
  structs(1, [[int(2, 0), { id: 3, type: 12, value: [int(9, 4), int(11, 5)] }, int(4, 6)]]),
  int(5, 4),
  { id: 7, type: 4, value: ordinal },
];

/** A file of Parquet of two rows a group, as far as joining looks at it. */
function part(name: string, data: string, groups = 1): Buffer {
  const all = Array.from({ length: groups }, (_, at) => group(at));
  const footer = encodeStruct([structs(2, [[text(4, name)]]), int(3, 2 * groups), structs(4, all)]);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(footer.length);
  return Buffer.concat([Buffer.from(`PAR1${data}`), footer, length, Buffer.from("PAR1")]);
}

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), "parquet-join-"));
  t.after(() => rmSync(path, { recursive: true }));
  return path;
}

async function joined(path: string, parts: readonly Buffer[]): Promise<Buffer> {
  const sent: Buffer[] = [];
  const joining = createParquetJoin(async (bytes) => void sent.push(bytes));
  for (const bytes of parts) {
    writeFileSync(join(path, "part"), bytes);
    await joining.add(join(path, "part"));
    assert.ok(!existsSync(join(path, "part")));
  }
  await joining.end();
  return Buffer.concat(sent);
}

function footerOf(bytes: Buffer): ThriftStruct {
  const length = bytes.readUInt32LE(bytes.length - 8);
  return decodeStruct(bytes.subarray(-8 - length, -8));
}

const groupsOf = (bytes: Buffer): ThriftStruct[] => {
  const found = footerOf(bytes).find(({ id }) => id === 4)?.value;
  assert.ok(typeof found === "object" && "items" in found);
  return found.items as ThriftStruct[];
};

test("one part stays as it is", async (t) => {
  assert.ok((await joined(folder(t), [part("a", "abcd")])).equals(part("a", "abcd")));
});

test("data of parts follow each other, and their places move along", async (t) => {
  const bytes = await joined(folder(t), [part("a", "abcd"), part("a", "ef"), part("a", "ghi")]);
  assert.ok(bytes.toString("latin1").startsWith("PAR1abcdefghi"));
  assert.ok(bytes.toString("latin1").endsWith("PAR1"));
  assert.equal(footerOf(bytes).find(({ id }) => id === 3)?.value, 6);
  const moved = (by: number, ordinal: number): ThriftStruct => [
    structs(1, [
      [int(2, 0), { id: 3, type: 12, value: [int(9, 4 + by), int(11, 5 + by)] }, int(4, 6 + by)],
    ]),
    int(5, 4 + by),
    { id: 7, type: 4, value: ordinal },
  ];
  assert.deepEqual(groupsOf(bytes), [moved(0, 0), moved(4, 1), moved(6, 2)]);
});

test("no group has an ordinal that its 16 bits do not hold", async (t) => {
  const bytes = await joined(folder(t), [part("a", "abcd", 32_767), part("a", "ef", 3)]);
  const ordinals = groupsOf(bytes).map((one) => one.find(({ id }) => id === 7)?.value);
  assert.deepEqual(ordinals.slice(32_765), [32_765, 32_766, 32_767, undefined, undefined]);
});

const whole = part("a", "abcd");
const refused: readonly (readonly [what: string, bytes: Buffer, why: RegExp])[] = [
  ["other columns", part("b", "abcd"), /other columns/],
  ["nothing", Buffer.alloc(0), /no file of Parquet/],
  ["the mark alone", Buffer.from("PAR1\0\0\0\0PAR"), /no file of Parquet/],
  ["cut off", whole.subarray(0, -1), /no file of Parquet/],
  ["a footer longer than the file", Buffer.from("PAR1\xff\xff\xff\xffPAR1", "latin1"), /no file/],
  ["an empty footer", Buffer.from("PAR1\0\x01\0\0\0PAR1", "latin1"), /other columns/],
];

for (const [what, bytes, why] of refused) {
  test(`a part that does not fit is refused: ${what}`, async (t) => {
    await assert.rejects(joined(folder(t), [whole, bytes]), why);
  });
}
