/** `*` in a pattern: any characters, or none. */
export const many = -1;
/** `?` in a pattern: one character. */
export const one = -2;

/** A pattern of UTF-16 units, `many` and `one`, cut at its stars. */
export interface Form {
  /** What the text begins with; all of it where there is no star. */
  readonly head: readonly number[];
  /** What it ends with, after the last star; undefined where there is no star. */
  readonly tail: readonly number[] | undefined;
  /** What comes between, in this order. */
  readonly middle: readonly Chunk[];
  /** Fewest units a text of this form has. */
  readonly least: number;
}

/** A run of units to be found anywhere, as bit masks: 32 places of it are compared at once. */
interface Chunk {
  readonly length: number;
  /** By unit: the places where it fits. */
  readonly masks: ReadonlyMap<number, Int32Array>;
  /** The places where every unit fits. */
  readonly open: Int32Array;
}

/** Cuts a pattern at its stars. */
export function compileForm(units: readonly number[]): Form {
  const runs: number[][] = [[]];
  for (const unit of units) {
    if (unit === many) runs.push([]);
    else runs.at(-1)?.push(unit);
  }
  const least = runs.reduce((sum, run) => sum + run.length, 0);
  const [head = [], ...rest] = runs;
  const tail = rest.pop();
  const middle = rest.filter((run) => run.length > 0).map(compileChunk);
  return { head, tail, middle, least };
}

function compileChunk(run: readonly number[]): Chunk {
  const words = Math.ceil(run.length / 32);
  const open = new Int32Array(words);
  for (const [place, unit] of run.entries()) if (unit === one) mark(open, place);
  const masks = new Map<number, Int32Array>();
  for (const [place, unit] of run.entries()) {
    if (unit === one) continue;
    const mask = masks.get(unit) ?? Int32Array.from(open);
    masks.set(unit, mask);
    mark(mask, place);
  }
  return { length: run.length, masks, open };
}

function mark(mask: Int32Array, place: number): void {
  const word = place >>> 5;
  mask[word] = (mask[word] ?? 0) | (1 << (place & 31));
}

/**
 * Tells whether a text has the form. Every chunk is taken where it first fits, so nothing is tried twice, and the
 * work is that of reading the text once for every 32 units of the pattern, whatever a hostile author writes.
 */
export function hasForm({ head, tail, middle, least }: Form, text: string): boolean {
  if (text.length < least || !fitsAt(head, text, 0)) return false;
  if (tail === undefined) return text.length === head.length;
  const end = text.length - tail.length;
  if (!fitsAt(tail, text, end)) return false;
  let at = head.length;
  for (const chunk of middle) {
    at = findEnd(chunk, text, at, end);
    if (at === -1) return false;
  }
  return true;
}

function fitsAt(run: readonly number[], text: string, start: number): boolean {
  for (let at = 0; at < run.length; at += 1)
    if (run[at] !== one && run[at] !== text.charCodeAt(start + at)) return false;
  return true;
}

/** Where the first fit of the chunk between `start` and `end` is over; -1 when there is none. */
function findEnd({ length, masks, open }: Chunk, text: string, start: number, end: number): number {
  // Bit n of the state: the last n + 1 units read are the first n + 1 of the chunk.
  const state = new Int32Array(open.length);
  const lastWord = (length - 1) >>> 5;
  const lastBit = 1 << ((length - 1) & 31);
  for (let at = start; at < end; at += 1) {
    const mask = masks.get(text.charCodeAt(at)) ?? open;
    let carry = 1;
    for (let word = 0; word < state.length; word += 1) {
      const old = state[word] ?? 0;
      state[word] = ((old << 1) | carry) & (mask[word] ?? 0);
      carry = old >>> 31;
    }
    if (((state[lastWord] ?? 0) & lastBit) !== 0) return at + 1;
  }
  return -1;
}
