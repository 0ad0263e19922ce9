import { setTimeout as sleep } from "node:timers/promises";

const patienceMs = 120_000;
const pollMs = 250;

/** Waits for something that comes by itself. */
export async function until<Found>(
  what: string,
  look: () => Promise<Found | undefined | false>,
): Promise<Found> {
  for (let waitedMs = 0; waitedMs < patienceMs; waitedMs += pollMs) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    await sleep(pollMs);
  }
  throw new Error(`waited in vain for ${what}`);
}
