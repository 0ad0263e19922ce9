import { setImmediate as nextTurn } from "node:timers/promises";

/** A loop that is never idle must not keep anybody from the disk for long. */
const turnsMax = 4;

/**
 * Waits while each turn of the event loop brings more of what is counted: for who writes together what costs the same
 * for one and for many. Who is alone waits for one empty turn.
 */
export async function gather(count: () => number): Promise<void> {
  // Whoever calls is in the midst of a turn: the rest of it belongs to those that come along.
  await nextTurn();
  for (let turn = 1; turn < turnsMax; turn += 1) {
    const before = count();
    await nextTurn();
    if (count() === before) return;
  }
}
