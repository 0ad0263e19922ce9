/** Takes a compressed stream apart, a little at a time: what came in bounds what comes out at once. */
export interface Decoder {
  push(bytes: Uint8Array): Iterable<Uint8Array>;
  /** The stream has ended: hands out what is left, and refuses one that is not whole. */
  end(): Iterable<Uint8Array>;
}

/** Bytes that wait until enough of them are there. */
export interface Waiting {
  add(bytes: Uint8Array): void;
  /** The next bytes, as many as these; undefined: not there yet. */
  take(count: number): Buffer | undefined;
  /** Passes over the next bytes, those that are still to come too, and keeps none of them. */
  skip(count: number): void;
  /** Nothing waits, and nothing more is to be passed over. */
  readonly empty: boolean;
}

/** Whether the number at the start of a frame, of LZ4 or of Zstandard, says that it holds nothing for us. */
export const isSkippable = (magic: number): boolean => magic >>> 4 === 0x184d2a5;

/** Starts without bytes. */
export function newWaiting(): Waiting {
  let parts: Uint8Array[] = [];
  let count = 0;
  let skipping = 0;

  function cut(wanted: number): Buffer {
    const all = parts.length === 1 ? bufferOf(parts[0]) : Buffer.concat(parts);
    const rest = all.subarray(wanted);
    parts = rest.length > 0 ? [rest] : [];
    count = rest.length;
    return all.subarray(0, wanted);
  }

  return {
    add(bytes) {
      const skipped = Math.min(skipping, bytes.length);
      skipping -= skipped;
      if (bytes.length > skipped) parts.push(bytes.subarray(skipped));
      count += bytes.length - skipped;
    },
    take: (wanted) => (skipping > 0 || count < wanted ? undefined : cut(wanted)),
    skip(bytes) {
      const here = Math.min(bytes, count);
      cut(here);
      skipping += bytes - here;
    },
    get empty() {
      return count === 0 && skipping === 0;
    },
  };
}

const bufferOf = (bytes: Uint8Array = new Uint8Array(0)): Buffer =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
