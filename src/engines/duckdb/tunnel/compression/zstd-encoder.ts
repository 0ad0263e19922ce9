import { type Blocks, newBlocks } from "./encoder.ts";
import { blockBytes, findMatches } from "./matches.ts";
import {
  type Codes,
  distanceStates,
  literalCodes,
  literalStates,
  repeatCodes,
  repeatStates,
  type States,
} from "./zstd-codes.ts";

/** A frame without its length and checksum, of a window of 64 KiB. */
const head = Buffer.from("28b52ffd0030", "hex");
/** An empty last block. */
const tail = Buffer.from("010000", "hex");
const kinds = { stored: 0, compressed: 2 } as const;
const room = 2 * blockBytes;
/** A distance is told so much greater: the smaller numbers are those of distances before. */
const distancePlus = 3;

/** Repetitions of a block: three numbers each. */
const found = new Int32Array(3 * (blockBytes / 4));

/**
 * Writes frames of Zstandard: bytes that do not repeat are left as they are, and repetitions are written by the codes
 * that need no table.
 */
export const zstdBlocks = (): Blocks =>
  newBlocks({
    ...{ head, tail, markBytes: 3, roomBytes: room, pack: packed },
    mark(out, length, isPacked) {
      const kind = isPacked ? kinds.compressed : kinds.stored;
      out.writeUIntLE((length << 3) | (kind << 1), 0, 3);
    },
  });

/** Writes one block and answers how long it became; undefined: nothing in it repeats. */
function packed(bytes: Uint8Array, out: Buffer): number | undefined {
  let count = 0;
  let to = 3;
  const rest = findMatches(bytes, (from, end, back, length) => {
    out.set(bytes.subarray(from, end), to);
    to += end - from;
    found[3 * count] = end - from;
    found[3 * count + 1] = back + distancePlus;
    found[3 * count + 2] = length;
    count += 1;
  });
  if (count === 0) return undefined;
  out.set(bytes.subarray(rest), to);
  to += bytes.length - rest;
  // Their number, of 20 bits, behind four that say so.
  out.writeUIntLE(((to - 3) << 4) | 0b1100, 0, 3);
  if (count < 128) {
    out[to++] = count;
  } else {
    out[to++] = (count >> 8) + 128;
    out[to++] = count & 255;
  }
  // All three codes are those that everybody knows.
  out[to++] = 0;
  return writeSequences(count, out, to);
}

/** Bits on their way out, the lowest first; who reads begins at the end. */
interface Bits {
  readonly out: Buffer;
  to: number;
  held: number;
  holds: number;
}

function put(bits: Bits, value: number, count: number): void {
  bits.held |= value << bits.holds;
  bits.holds += count;
  while (bits.holds >= 8) {
    bits.out[bits.to++] = bits.held & 255;
    bits.held >>>= 8;
    bits.holds -= 8;
  }
}

/** Goes to the state from which the reader comes to the present one; at first to any of the symbol. */
function step(bits: Bits, states: States, symbol: number, state: number): number {
  if (state < 0) return states.any[symbol] ?? 0;
  const before = states.before[symbol]?.[state] ?? 0;
  put(bits, state - (states.starts[before] ?? 0), states.bits[before] ?? 0);
  return before;
}

const putRest = (bits: Bits, { starts, bits: sizes }: Codes, code: number, value: number): void =>
  put(bits, value - (starts[code] ?? 0), sizes[code] ?? 0);

/** Writes the last repetition first. */
function writeSequences(count: number, out: Buffer, start: number): number {
  const bits: Bits = { out, to: start, held: 0, holds: 0 };
  let [literal, distance, repeat] = [-1, -1, -1];
  for (let at = 3 * (count - 1); at >= 0; at -= 3) {
    const literals = found[at] ?? 0;
    const back = found[at + 1] ?? 0;
    const length = found[at + 2] ?? 0;
    const literalCode = literalCodes.of[literals] ?? 0;
    const repeatCode = repeatCodes.of[length] ?? 0;
    const backCode = 31 - Math.clz32(back);
    distance = step(bits, distanceStates, backCode, distance);
    repeat = step(bits, repeatStates, repeatCode, repeat);
    literal = step(bits, literalStates, literalCode, literal);
    putRest(bits, literalCodes, literalCode, literals);
    putRest(bits, repeatCodes, repeatCode, length);
    put(bits, back - (1 << backCode), backCode);
  }
  put(bits, repeat, repeatStates.log);
  put(bits, distance, distanceStates.log);
  put(bits, literal, literalStates.log);
  // A bit says where the reader begins.
  put(bits, 1, 1);
  if (bits.holds > 0) put(bits, 0, 8 - bits.holds);
  return bits.to;
}
