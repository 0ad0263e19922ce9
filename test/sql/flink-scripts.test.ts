import assert from "node:assert/strict";
import { test } from "node:test";
import { createDice, type Dice, pick } from "../../src/policy/cases/dice.ts";
import { resolveScript } from "../../src/sql/flink/script.ts";

const rounds = 3000;
const streams = ["orders", "clicks", "visits"] as const;
const buckets = ["inside", "outside", "archive"] as const;
/** Between two pieces of a statement; each hides a name that must not count, or an end that is none. */
const gaps = [
  " ",
  "\n",
  "\t\r\n ",
  "/* INTO outside_t; */",
  "/** ' */",
  "-- ' ; /*\n",
  "// ` */ ;\n",
  "/***' */",
] as const;

/** A word of SQL, in any case. */
const anyCase = (dice: Dice, word: string): string =>
  [...word].map((letter) => (dice(2) === 0 ? letter.toLowerCase() : letter)).join("");

const anyName = (dice: Dice, name: string): string => {
  const quoted = dice(2) === 0 ? name : `\`${name}\``;
  return pick(dice, [
    quoted,
    quoted,
    `default_database.${quoted}`,
    `\`default_catalog\`.default_database.${quoted}`,
  ]);
};

const spaced = (dice: Dice, ...pieces: readonly string[]): string =>
  pieces.map((piece) => `${piece}${pick(dice, gaps)}`).join("");

/** Tables of every store, named `<store>_t`, and a view of some. */
function rollTables(dice: Dice): { readonly text: string; readonly viewed: readonly string[] } {
  const text = [...streams, ...buckets].map((store) => {
    const place = (streams as readonly string[]).includes(store)
      ? `'connector' = 'kinesis', 'stream' = '${store}'`
      : `'path' = 's3://${store}/x'${pick(dice, gaps)}, 'connector' = 'filesystem'`;
    const kind = pick(dice, ["TABLE", "TEMPORARY TABLE", "TABLE IF NOT EXISTS"]);
    return spaced(
      dice,
      anyCase(dice, `CREATE ${kind}`),
      anyName(dice, `${store}_t`),
      "(id INT)",
      anyCase(dice, "WITH"),
      `(${place})`,
      ";",
    );
  });
  const viewed = [pick(dice, streams), pick(dice, streams)];
  const [one = "", other = ""] = viewed;
  const view = spaced(
    dice,
    "CREATE",
    anyCase(dice, "VIEW"),
    anyName(dice, "seen"),
    "AS",
    "SELECT 1 FROM",
    anyName(dice, `${one}_t`),
    ",",
    anyName(dice, `${other}_t`),
    ";",
  );
  return { text: [...text, view].join("\n"), viewed };
}

test("whatever stands between its pieces, a script reads and writes what it says", () => {
  const dice = createDice(39);
  for (let round = 0; round < rounds; round += 1) {
    const { text, viewed } = rollTables(dice);
    const into = pick(dice, buckets);
    const read = [pick(dice, streams), pick(dice, buckets)];
    const sees = dice(2) === 0;
    const names = [...read.map((name) => `${name}_t`), ...(sees ? ["seen"] : [])];
    const insert = spaced(
      dice,
      anyCase(dice, pick(dice, ["INSERT INTO", "INSERT OVERWRITE"])),
      anyName(dice, `${into}_t`),
      anyCase(dice, "SELECT"),
      "'it''s -- /* ;', 1 FROM",
      names.map((name) => anyName(dice, name)).join(pick(dice, [",", " JOIN ", " , TABLE "])),
    );
    const script = text + insert;
    const { moves, unclear } = resolveScript(script);
    assert.deepEqual(unclear, [], script);
    assert.equal(moves.length, 1, script);
    const [move] = moves;
    assert.deepEqual(move?.into, { kind: "bucket", name: into }, script);
    const found = (move?.from ?? []).map((store) => ("name" in store ? store.name : "")).sort();
    assert.deepEqual(found, [...new Set([...read, ...(sees ? viewed : [])])].sort(), script);
  }
});

test("a script that is cut or spoilt anywhere never loses what it moves and stays clear", () => {
  const dice = createDice(1128);
  const begins = ["CREATE TABLE a WITH", "CREATE TABLE b WITH", "INSERT INTO b SELECT x FROM a"];
  const whole = `CREATE TABLE a WITH ('connector' = 'kinesis', 'stream' = 'orders');
CREATE TABLE b WITH ('connector' = 'filesystem', 'path' = 's3://outside/x');
INSERT INTO b SELECT x FROM a`;
  const spoils = ["'", "`", "/*", "*/", ";", "(", ")", "\\", "\u0000", "é", '"', "{{", "."];
  for (let round = 0; round < rounds; round += 1) {
    const at = dice(whole.length);
    const script =
      whole.slice(0, at) + pick(dice, spoils as [string, ...string[]]) + whole.slice(at);
    const { moves, unclear } = resolveScript(script);
    const kept = moves.some(({ from }) => from.length > 0);
    // What is neither kept nor unclear must be what Flink itself would not run: a statement that begins otherwise.
    const broken = begins.some((begin) => !`\n${script}`.includes(`\n${begin}`));
    assert.ok(kept || unclear.length > 0 || broken, script);
  }
});
