import assert from "node:assert/strict";
import { test } from "node:test";
import { parseType } from "./parse-type.ts";
import { typeText } from "./types.ts";

const cases = [
  ["BIGINT", "bigint"],
  ["decimal", "decimal(38,18)"],
  ["DECIMAL(10, 2)", "decimal(10,2)"],
  ["varchar(20)", "varchar(20)"],
  ["array<map<string,struct<a:bigint,b:array<double>>>>", undefined],
  ["STRUCT<`A`: INTERVAL_DAY_TIME>", "struct<a:interval_day_time>"],
  ["struct<`a b`:bigint>", undefined],
  ["array<void>", undefined],
] as const;

for (const [text, written = text] of cases) {
  test(`the type ${text} is read and written`, () => {
    assert.equal(typeText(parseType(text)), written);
  });
}

const refused = [
  ["bigintt", /invalid type 'bigintt'/],
  ["array<bigint", /invalid token '<EOF>', expect ">"/],
  ["decimal(39,2)", /from 1 to 38/],
  ["bigint bigint", /expect the end of the type/],
  ["varchar(70000)", /from 1 to 65535/],
  [`${"array<".repeat(150)}bigint${">".repeat(150)}`, /nest/],
] as const;

for (const [text, why] of refused) {
  test(`the type ${text.slice(0, 30)} is refused`, () => {
    assert.throws(() => parseType(text), why);
  });
}
