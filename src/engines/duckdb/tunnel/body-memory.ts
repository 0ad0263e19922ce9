/** Memory for the bodies of batches, which is used again: V8 marks its whole heap for each few new ones of some MB. */
export interface BodyMemory {
  take(size: number): Buffer;
  /** What was taken is needed no more, but for the last, which may be read still. */
  release(): void;
}

/** Starts without any. It has no more at a time than was once taken between two releases. */
export function createBodyMemory(): BodyMemory {
  let free: Buffer[] = [];
  let taken: Buffer[] = [];
  return {
    take(size) {
      const at = free.findIndex(({ length }) => length >= size);
      if (at < 0) free = [];
      // Not pooled: vectors are read in place and want it aligned. The next one may be a little longer.
      const found = free.splice(at, 1)[0] ?? Buffer.allocUnsafeSlow(size + (size >> 3));
      taken.push(found);
      return found.subarray(0, size);
    },
    release() {
      free.push(...taken.slice(0, -1));
      taken = taken.slice(-1);
    },
  };
}
