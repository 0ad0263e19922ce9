/**
 * The most bytes that are compressed at once. Each block is compressed for itself, so this bounds what is held, and
 * every distance fits the 16 bits that LZ4 and Snappy have for it.
 */
export const blockBytes = 65_536;

/** LZ4 wants its last bytes as they are, and no repetition to begin shortly before them. */
const tailBytes = 5;
const quietBytes = 12;
const hashBits = 13;
const repeatBytesMin = 4;

/** Where what stood four bytes long was last seen; of a block at a time, so it is one for all. */
const seen = new Uint16Array(1 << hashBits);

const word = (bytes: Uint8Array, at: number): number =>
  (bytes[at] ?? 0) |
  ((bytes[at + 1] ?? 0) << 8) |
  ((bytes[at + 2] ?? 0) << 16) |
  ((bytes[at + 3] ?? 0) << 24);

/** Bytes as they are, and then `length` of those that stand `back` before. */
export type TakeMatch = (from: number, to: number, back: number, length: number) => void;

/** Finds repetitions in a block; answers where the bytes begin that follow the last of them. */
export function findMatches(bytes: Uint8Array, take: TakeMatch): number {
  const last = bytes.length - quietBytes;
  seen.fill(0);
  let literals = 0;
  let misses = 0;
  for (let at = 1; at <= last; ) {
    const value = word(bytes, at);
    const slot = Math.imul(value, 0x9e3779b1) >>> (32 - hashBits);
    const before = seen[slot] ?? 0;
    seen[slot] = at;
    if (word(bytes, before) !== value) {
      // What does not repeat is gone through in longer and longer steps.
      at += 1 + (misses >> 6);
      misses += 1;
      continue;
    }
    const length = lengthOf(bytes, before, at);
    take(literals, at, at - before, length);
    at += length;
    literals = at;
    misses = 0;
  }
  return literals;
}

function lengthOf(bytes: Uint8Array, before: number, at: number): number {
  const most = bytes.length - tailBytes - at;
  let length = repeatBytesMin;
  while (length < most && bytes[before + length] === bytes[at + length]) length += 1;
  return length;
}
