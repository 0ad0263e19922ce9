import { systemClock } from "../lib/clock.ts";
import type { Output } from "./surroundings.ts";

const silentMs = 2_000;

/** Says what is going on, once it takes longer than two seconds, and then every two seconds. */
export function createProgress(output: Output, clock = systemClock): (what: string) => void {
  let saidAtMs = clock.now();
  return (what) => {
    const now = clock.now();
    if (now - saidAtMs < silentMs) return;
    saidAtMs = now;
    output.note(`… ${what}`);
  };
}
