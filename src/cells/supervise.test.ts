import assert from "node:assert/strict";
import { test } from "node:test";
import type { Cell, CellEnd } from "./cell.ts";
import { supervise } from "./supervise.ts";

const end = (code: number): CellEnd => ({ code, outOfMemory: false, stopped: false });

function cellThatEnds(exited: Promise<CellEnd>, stopped: () => void = () => {}): Cell {
  return {
    id: "a",
    confined: true,
    enforced: { memory: "none", processes: "none", cpus: "none" },
    pid: 1,
    exited,
    log: [],
    connect: () => Promise.reject(new Error("nothing listens")),
    memoryBytes: () => undefined,
    stop() {
      stopped();
      return exited;
    },
  };
}

const base = {
  restarts: ({ code }: CellEnd) => code !== 0,
  firstWaitMs: 1,
  waitMsMax: 4,
  provenMs: 1000,
  attemptsMax: 5,
  now: () => 0,
};

test("the wait doubles up to its limit, until the attempts are used up", async () => {
  const waits: number[] = [];
  const supervised = supervise({
    ...base,
    start: async () => cellThatEnds(Promise.resolve(end(1))),
    onRestart: (_, waitMs) => waits.push(waitMs),
  });
  assert.deepEqual(await supervised.ended, end(1));
  assert.deepEqual(waits, [1, 2, 4, 4]);
});

test("an engine that has finished is not started again", async () => {
  let starts = 0;
  const supervised = supervise({
    ...base,
    start: async () => {
      starts += 1;
      return cellThatEnds(Promise.resolve(end(0)));
    },
  });
  assert.deepEqual(await supervised.ended, end(0));
  assert.equal(starts, 1);
});

test("a start that fails counts like an end", async () => {
  const supervised = supervise({
    ...base,
    attemptsMax: 2,
    start: () => Promise.reject(new Error("no")),
  });
  const last = await supervised.ended;
  assert.ok(last instanceof Error && last.message === "no");
});

test("stop ends the cell, and no further start follows", async () => {
  let finish: (end: CellEnd) => void = () => {};
  const exited = new Promise<CellEnd>((resolve) => {
    finish = resolve;
  });
  const supervised = supervise({
    ...base,
    start: async () => cellThatEnds(exited, () => finish(end(143))),
  });
  await Promise.resolve();
  await supervised.stop(0);
  assert.deepEqual(await supervised.ended, end(143));
});
