import assert from "node:assert/strict";
import { test } from "node:test";
import { causeInLog } from "./job.ts";
import { configText, endOfScript, scriptText } from "./settings.ts";

const scripts: readonly (readonly [string, string, Record<string, string>, string])[] = [
  [
    "settings come first, a line each",
    "SELECT 1;",
    { a: "b" },
    `SET 'a' = 'b';\nSELECT 1;\n${endOfScript}\n`,
  ],
  [
    "a quote cannot end a value",
    "SELECT 1",
    { a: "b'; DROP" },
    `SET 'a' = 'b''; DROP';\nSELECT 1;\n${endOfScript}\n`,
  ],
  ["the last statement is closed once", "SELECT 1 ;\n\n", {}, `SELECT 1 ;\n${endOfScript}\n`],
];

for (const [title, script, options, expected] of scripts) {
  test(title, () => assert.equal(scriptText(script, options), expected));
}

test("a value of the configuration cannot begin a new line", () => {
  assert.equal(configText({ "a.b": 'c"\nd: e' }), '"a.b": "c\\"\\nd: e"\n');
});

const escapeCharacter = String.fromCharCode(27);
const logs: readonly (readonly [string, readonly string[], string | undefined])[] = [
  ["a log without errors has no cause", ["all is well"], undefined],
  [
    "what the SQL client says comes before any stack trace",
    [
      `${escapeCharacter}[31m[ERROR] Could not execute SQL statement. Reason:`,
      `x.Bad: why${escapeCharacter}[0m`,
      "Caused by: y",
    ],
    "x.Bad: why",
  ],
  [
    "otherwise the last cause counts",
    ["Caused by: a.B: one", "Caused by: c.D: two"],
    "Caused by: c.D: two",
  ],
];

for (const [title, log, expected] of logs) {
  test(title, () => assert.equal(causeInLog(log), expected));
}
