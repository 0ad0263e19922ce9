import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeStruct, encodeStruct } from "./thrift.ts";

/** By the rules of the compact form, written by hand. */
const wholes: readonly (readonly [what: string, hex: string])[] = [
  ["nothing", "00"],
  ["flags, set and not", "11 12 00"],
  ["a byte below zero", "13 ff 00"],
  ["numbers: 0, -1, 1, 300, the largest", "15 00 15 01 15 02 15 d804 16 feffffffffffff0f 00"],
  ["a double", "17 0102030405060708 00"],
  ["texts, one of them empty", "18 03 616263 18 00 00"],
  ["a list of numbers, an empty one, a set", "19 25 02 04 19 05 1a 13 07 00"],
  ["a list of flags", "19 21 01 02 00"],
  ["a list of 15", `19 f5 0f ${"02".repeat(15)} 00`],
  ["a struct inside, and a list of structs", "1c 15 02 00 19 2c 00 15 04 00 00"],
  ["fields far apart and backwards", "15 02 05 28 02 05 02 02 00"],
];
const bytesOf = (hex: string): Buffer => Buffer.from(hex.replaceAll(" ", ""), "hex");

for (const [what, hex] of wholes) {
  const bytes = bytesOf(hex);

  test(`Thrift: ${what}: is written as it was read`, () => {
    assert.equal(encodeStruct(decodeStruct(bytes)).toString("hex"), bytes.toString("hex"));
  });

  test(`Thrift: ${what}: neither less nor more is taken`, () => {
    for (let end = 0; end < bytes.length; end += 1) {
      assert.throws(() => decodeStruct(bytes.subarray(0, end)), /^Error: a footer ends too early$/);
    }
    assert.throws(() => decodeStruct(Buffer.concat([bytes, Buffer.alloc(1)])), /follows a footer/);
  });
}

test("Thrift: what is read is what was meant", () => {
  const value = (hex: string) => decodeStruct(bytesOf(hex))[0];
  assert.deepEqual(value("15 d804 00"), { id: 1, type: 5, value: 300 });
  assert.deepEqual(value("05 28 03 00"), { id: 20, type: 5, value: -2 });
  assert.deepEqual(value("19 21 01 02 00")?.value, { itemType: 1, items: [true, false] });
});

const nested = (head: string, times: number, tail: string): string =>
  head.repeat(times) + tail.repeat(times);

/** In the last column, the words of the refusal. */
const refused: readonly (readonly [what: string, hex: string, why: RegExp])[] = [
  ["a map", "1b 01 55 02 02 00", /a value of type 11/],
  ["types that there are not", "1d 00", /a value of type 13/],
  ["a list of maps", "19 1b 00 00", /a value of type 11/],
  ["a number of too many bits", "16 ffffffffffffffff7f 00", /too large/],
  ["a number without an end", `16 ${"80".repeat(500)}`, /too large/],
  ["a list of 2^50 items", "19 fc ffffffffffff7f 00", /ends too early/],
  ["a text of 2^50 bytes", "18 ffffffffffff7f 00", /ends too early/],
  ["structs in structs without end", "1c".repeat(1_000_000), /nested too deeply/],
  ["lists in lists without end", `19 ${"19".repeat(1_000_000)}`, /nested too deeply/],
  ["33 structs in each other", `${nested("1c", 33, "00")}00`, /nested too deeply/],
];

for (const [what, hex, why] of refused) {
  test(`Thrift: ${what}: is refused`, () => {
    assert.throws(() => decodeStruct(bytesOf(hex)), why);
  });
}

test("Thrift: 32 structs in each other are read", () => {
  const bytes = bytesOf(`${nested("1c", 32, "00")}00`);
  assert.ok(encodeStruct(decodeStruct(bytes)).equals(bytes));
});
