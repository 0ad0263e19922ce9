import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { test } from "node:test";
import { follow } from "./follow-query.ts";

/** Follows a process that says this and then stays until it is ended, or ends by itself. */
async function heard(said: string, stays = true): Promise<object[]> {
  const stay = stays ? "setInterval(() => {}, 1000);" : "";
  const child = spawn(process.execPath, [
    "-e",
    `process.stdout.write(${JSON.stringify(said)}); ${stay}`,
  ]);
  const lines: object[] = [];
  const question = { id: "a", sql: "", file: "", settings: { timezone: "UTC" } };
  await follow(child, {
    question: { ...question, functions: { names: [], batchMs: 20 } },
    links: [],
    line: (told) => lines.push(told),
    started: () => {},
  });
  return lines;
}

const notUnderstood = { error: "the query's process is not understood" };
const cases: readonly (readonly [what: string, said: string, lines: readonly object[]])[] = [
  ["no JSON", "Segmentation fault\n", [notUnderstood]],
  ["an empty line", "\n", [notUnderstood]],
  ["null", "null\n", [notUnderstood]],
  ["a list", "[1]\n", [notUnderstood]],
  ["half an object", '{"kept":\n', [notUnderstood]],
  ["noise amid progress", '{"progress":5}\n\0\n', [{ progress: 5 }, notUnderstood]],
  ["a function that goes on", '{"busy":true}\n', [{ error: 'odps_user_error0:{"error":"time"}' }]],
];

for (const [what, said, lines] of cases) {
  test(`the process of a query is ended, and told of, that says ${what}`, async () => {
    assert.deepEqual(await heard(said), lines);
  });
}

test("the end of a query is told once", async () => {
  assert.deepEqual(await heard('{"kept":{}}\nnoise\n', false), [{ kept: {} }]);
  assert.deepEqual(await heard('{"busy":true}\n{"busy":false}\n', false), [
    { error: "the query was ended" },
  ]);
});
