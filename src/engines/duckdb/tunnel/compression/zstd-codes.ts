import { blockBytes } from "./matches.ts";

/** A code for a range of numbers: where it starts, and how many bits say which of them is meant. */
export interface Codes {
  readonly starts: Uint32Array;
  readonly bits: Uint8Array;
  /** The code of each number that a block can have. */
  readonly of: Uint8Array;
}

/** One after the other: `count` numbers that are a code each, and then ranges of so many bits. */
function codes(start: number, count: number, ranges: readonly number[]): Codes {
  const bits = Uint8Array.from([...Array<number>(count).fill(0), ...ranges]);
  const starts = new Uint32Array(bits.length);
  const of = new Uint8Array(blockBytes + 1);
  let next = start;
  for (const [code, size] of bits.entries()) {
    starts[code] = next;
    of.fill(code, next, next + 2 ** size);
    next += 2 ** size;
  }
  return { starts, bits, of };
}

/** RFC 8878, 3.1.1.3.2.1.1: how many bytes stand as they are. From 64 on each range has as many numbers as it starts at. */
export const literalCodes = codes(
  0,
  16,
  [1, 1, 1, 1, 2, 2, 3, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16],
);
/** How many bytes are repeated. */
export const repeatCodes = codes(
  3,
  32,
  [1, 1, 1, 1, 2, 2, 3, 3, 4, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16],
);

/**
 * States of one of the codes that everybody knows (RFC 8878, 3.1.1.3.2.2), as its reader has them. Whoever writes goes
 * backwards: `before` says from which state of a symbol the reader comes to a state.
 */
export interface States {
  readonly log: number;
  readonly bits: Uint8Array;
  readonly starts: Uint8Array;
  /** By symbol and state. */
  readonly before: readonly Uint8Array[];
  /** By symbol: one of its states. */
  readonly any: Uint8Array;
}

/** Shares of the symbols; -1 is less than one. */
function states(log: number, shares: readonly number[]): States {
  const size = 1 << log;
  const symbols = spread(size, shares);
  const next = shares.map((share) => Math.abs(share));
  const bits = new Uint8Array(size);
  const starts = new Uint8Array(size);
  const any = new Uint8Array(shares.length);
  const before = shares.map(() => new Uint8Array(size));
  for (const [state, symbol] of symbols.entries()) {
    const at = next[symbol] ?? 1;
    next[symbol] = at + 1;
    const count = log - (31 - Math.clz32(at));
    const start = (at << count) - size;
    bits[state] = count;
    starts[state] = start;
    any[symbol] = state;
    before[symbol]?.fill(state, start, start + (1 << count));
  }
  return { log, bits, starts, before, any };
}

/** Which symbol each state stands for. */
function spread(size: number, shares: readonly number[]): Uint8Array {
  const symbols = new Uint8Array(size);
  let high = size;
  for (const [symbol, share] of shares.entries()) {
    if (share === -1) symbols[--high] = symbol;
  }
  let at = 0;
  for (const [symbol, share] of shares.entries()) {
    for (let count = 0; count < share; count += 1) {
      symbols[at] = symbol;
      do at = (at + (size >> 1) + (size >> 3) + 3) & (size - 1);
      while (at >= high);
    }
  }
  return symbols;
}

const times = (count: number, share: number): number[] => Array<number>(count).fill(share);

/** RFC 8878, 3.1.1.3.2.2.1: states of the codes of `literalCodes`. */
export const literalStates = states(6, [
  ...[4, 3, ...times(11, 2), 1, 1, 1, ...times(9, 2), 3, 2],
  ...[...times(5, 1), ...times(4, -1)],
]);
/** 3.1.1.3.2.2.2: of those of `repeatCodes`. */
export const repeatStates = states(6, [
  ...[1, 4, 3, ...times(6, 2)],
  ...[...times(37, 1), ...times(7, -1)],
]);
/** 3.1.1.3.2.2.3: of how far back a repetition is; the code is the number of bits that follow. */
export const distanceStates = states(5, [
  ...[...times(6, 1), 2, 2, 2],
  ...[...times(15, 1), ...times(5, -1)],
]);
