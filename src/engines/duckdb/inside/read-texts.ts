import duckdb from "@duckdb/node-bindings";
import { bufferOf } from "./buffer-of.ts";

/** Texts up to this length stand in the slot itself; of longer ones it has the address. */
const inlineMax = 12;
const slotBytes = 16;
/**
 * Texts whose addresses are this close are copied at once: asking for each costs ten times as much. What lies between
 * them is less than a page apart from both, so it can be read, and it is left out.
 */
const gapMax = 64;
const runBytesMax = 4 * 1024 * 1024;
const byBytesMax = 48;

/** Texts of several rows that lie close together in DuckDB's memory. */
interface Run {
  readonly firstSlot: number;
  readonly address: number;
  end: number;
}

/**
 * Copies the texts of rows end to end. `slots` is a copy of DuckDB's, aligned; `offsets` says where each text goes, and
 * a missing one has no length there.
 */
export function copyTexts(slots: Uint8Array, fromRow: number, offsets: Int32Array): Uint8Array {
  const words = new Uint32Array(slots.buffer, slots.byteOffset, slots.byteLength >> 2);
  const count = offsets.length - 1;
  const bytes = new Uint8Array(offsets[count] ?? 0);
  let run: Run | undefined;
  let long: number[] = [];
  const flush = () => {
    if (run) copyRun(run, long, slots, words, fromRow, offsets, bytes);
    long = [];
  };
  for (let row = 0; row < count; row += 1) {
    const start = offsets[row] ?? 0;
    const length = (offsets[row + 1] ?? 0) - start;
    const slot = slotBytes * (fromRow + row);
    if (length <= inlineMax) {
      for (let at = 0; at < length; at += 1) bytes[start + at] = slots[slot + 4 + at] ?? 0;
      continue;
    }
    const address = addressAt(words, fromRow + row);
    const end = address + length;
    if (
      run &&
      address >= run.address &&
      address <= run.end + gapMax &&
      end - run.address <= runBytesMax
    ) {
      run.end = Math.max(run.end, end);
    } else {
      flush();
      run = { firstSlot: slot, address, end };
    }
    long.push(row);
  }
  flush();
  return bytes;
}

const addressAt = (words: Uint32Array, row: number): number =>
  (words[4 * row + 3] ?? 0) * 2 ** 32 + (words[4 * row + 2] ?? 0);

function copyRun(
  run: Run,
  rows: readonly number[],
  slots: Uint8Array,
  words: Uint32Array,
  fromRow: number,
  offsets: Int32Array,
  bytes: Uint8Array,
): void {
  const pointer = slots.byteOffset + run.firstSlot + 8;
  const found = duckdb.get_data_from_pointer(bufferOf(slots), pointer, run.end - run.address);
  for (const row of rows) {
    const start = offsets[row] ?? 0;
    const length = (offsets[row + 1] ?? 0) - start;
    const at = addressAt(words, fromRow + row) - run.address;
    if (length > byBytesMax) bytes.set(found.subarray(at, at + length), start);
    else
      for (let index = 0; index < length; index += 1) bytes[start + index] = found[at + index] ?? 0;
  }
}
