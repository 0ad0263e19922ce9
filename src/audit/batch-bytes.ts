/** The bytes of one batch after the other, in the same memory: new memory for each would be the collector's work. */
export interface BatchBytes {
  /** The next bytes of the batch, for the caller to fill. */
  take(sizeBytes: number): Buffer;
  /** All that was taken, until the next `clear`. */
  taken(): Buffer;
  clear(): void;
}

/** What a larger batch has taken is given back with the next `clear`. */
const usualBytes = 256 * 1024;

/** Starts with an empty batch. What was taken is another's after `clear`: nobody keeps it longer. */
export function createBatchBytes(): BatchBytes {
  let bytes = Buffer.allocUnsafeSlow(usualBytes);
  let end = 0;

  return {
    take(sizeBytes) {
      const start = end;
      end += sizeBytes;
      if (end > bytes.length) {
        const grown = Buffer.allocUnsafeSlow(Math.max(end, 2 * bytes.length));
        grown.set(bytes.subarray(0, start));
        bytes = grown;
      }
      return bytes.subarray(start, end);
    },
    taken: () => bytes.subarray(0, end),
    clear() {
      end = 0;
      if (bytes.length > usualBytes) bytes = Buffer.allocUnsafeSlow(usualBytes);
    },
  };
}
