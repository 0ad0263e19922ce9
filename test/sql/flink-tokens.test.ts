import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { flinkHomeIn } from "../../src/engines/flink/install.ts";
import { createDice, pick } from "../../src/policy/cases/dice.ts";
import { flinkTokens, UnclearText } from "../../src/sql/flink/tokens.ts";
import { temporary, testConfig } from "../support/bondstore.ts";
import { run } from "../support/python.ts";

const pieces = [
  ...["/*", "*/", "/**", "/***/", "/**/", "/*+", "*", "/", "--", "//", "-", "\n", "\r\n", "\t"],
  ...["'", "''", "'v'", "`", "``", "`q`", '"', "E", "u", "U&", "N", "_utf8", "X", "&", "|", "||"],
  ...["1", "1e", "1e5", "5e-3", ".", "a", "$", "é", "INSERT", "WITH", " ", "x", "=", "=>", "->"],
  ...[";", "(", ")", "[", "]", "{", "}", "@", "#", "?", "^", "%", "!", "<=", ":", "\\", ","],
] as const;
const texts = 20_000;

test("what is cut is cut as Flink cuts it, or refused", async (t) => {
  const dice = createDice(20_261_128);
  const drawn = Array.from({ length: texts }, () =>
    Array.from({ length: 1 + dice(14) }, () => pick(dice, pieces)).join(""),
  );
  const file = join(temporary(t), "texts");
  writeFileSync(file, drawn.map((text) => Buffer.from(text).toString("base64")).join("\n"));
  const home = flinkHomeIn(testConfig("").engines.cache, process.env["FLINK_HOME"]);
  const program = "test/support/java/FlinkTokens.java";
  const ended = await run("java", ["-cp", join(home, "opt", "*"), program, file], process.env);
  assert.equal(ended.status, 0, ended.stderr);
  const answers = ended.stdout.trimEnd().split("\n");
  assert.equal(answers.length, texts);
  let compared = 0;
  for (const [at, text] of drawn.entries()) {
    const ours = left(text);
    const flinks = answers[at] ?? "";
    // What Flink refuses does not run.
    if (ours === undefined || flinks === "refused") continue;
    assert.equal(ours, Buffer.from(flinks.slice(1), "base64").toString(), JSON.stringify(text));
    compared += 1;
  }
  assert.ok(compared > texts / 5, "most are refused");
});

/** What is left of a text without blanks and comments; undefined where it is not clear. */
function left(text: string): string | undefined {
  try {
    return [...flinkTokens(text)].map(({ start, end }) => text.slice(start, end)).join("");
  } catch (error) {
    if (error instanceof UnclearText) return undefined;
    throw error;
  }
}
