/** Where time comes from; passed in, so that tests and simulations set it. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
}

export const systemClock: Clock = { now: () => Date.now() };

let shownSecond = Number.NaN;
let shown = "";

let readText = "";
let readMs = Number.NaN;

/** The milliseconds of a time that `isoSeconds` has written. */
export function timeOf(text: string): number {
  if (text !== readText) {
    readMs = Date.parse(text);
    readText = text;
  }
  return readMs;
}

/** A time in UTC to the second, `2026-11-22T10:00:00Z`: as trail events, condition keys and credentials show it. */
export function isoSeconds(timeMs: number): string {
  const second = Math.floor(timeMs / 1000);
  // Most are of the second that was shown last.
  if (second !== shownSecond) {
    shown = `${new Date(timeMs).toISOString().slice(0, 19)}Z`;
    shownSecond = second;
  }
  return shown;
}
