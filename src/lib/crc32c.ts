/** Castagnoli's polynomial, reflected. */
const castagnoli = 0x82f63b78;
/** Row `k` of the table is what a byte becomes `k` bytes later: eight bytes are taken at a time. */
const rows = 8;
const t = makeTable(castagnoli);

function makeTable(polynomial: number): Int32Array {
  const table = new Int32Array(256 * rows);
  for (let byte = 0; byte < 256; byte += 1) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ polynomial : crc >>> 1;
    table[byte] = crc;
  }
  for (let at = 256; at < table.length; at += 1) {
    const before = table[at - 256] ?? 0;
    table[at] = (before >>> 8) ^ (table[before & 0xff] ?? 0);
  }
  return table;
}

/** Takes a CRC32C further over bytes. It starts at -1; what is told at the end is its complement. */
export function crc32c(start: number, data: Uint8Array, from = 0, to = data.length): number {
  if (to - from < blockBytes) return overBytes(start, data, from, to);
  const aligned = from + ((4 - ((data.byteOffset + from) & 3)) & 3);
  const blocks = Math.floor((to - aligned) / blockBytes);
  const crc = overBytes(start, data, from, aligned);
  const words = new Int32Array(data.buffer, data.byteOffset + aligned, (blocks * blockBytes) >> 2);
  return overBytes(overBlocks(crc, words), data, aligned + blocks * blockBytes, to);
}

/** Of a block the two halves are taken at a time, for the processor waits for neither, and then joined. */
const blockBytes = 8_192;
const halfWords = blockBytes >> 3;
let joinHalves: ((before: number, piece: number) => number) | undefined;

function overBlocks(start: number, words: Int32Array): number {
  joinHalves ??= crc32cJoiner(blockBytes >> 1);
  let crc = start;
  for (let block = 0; block < words.length; block += 2 * halfWords) {
    let first = crc;
    let second = 0;
    for (let at = block; at < block + halfWords; at += 2) {
      first = after8(first ^ (words[at] ?? 0), words[at + 1] ?? 0);
      second = after8(second ^ (words[at + halfWords] ?? 0), words[at + halfWords + 1] ?? 0);
    }
    crc = joinHalves(first, second);
  }
  return crc;
}

/** What eight bytes make of a checksum that is in the first four of them. */
const after8 = (low: number, high: number): number =>
  (t[1792 + (low & 0xff)] ?? 0) ^
  (t[1536 + ((low >>> 8) & 0xff)] ?? 0) ^
  (t[1280 + ((low >>> 16) & 0xff)] ?? 0) ^
  (t[1024 + (low >>> 24)] ?? 0) ^
  (t[768 + (high & 0xff)] ?? 0) ^
  (t[512 + ((high >>> 8) & 0xff)] ?? 0) ^
  (t[256 + ((high >>> 16) & 0xff)] ?? 0) ^
  (t[high >>> 24] ?? 0);

function overBytes(start: number, data: Uint8Array, from: number, to: number): number {
  let crc = start;
  let at = from;
  const eights = to - ((to - from) % 8);
  // Typed arrays within their bounds: `| 0` turns the undefined that cannot be into a number at no cost.
  const byte = (index: number) => (data[index] ?? 0) | 0;
  for (; at < eights; at += 8) {
    const low =
      crc ^ (byte(at) | (byte(at + 1) << 8) | (byte(at + 2) << 16) | (byte(at + 3) << 24));
    const high = byte(at + 4) | (byte(at + 5) << 8) | (byte(at + 6) << 16) | (byte(at + 7) << 24);
    crc = after8(low, high);
  }
  for (; at < to; at += 1) {
    crc = (crc >>> 8) ^ (t[(crc ^ byte(at)) & 0xff] ?? 0);
  }
  return crc;
}

/** Takes a CRC32C further over the four bytes of a word, lowest first. */
export function crc32cWord(start: number, word: number): number {
  const crc = start ^ word;
  return (
    (t[768 + (crc & 0xff)] ?? 0) ^
    (t[512 + ((crc >>> 8) & 0xff)] ?? 0) ^
    (t[256 + ((crc >>> 16) & 0xff)] ?? 0) ^
    (t[crc >>> 24] ?? 0)
  );
}

/** Takes a CRC32C further over one byte. */
export const crc32cByte = (crc: number, byte: number): number =>
  (crc >>> 8) ^ (t[(crc ^ byte) & 0xff] ?? 0);

/** Joins the CRC32C of what came before with that of a piece whose length is always the same. */
export function crc32cJoiner(sizeBytes: number): (before: number, piece: number) => number {
  // Zeros move a checksum on in a linear way: what becomes of each of its bits says all.
  const zeros = new Uint8Array(sizeBytes);
  const moved = Array.from({ length: 32 }, (_, bit) => crc32c(1 << bit, zeros));
  const table = new Int32Array(1024);
  for (let at = 0; at < table.length; at += 1) {
    for (let bit = 0; bit < 8; bit += 1) {
      if ((at >> bit) & 1) table[at] = (table[at] ?? 0) ^ (moved[8 * (at >> 8) + bit] ?? 0);
    }
  }
  return (before, piece) =>
    (table[before & 0xff] ?? 0) ^
    (table[256 + ((before >>> 8) & 0xff)] ?? 0) ^
    (table[512 + ((before >>> 16) & 0xff)] ?? 0) ^
    (table[768 + (before >>> 24)] ?? 0) ^
    piece;
}
