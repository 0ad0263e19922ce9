import { BrokenStream } from "./broken-stream.ts";

/**
 * 64-bit numbers in two halves of 32 bits. BigInt is no way out: wrapped to 64 bits in a hot loop it has made Node 20
 * end the process, and it is slower.
 */

const billion = 1_000_000_000;
const half = 65_536;
const whole = 2 ** 32;

/** Seconds, and the nanoseconds after them. */
export interface Moment {
  seconds: number;
  nanos: number;
}

/** Divides nanoseconds into seconds, rounded down, and the rest. */
export function momentOf(low: number, high: number, into: Moment): void {
  const first = Math.floor(high / billion);
  const upper = (high - first * billion) * half + (low >>> 16);
  const second = Math.floor(upper / billion);
  const lower = (upper - second * billion) * half + (low & 0xffff);
  const third = Math.floor(lower / billion);
  into.seconds = first * whole + second * half + third;
  into.nanos = lower - third * billion;
}

/** Seconds outside of this do not fit in 64 bits as nanoseconds. */
export const momentSecondsMax = 9_223_372_035;

/** Writes a moment as nanoseconds into two words. */
export function putNanos(seconds: number, nanos: number, words: Int32Array, at: number): void {
  const upper = Math.floor(seconds / half);
  const high = upper * billion;
  const rest = (seconds - upper * half) * billion + nanos;
  const highUpper = Math.floor(high / half);
  const low = (high - highUpper * half) * half + (rest % whole);
  words[at] = (low % whole) | 0;
  words[at + 1] = (highUpper + Math.floor(rest / whole) + Math.floor(low / whole)) | 0;
}

/** Writes a whole number that a double holds exactly into two words. */
export function putNumber(value: number, words: Int32Array, at: number): void {
  const high = Math.floor(value / whole);
  words[at] = (value - high * whole) | 0;
  words[at + 1] = high | 0;
}

/** Writes an interval of seconds, rounded down, and nanoseconds as DuckDB's parts. */
export function putInterval(seconds: number, nanos: number, words: Int32Array, at: number): void {
  if (nanos < 0 || nanos >= 1e9 || Math.abs(seconds) > momentSecondsMax) {
    throw new BrokenStream("an interval is out of range");
  }
  // DuckDB has no finer ones: better refused than rounded in silence.
  if (nanos % 1000 !== 0) throw new BrokenStream("an interval is finer than a microsecond");
  // Towards zero, as DuckDB counts days: an interval below zero has no positive part.
  const days = Math.trunc((seconds < 0 && nanos > 0 ? seconds + 1 : seconds) / 86_400);
  words[at] = 0;
  words[at + 1] = days;
  putNumber((seconds - 86_400 * days) * 1e6 + nanos / 1000, words, at + 2);
}
