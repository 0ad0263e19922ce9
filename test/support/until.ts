import { setTimeout as sleep } from "node:timers/promises";

const patienceMs = 120_000;
const pauseMaxMs = 250;

/** Waits for something that comes by itself. */
export async function until<Found>(
  what: string,
  look: () => Promise<Found | undefined | false>,
): Promise<Found> {
  let pauseMs = 10;
  for (let waitedMs = 0; waitedMs < patienceMs; waitedMs += pauseMs) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    pauseMs = Math.min(2 * pauseMs, pauseMaxMs);
    await sleep(pauseMs);
  }
  throw new Error(`waited in vain for ${what}`);
}
