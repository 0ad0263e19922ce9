import { assert } from "../lib/assert.ts";
import { sha256 } from "../lib/hash.ts";

/** Hash of the tree without leaves (RFC 9162, 2.1.1). */
export const emptyRoot = sha256("");

const scratch = Buffer.alloc(65);

/** Hash of a leaf made of two parts of 32 bytes each. */
export function leafHash(first: Uint8Array, second: Uint8Array): Buffer {
  return hashOfPair(0x00, first, second);
}

/** Hash of a node over its children. */
export function nodeHash(left: Uint8Array, right: Uint8Array): Buffer {
  return hashOfPair(0x01, left, right);
}

function hashOfPair(prefix: number, first: Uint8Array, second: Uint8Array): Buffer {
  scratch[0] = prefix;
  scratch.set(first, 1);
  scratch.set(second, 33);
  return sha256(scratch);
}

/** A growing tree, kept as the roots of its complete subtrees, the largest first. */
export interface Frontier {
  readonly size: number;
  readonly peaks: readonly Buffer[];
  append(leaf: Buffer): void;
  /** Root of the tree as it is now. */
  root(): Buffer;
  copy(): Frontier;
}

/** Starts an empty tree, or goes on with one whose size and peaks are known. */
export function createFrontier(startSize = 0, startPeaks: readonly Buffer[] = []): Frontier {
  assert(startPeaks.length === ones(startSize), "a tree has one peak for each bit of its size");
  const peaks = [...startPeaks];
  let size = startSize;

  function append(leaf: Buffer): void {
    let top = leaf;
    for (let rest = size; rest % 2 === 1; rest = Math.floor(rest / 2)) {
      const left = peaks.pop();
      assert(left, "a set bit has its peak");
      top = nodeHash(left, top);
    }
    peaks.push(top);
    size += 1;
  }

  return {
    get size() {
      return size;
    },
    peaks,
    append,
    root: () => rootOfPeaks(peaks),
    copy: () => createFrontier(size, peaks),
  };
}

function rootOfPeaks(peaks: readonly Buffer[]): Buffer {
  const last = peaks.at(-1);
  if (!last) return emptyRoot;
  let root = last;
  for (let at = peaks.length - 2; at >= 0; at -= 1) root = nodeHash(peaks[at] ?? emptyRoot, root);
  return root;
}

/** How many peaks a tree of this size has. */
export function ones(size: number): number {
  let count = 0;
  for (let rest = size; rest > 0; rest = Math.floor(rest / 2)) count += rest % 2;
  return count;
}
