import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { accountTables, systemTables } from "./tables.ts";

const named = /(?:\.table(?:<[^()]*?>)?|\btable)\(\s*"([^"]+)"/g;

test("verify opens every table that the source names", () => {
  const files = readdirSync("src", { recursive: true, encoding: "utf8" }).filter(
    (file) => file.endsWith(".ts") && !file.endsWith(".test.ts") && !file.startsWith("cli"),
  );
  const found = new Set<string>();
  for (const file of files) {
    for (const [, name = ""] of readFileSync(join("src", file), "utf8").matchAll(named)) {
      found.add(name);
    }
  }
  assert.ok(found.size > 0, "an empty check must not pass");
  const opened = new Set([...accountTables, ...systemTables]);
  const missing = [...found].filter((name) => !opened.has(name));
  assert.deepEqual(missing, [], "add these to src/cli/verify/tables.ts");
});
