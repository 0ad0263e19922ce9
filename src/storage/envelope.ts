import { assert } from "../lib/assert.ts";
import { Corruption, type Sealer } from "./store.ts";

/** Longest name of a data key, in bytes. */
export const sealerIdBytesMax = 255;

/** Sealed bytes behind the name of the data key that opens them. */
export function seal(sealer: Sealer, plain: Uint8Array, bound: Uint8Array): Buffer {
  const name = Buffer.from(sealer.id);
  assert(name.length <= sealerIdBytesMax, "the name of a data key fits");
  return Buffer.concat([Buffer.of(name.length), name, ...sealer.sealPieces(plain, bound)]);
}

/** Opens an envelope; `name` says in errors what it is. */
export function open(
  envelope: Buffer,
  bound: Uint8Array,
  find: (id: string) => Sealer | undefined,
  name: () => string,
): Buffer {
  const idEnd = 1 + (envelope[0] ?? 0);
  if (envelope.length < idEnd) throw new Corruption(`${name()} is cut short`);
  const id = envelope.toString("utf8", 1, idEnd);
  return openWith(find(id), id, envelope.subarray(idEnd), bound, name);
}

/** Opens bytes with the sealer found for them. */
export function openWith(
  sealer: Sealer | undefined,
  id: string,
  sealed: Uint8Array,
  bound: Uint8Array,
  name: () => string,
): Buffer {
  if (!sealer) throw new Corruption(`${name()} is sealed under data key \`${id}\`, which is gone`);
  try {
    return sealer.open(sealed, bound);
  } catch (error) {
    if (!(error instanceof Corruption)) throw error;
    throw new Corruption(`${name()} is not what was written: ${error.message}`);
  }
}
