import assert from "node:assert/strict";
import { test } from "node:test";
import { readSaid, saidError } from "./said-error.ts";

const said = saidError("ODPS-0121095", "Invalid argument - it's wrong");

test("what a statement says is read from its engine's error", () => {
  const message = `Invalid Input Error: ${/'(.*)'/.exec(said)?.[1]}`;
  assert.deepEqual(readSaid(message, `SELECT CASE WHEN a THEN ${said} END`), {
    code: "ODPS-0121095",
    words: "Invalid argument - it's wrong",
  });
});

test("a value that looks so is not told", () => {
  const value = `odps_said:${Buffer.from("ODPS-1\nsecret").toString("hex")}`;
  const message = `Conversion Error: Could not convert string '${value}' to INT32`;
  assert.equal(readSaid(message, `SELECT CASE WHEN a THEN ${said} END`), undefined);
  assert.equal(readSaid("Conversion Error: of another kind", said), undefined);
});
