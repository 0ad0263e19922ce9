import assert from "node:assert/strict";
import { test } from "node:test";
import { gather } from "./gather.ts";

/** Gathers while so many turns bring something; answers how much had come when it ended. */
async function gathered(turnsThatBring: number): Promise<number> {
  let count = 1;
  let gathering = true;
  const bring = () => {
    if (!gathering) return;
    if (count <= turnsThatBring) count += 1;
    setImmediate(bring);
  };
  setImmediate(bring);
  await gather(() => count);
  gathering = false;
  return count;
}

const cases: [title: string, turnsThatBring: number, expected: number][] = [
  ["who is alone is not kept", 0, 1],
  ["what the next turns bring comes along", 2, 3],
  ["turns that always bring something are not waited for without end", 1000, 5],
];

for (const [title, turnsThatBring, expected] of cases) {
  test(`gathering: ${title}`, async () => {
    assert.equal(await gathered(turnsThatBring), expected);
  });
}
