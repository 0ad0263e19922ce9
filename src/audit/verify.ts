import type { Signer } from "../lib/signature.ts";
import { Corruption, type SealerSource } from "../storage/store.ts";
import { readAnchors } from "./anchors.ts";
import { type Entry, openEntry } from "./entry.ts";
import { judgeAnchors } from "./judge.ts";
import { type Finding, nameOf, type Report } from "./report.ts";
import { findWhole, type Stretch, scan } from "./scan.ts";
import {
  listSegments,
  readBytes,
  readHeader,
  type SegmentFile,
  segmentLimitBytes,
} from "./segment.ts";
import { emptyRoot } from "./tree.ts";
import { createWalk, type Walk } from "./walk.ts";

export interface VerifyOptions {
  /** The trail's folder, or a copy of it. */
  readonly directory: string;
  /** Content of `trail.pub` as the auditor keeps it; the one in the folder proves less. */
  readonly publicKey?: string;
  /** Checkpoints kept elsewhere, such as the one in the store: only they show that all was rolled back. */
  readonly witnesses?: readonly string[];
  /** With these, bodies are opened. */
  readonly sealers?: Pick<SealerSource, "find">;
  /** With it, heads are authenticated. */
  readonly signer?: Signer;
  readonly systemAccount?: string;
  /** Told after each segment. */
  readonly onProgress?: (events: number) => void;
}

/**
 * Verifies a trail from its files alone, offline. Without keys the whole tree is rebuilt and compared with the heads
 * and signed checkpoints; with them each body is opened, too. Nothing is written.
 *
 * The statements are read before the log, so that a trail that is being written on passes.
 */
export async function verifyTrail(options: VerifyOptions): Promise<Report> {
  const { directory, signer, onProgress } = options;
  const anchors = await readAnchors(options);
  const own = anchors.list.filter(({ from }) => from !== "witness");
  const walk = createWalk(anchors.list, own.at(-1)?.size ?? 0);
  const bodies = createBodies(options, walk);
  const segments = await listSegments(directory).catch(() => []);

  for (const [index, segment] of segments.entries()) {
    const bytes = await readBytes(segment.path, segmentLimitBytes);
    const following = segments[index + 1]?.first;
    for (const entry of walkSegment(walk, segment, bytes, following)) {
      bodies.check(entry);
    }
    onProgress?.(walk.next);
  }

  const findings: Finding[] = [
    ...anchors.findings,
    ...walk.findings.map(({ what, where, detail }) => ({ what, where, detail })),
    ...judgeAnchors(anchors.list, walk),
  ];
  return {
    ok: findings.length === 0,
    origin: anchors.origin,
    events: walk.next,
    opened: bodies.opened,
    sealed: bodies.sealed,
    checkpoints: anchors.list.filter(
      (anchor) => anchor.from !== "head" && walk.verdicts.get(anchor) === true,
    ).length,
    headsAuthenticated: signer !== undefined,
    publicKeyFrom: anchors.publicKeyFrom,
    root: (walk.root ?? emptyRoot).toString("base64"),
    lastEvent: walk.last,
    tornBytes: walk.tornBytes,
    findings,
  };
}

/** Puts a segment's events in their order, tells what is out of it, and hands on those that are whole. */
function* walkSegment(
  walk: Walk,
  { first }: SegmentFile,
  bytes: Buffer,
  following: number | undefined,
): Iterable<Entry> {
  const header = readHeader(bytes);
  const from = header?.size ?? findWhole(bytes, 0);
  const torn = following === undefined && from === bytes.length && first >= walk.next;
  if (!header && torn) return;
  walk.startSegment(first, header);
  const stretches = inOrder(scan(bytes, from), walk);
  for (const [index, stretch] of stretches.entries()) {
    if (stretch.kind === "whole") {
      walk.whole(stretch.entry);
      yield stretch.entry;
    } else {
      const next = stretches.slice(index + 1).find(({ kind }) => kind === "whole");
      walk.damaged(stretch, next?.kind === "whole" ? next.entry.position : following);
    }
  }
}

function inOrder(stretches: Stretch[], walk: Walk): Stretch[] {
  let highest = -1;
  let moved = false;
  // Damage stays behind the event that it lies behind.
  const placed = stretches.map((stretch) => {
    if (stretch.kind === "damaged") return { stretch, place: highest + 0.5 };
    const { entry } = stretch;
    if (entry.position < highest) {
      moved = true;
      const detail = `${nameOf(entry)} lies behind event ${highest}`;
      walk.report("reordered event", entry.position, entry.position, detail);
    }
    highest = Math.max(highest, entry.position);
    return { stretch, place: entry.position };
  });
  if (!moved) return stretches;
  return placed.sort((left, right) => left.place - right.place).map(({ stretch }) => stretch);
}

/** Opens bodies where there are keys. */
function createBodies(options: VerifyOptions, walk: Walk) {
  const { sealers, systemAccount = "system" } = options;
  const bodies = { opened: 0, sealed: 0, check };

  function check(entry: Entry): void {
    const sealer = sealers?.find(entry.account || systemAccount, entry.sealerId);
    if (!sealer) {
      bodies.sealed += 1;
    } else if (opens(entry, sealer)) {
      bodies.opened += 1;
    } else {
      const detail = `${nameOf(entry)}: its body does not open to what was hashed`;
      walk.report("changed event", entry.position, entry.position, detail);
    }
  }

  return bodies;
}

function opens(entry: Entry, sealer: Parameters<typeof openEntry>[1]): boolean {
  try {
    return openEntry(entry, sealer) !== undefined;
  } catch (error) {
    if (error instanceof Corruption) return false;
    throw error;
  }
}
