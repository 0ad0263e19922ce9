import { setImmediate } from "node:timers/promises";
import { Corruption, type SealerSource } from "../storage/store.ts";
import { hasAttribute } from "./attributes.ts";
import { type Entry, openEntry } from "./entry.ts";
import type { Journal } from "./journal.ts";
import {
  entriesOf,
  readBytes,
  readHeader,
  type SegmentFile,
  segmentLimitBytes,
} from "./segment.ts";
import {
  everyAccount,
  type FoundEvent,
  type FoundPage,
  type Trail,
  type TrailEvent,
  type TrailQuery,
} from "./trail.ts";

/** How many events are opened before other work gets its turn. */
const openedAtOnce = 128;
/** A page is closed after so many opened events, or segments of other accounts' events: some 100 ms. */
const openedPerPage = 10_000;
const segmentsPerPage = 32;
/** Closed segments kept in memory. */
const cachedMax = 4;

/** Makes the reader of a journal: it looks through the segments backwards, without an index. */
export function createFinder(options: {
  readonly journal: Pick<Journal, "segments" | "offset">;
  readonly sealers: SealerSource;
  readonly systemAccount: string;
}): Pick<Trail, "find" | "findPage"> {
  const { journal, sealers, systemAccount } = options;
  const cached = new Map<string, Buffer>();

  /** A closed segment never changes; of the open one, what is acknowledged is read anew. */
  async function bytesOf({ path }: SegmentFile, limit: number | undefined): Promise<Buffer> {
    const known = cached.get(path);
    cached.delete(path);
    const bytes = known ?? (await readBytes(path, limit ?? segmentLimitBytes));
    if (limit === undefined) cached.set(path, bytes);
    if (cached.size > cachedMax) cached.delete(cached.keys().next().value ?? "");
    return bytes;
  }

  function open(entry: Entry): TrailEvent | undefined {
    const sealer = sealers.find(entry.account || systemAccount, entry.sealerId);
    if (!sealer) return undefined;
    const plain = openEntry(entry, sealer);
    if (!plain) throw damaged(entry.position);
    return JSON.parse(plain.toString()) as TrailEvent;
  }

  async function look(
    query: TrailQuery,
    max: { readonly opened: number; readonly segments: number },
  ): Promise<FoundPage> {
    const found: FoundEvent[] = [];
    const segments = [...journal.segments];
    const { offset } = journal;
    let opened = 0;
    let looked = 0;
    for (let at = segments.length - 1; at >= 0; at -= 1) {
      const segment = segments[at];
      if (!segment || segment.first >= (query.before ?? Number.POSITIVE_INFINITY)) continue;
      const next = segments[at + 1];
      if (looked >= max.segments && next) return { found, before: next.first };
      looked += 1;
      const bytes = await bytesOf(segment, at === segments.length - 1 ? offset : undefined);
      for (const entry of candidates(bytes, segment, query)) {
        if (opened >= max.opened || found.length >= query.limit) {
          return { found, before: entry.position + 1 };
        }
        opened += 1;
        if (opened % openedAtOnce === 0) await setImmediate();
        const event = open(entry);
        if (event && matches(event, query)) found.push({ position: entry.position, event });
      }
    }
    return { found };
  }

  return {
    find: async (query) => (await look(query, unlimited)).found,
    findPage: (query) => look(query, { opened: openedPerPage, segments: segmentsPerPage }),
  };
}

const unlimited = { opened: Number.POSITIVE_INFINITY, segments: Number.POSITIVE_INFINITY };

/** Entries that may match by what they show without a key, the newest first. */
function candidates(bytes: Buffer, segment: SegmentFile, query: TrailQuery): Entry[] {
  const { account, attribute, fromMs = 0, toMs = Number.POSITIVE_INFINITY } = query;
  const requestId = attribute?.key === "RequestId" ? attribute.value : undefined;
  // Request ids lie in clear, so a segment without this one is passed over at the speed of memory.
  if (requestId !== undefined && !bytes.includes(requestId)) return [];
  const header = readHeader(bytes);
  if (!header) throw damaged(segment.first);
  const entries: Entry[] = [];
  let end = header.size;
  for (const { entry } of entriesOf(bytes, header.size)) {
    end += entry.size;
    if (account !== everyAccount && entry.account !== account) continue;
    if (entry.position >= (query.before ?? Number.POSITIVE_INFINITY)) continue;
    if (entry.timeMs < fromMs || entry.timeMs > toMs) continue;
    if (requestId !== undefined && entry.requestId !== requestId) continue;
    entries.push(entry);
  }
  if (end < bytes.length) throw damaged((entries.at(-1)?.position ?? segment.first - 1) + 1);
  return entries.reverse();
}

function matches(event: TrailEvent, { attribute, region }: TrailQuery): boolean {
  if (region !== undefined && event.awsRegion !== region) return false;
  return !attribute || hasAttribute(event, attribute);
}

const damaged = (position: number): Corruption =>
  new Corruption(`event ${position} of the trail is not what was written`);
