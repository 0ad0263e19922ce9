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
  readonly count: number;
}

/** Starts without bytes. */
export function newWaiting(): Waiting {
  let parts: Uint8Array[] = [];
  let count = 0;
  return {
    add(bytes) {
      if (bytes.length > 0) parts.push(bytes);
      count += bytes.length;
    },
    take(wanted) {
      if (count < wanted) return undefined;
      const all = parts.length === 1 ? bufferOf(parts[0]) : Buffer.concat(parts);
      const rest = all.subarray(wanted);
      parts = rest.length > 0 ? [rest] : [];
      count = rest.length;
      return all.subarray(0, wanted);
    },
    get count() {
      return count;
    },
  };
}

const bufferOf = (bytes: Uint8Array = new Uint8Array(0)): Buffer =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
