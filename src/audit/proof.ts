import { assert } from "../lib/assert.ts";
import { createFrontier, nodeHash } from "./tree.ts";

/** Root over leaf hashes that are all at hand. */
export function rootOf(leaves: readonly Buffer[]): Buffer {
  const tree = createFrontier();
  for (const leaf of leaves) tree.append(leaf);
  return tree.root();
}

/** What shows that leaf `index` is in the tree of all `leaves` (RFC 9162, 2.1.3.1). */
export function inclusionProof(leaves: readonly Buffer[], index: number): Buffer[] {
  assert(index >= 0 && index < leaves.length, "the leaf is in the tree");
  if (leaves.length === 1) return [];
  const split = splitOf(leaves.length);
  const [left, right] = [leaves.slice(0, split), leaves.slice(split)];
  return index < split
    ? [...inclusionProof(left, index), rootOf(right)]
    : [...inclusionProof(right, index - split), rootOf(left)];
}

/** Tells whether the proof leads from the leaf to the root (RFC 9162, 2.1.3.2). */
export function isIncluded(
  leaf: Buffer,
  index: number,
  size: number,
  proof: readonly Buffer[],
  root: Buffer,
): boolean {
  if (index < 0 || index >= size) return false;
  let [node, last, hash] = [index, size - 1, leaf];
  for (const step of proof) {
    if (last === 0) return false;
    if (node % 2 === 1 || node === last) {
      hash = nodeHash(step, hash);
      while (node % 2 === 0 && node !== 0) [node, last] = [half(node), half(last)];
    } else {
      hash = nodeHash(hash, step);
    }
    [node, last] = [half(node), half(last)];
  }
  return last === 0 && hash.equals(root);
}

/** What shows that the tree of the first `size` leaves grew into that of all (RFC 9162, 2.1.4.1). */
export function consistencyProof(leaves: readonly Buffer[], size: number): Buffer[] {
  assert(size > 0 && size <= leaves.length, "the older tree is not larger");
  return subProof(leaves, size, true);
}

function subProof(leaves: readonly Buffer[], size: number, whole: boolean): Buffer[] {
  if (size === leaves.length) return whole ? [] : [rootOf(leaves)];
  const split = splitOf(leaves.length);
  const [left, right] = [leaves.slice(0, split), leaves.slice(split)];
  return size <= split
    ? [...subProof(left, size, whole), rootOf(right)]
    : [...subProof(right, size - split, false), rootOf(left)];
}

/** A tree at one time. */
export interface TreeHead {
  readonly size: number;
  readonly root: Buffer;
}

/** Tells whether the older tree is the beginning of the newer one (RFC 9162, 2.1.4.2). */
export function isConsistent(older: TreeHead, newer: TreeHead, proof: readonly Buffer[]): boolean {
  if (older.size <= 0 || older.size > newer.size) return false;
  if (older.size === newer.size) return proof.length === 0 && older.root.equals(newer.root);
  let [node, last] = [older.size - 1, newer.size - 1];
  while (node % 2 === 1) [node, last] = [half(node), half(last)];
  const steps = node === 0 ? [older.root, ...proof] : [...proof];
  const first = steps.shift();
  if (!first) return false;
  let [oldHash, newHash] = [first, first];
  for (const step of steps) {
    if (last === 0) return false;
    if (node % 2 === 1 || node === last) {
      oldHash = nodeHash(step, oldHash);
      newHash = nodeHash(step, newHash);
      while (node % 2 === 0 && node !== 0) [node, last] = [half(node), half(last)];
    } else {
      newHash = nodeHash(newHash, step);
    }
    [node, last] = [half(node), half(last)];
  }
  return last === 0 && oldHash.equals(older.root) && newHash.equals(newer.root);
}

const half = (value: number): number => Math.floor(value / 2);

/** The largest power of two below `size`. */
function splitOf(size: number): number {
  let split = 1;
  while (split * 2 < size) split *= 2;
  return split;
}
