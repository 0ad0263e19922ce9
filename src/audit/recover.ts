import { truncate, unlink } from "node:fs/promises";
import { Corruption, type SealerSource } from "../storage/store.ts";
import { computedLeaf, type Entry, openEntry } from "./entry.ts";
import type { Standing } from "./journal.ts";
import type { TreeHead } from "./proof.ts";
import {
  entriesOf,
  listSegments,
  readBytes,
  readHeader,
  type SegmentFile,
  segmentLimitBytes,
} from "./segment.ts";
import { createFrontier, type Frontier } from "./tree.ts";

/**
 * Finds where the log ends after whatever stopped it. What the head acknowledges must be there and hash to its root;
 * whole events behind it are kept when they open, and a torn tail is cut off.
 * Throws `Corruption`: a trail that was changed is not written on.
 */
export async function recover(options: {
  readonly directory: string;
  /** Every authentic statement of what must be there. */
  readonly acknowledged: readonly TreeHead[];
  readonly sealers: SealerSource;
  readonly systemAccount: string;
}): Promise<Standing & { readonly tornBytes: number }> {
  const { directory, sealers, systemAccount } = options;
  const heads = options.acknowledged;
  const acknowledged = Math.max(0, ...heads.map(({ size }) => size));
  const segments = await listSegments(directory);
  const start = segments.findLastIndex(({ first }) => first <= acknowledged);
  if (start < 0 && acknowledged > 0) throw new Corruption("the trail's events are gone");
  let standing: Standing = { tree: createFrontier(), segments: [], offset: 0 };
  let tornBytes = 0;
  for (const [at, segment] of segments.entries()) {
    if (at < start) continue;
    const bytes = await readBytes(segment.path, segmentLimitBytes);
    const header = readHeader(bytes);
    if (
      !header ||
      header.first !== segment.first ||
      (at > start && header.first !== standing.tree.size)
    ) {
      // A segment that was being made when the process ended has nothing that was acknowledged.
      if (segment.first < acknowledged || at < segments.length - 1) {
        throw new Corruption(`the header of the trail's segment ${segment.first} is damaged`);
      }
      await unlink(segment.path);
      tornBytes += bytes.length;
      break;
    }
    const tree = at > start && at > 0 ? standing.tree : createFrontier(header.first, header.peaks);
    checkRoot(tree, heads);
    let offset = header.size;
    for (const { entry } of entriesOf(bytes, header.size)) {
      if (!isWhole(entry, tree)) break;
      if (tree.size >= acknowledged) checkOpens(entry, sealers, systemAccount);
      tree.append(Buffer.from(entry.leaf));
      checkRoot(tree, heads);
      offset += entry.size;
    }
    if (offset < bytes.length) {
      if (tree.size < acknowledged) throw damaged(tree, segment);
      await truncate(segment.path, offset);
      tornBytes += bytes.length - offset;
    }
    standing = { tree, segments: segments.slice(0, at + 1), offset };
  }
  if (standing.tree.size < acknowledged) {
    throw new Corruption(
      `the trail ends after ${standing.tree.size} events; ${acknowledged} were acknowledged`,
    );
  }
  return { ...standing, tornBytes };
}

const isWhole = (entry: Entry, tree: Frontier): boolean =>
  entry.position === tree.size && computedLeaf(entry).equals(entry.leaf);

function damaged(tree: Frontier, { first }: SegmentFile): Corruption {
  return new Corruption(`event ${tree.size} in the trail's segment ${first} is damaged`);
}

function checkRoot(tree: Frontier, heads: readonly TreeHead[]): void {
  for (const { size, root } of heads) {
    if (size !== tree.size || tree.root().equals(root)) continue;
    throw new Corruption(`the trail's first ${size} events are not those that were acknowledged`);
  }
}

/** Nobody but us could have sealed it; so an event that no head covers yet is ours. */
function checkOpens(entry: Entry, sealers: SealerSource, systemAccount: string): void {
  const sealer = sealers.find(entry.account || systemAccount, entry.sealerId);
  if (sealer && openEntry(entry, sealer)) return;
  throw new Corruption(`event ${entry.position} of the trail was not sealed here`);
}
