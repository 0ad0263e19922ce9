import { setTimeout as sleep } from "node:timers/promises";
import { startBondstore } from "./bondstore.ts";
import { median } from "./measure.ts";

const starts = 3;
const settleMs = 3_000;

/** What `up` takes until it serves, and what it holds when nothing happens. */
export interface StartUp {
  readonly readyMs: number;
  readonly residentBytes: number;
}

/** Starts Bondstore in new directories, some times. */
export async function measureStartUp(): Promise<StartUp> {
  const ready: number[] = [];
  const resident: number[] = [];
  for (let start = 0; start < starts; start += 1) {
    const server = await startBondstore();
    ready.push(server.readyMs);
    await sleep(settleMs);
    resident.push(server.residentBytes());
    await server.stop();
  }
  return { readyMs: median(ready), residentBytes: median(resident) };
}
