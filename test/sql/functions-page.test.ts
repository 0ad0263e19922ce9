import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { sqlFunctionsPage } from "../../scripts/sql-functions.ts";

test("docs/sql-functions.md is what `npm run generate` makes", () => {
  assert.equal(readFileSync("docs/sql-functions.md", "utf8"), sqlFunctionsPage());
});
