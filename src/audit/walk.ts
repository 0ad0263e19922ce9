import type { Anchor } from "./anchors.ts";
import { computedLeaf, type Entry, type EntryFacts } from "./entry.ts";
import { type Finding, type FindingKind, nameOf } from "./report.ts";
import type { Damaged } from "./scan.ts";
import type { SegmentHeader } from "./segment.ts";
import { createFrontier, type Frontier } from "./tree.ts";

/** A finding about the log itself, with the events it concerns. */
export interface LogFinding extends Finding {
  readonly from: number;
  readonly to: number;
}

/**
 * Goes through the log once, event by event, and compares its tree with every anchor on the way. Where damage leaves
 * open what a leaf was, each possible tree is carried on until an anchor tells which one was true.
 */
export interface Walk {
  readonly findings: LogFinding[];
  /** What each anchor met: the same tree, another, or one that could not be rebuilt (absent). */
  readonly verdicts: ReadonlyMap<Anchor, boolean>;
  /** Position of the next event. */
  readonly next: number;
  readonly last: EntryFacts | undefined;
  readonly root: Buffer | undefined;
  readonly tornBytes: number;
  startSegment(first: number, header: SegmentHeader | undefined): void;
  whole(entry: Entry): void;
  /** `following`: position of the next event that can be read; undefined at the end of the log. */
  damaged(stretch: Damaged, following: number | undefined): void;
  report(what: FindingKind, from: number, to: number, detail: string): void;
}

/** More trees than this are not told apart. */
const treesMax = 16;

/** Begins at the first event. `acknowledged`: how many events there must be. */
export function createWalk(anchors: readonly Anchor[], acknowledged: number): Walk {
  const findings: LogFinding[] = [];
  const verdicts = new Map<Anchor, boolean>();
  let trees: Frontier[] = [createFrontier()];
  let next = 0;
  let last: EntryFacts | undefined;
  let reached = 0;
  let tornBytes = 0;

  function report(what: FindingKind, from: number, to: number, detail: string): void {
    const events = to > from ? `events ${from} to ${to}` : `event ${from}`;
    const after = last ? `behind ${nameOf(last)}` : "at the beginning";
    findings.push({ what, where: `${events}, ${after}`, detail, from, to });
  }

  function compare(): void {
    for (let anchor = anchors[reached]; anchor && anchor.size <= next; anchor = anchors[reached]) {
      reached += 1;
      if (anchor.size < next || trees.length === 0) continue;
      const { root } = anchor;
      const agreeing = trees.filter((tree) => tree.root().equals(root));
      verdicts.set(anchor, agreeing.length > 0);
      if (agreeing.length > 0) trees = agreeing;
    }
  }

  function skipTo(position: number): void {
    next = position;
    trees = [];
    compare();
  }

  function append(leaves: readonly Buffer[]): void {
    const [first, ...others] = leaves;
    const branches = others.flatMap((leaf) =>
      trees.map((tree) => {
        const branch = tree.copy();
        branch.append(Buffer.from(leaf));
        return branch;
      }),
    );
    for (const tree of trees) if (first) tree.append(Buffer.from(first));
    trees = [...trees, ...branches].slice(0, treesMax);
    next += 1;
    compare();
  }

  function startSegment(first: number, header: SegmentHeader | undefined): void {
    if (first > next) {
      report("missing events", next, first - 1, "the log has no such events; others follow");
      skipTo(first);
    }
    if (header?.first !== first) {
      report("changed segment", first, first, "the head of the segment is damaged");
      return;
    }
    const told = createFrontier(first, header.peaks);
    if (first !== next) return;
    const root = told.root();
    const agreeing = trees.filter((tree) => tree.root().equals(root));
    if (trees.length > 0 && agreeing.length === 0) {
      report("changed segment", first, first, "its head tells of other events than those before");
    }
    trees = agreeing.length > 0 ? agreeing : [...trees, told];
  }

  function whole(entry: Entry): void {
    const { position } = entry;
    if (position < next) {
      report("reordered event", position, position, "the event lies there a second time");
      return;
    }
    if (position > next) {
      report("missing events", next, position - 1, "the log has no such events; others follow");
      skipTo(position);
    }
    append([entry.leaf]);
    last = factsOf(entry);
  }

  function damaged(stretch: Damaged, following: number | undefined): void {
    const { entry, sizeBytes } = stretch;
    const onlySizeChanged = entry !== undefined && computedLeaf(entry).equals(entry.leaf);
    if (following === undefined && !onlySizeChanged && (stretch.cut || next >= acknowledged)) {
      // What lies behind the acknowledged events was being written; a cut before that is told by the anchors.
      tornBytes += next >= acknowledged ? sizeBytes : 0;
      return;
    }
    const count = (following ?? next + 1) - next;
    if (count < 1) {
      report("changed segment", next, next, "bytes that are no event stand before this one");
    } else if (count === 1) {
      const named = entry?.position === next ? `${nameOf(entry)}: ` : "";
      report("changed event", next, next, `${named}its bytes are not those that were hashed`);
      append(stretch.leaves);
      if (stretch.leaves.length === 0) trees = [];
    } else {
      report(
        "changed events",
        next,
        next + count - 1,
        "their bytes are not those that were hashed",
      );
      skipTo(next + count);
    }
  }

  compare();
  return {
    findings,
    verdicts,
    get next() {
      return next;
    },
    get last() {
      return last;
    },
    get root() {
      return trees[0]?.root();
    },
    get tornBytes() {
      return tornBytes;
    },
    startSegment,
    whole,
    damaged,
    report,
  };
}

const factsOf = ({ position, timeMs, account, requestId, sealerId }: Entry): EntryFacts => ({
  position,
  timeMs,
  account,
  requestId,
  sealerId,
});
