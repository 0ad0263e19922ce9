import { type FileHandle, open } from "node:fs/promises";
import type { BlockCache } from "./block-cache.ts";
import { isCode, readAll } from "./disk.ts";
import { openWith } from "./envelope.ts";
import { boundOf, unpackRecords } from "./log-block.ts";
import { type Block, findBlocks, removeSegment } from "./log-segments.ts";
import { createLogWriter } from "./log-writer.ts";
import { Corruption, type Log, type LogRecord, type Sealer, type SealerSource } from "./store.ts";

/** What the tables remember of a log. */
export interface LogState {
  /** Random; a log made anew under a name takes no block of the one before. */
  readonly incarnation: string;
  readonly first: number;
  /** Everything below was acknowledged. Known late: written along with other transactions. */
  readonly head: number;
}

/** A log, and what its owner needs of it. */
export interface OpenLog extends Log {
  /** Bytes of an unfinished write that were cut off at opening. */
  readonly cutBytes: number;
  close(): Promise<void>;
}

/** Blocks that lie together are read together, up to this size. */
const readBytesMax = 1024 * 1024;

type Limits = { readonly records: number; readonly bytes: number };
type OpenSealer = (sealerId: string) => Sealer | Promise<Sealer>;

/** Opens a log of a folder. `changed` is told when its head moves, `trimmed` keeps its new beginning. */
export async function openLog(options: {
  readonly folder: string;
  readonly account: string;
  readonly name: string;
  readonly state: LogState;
  /** An unfinished write at the end stays where it is. */
  readonly readOnly?: boolean;
  readonly sealers: SealerSource;
  readonly cache: BlockCache;
  readonly changed: () => void;
  readonly trimmed: (firstOffset: number) => Promise<void>;
}): Promise<OpenLog> {
  const { account, folder, name, sealers, cache, state } = options;
  const bound = `${account}\x00${name}\x00${state.incarnation}`;
  const found = await findBlocks(folder, name, state, options.readOnly);
  const { segments } = found;
  let blocks = found.blocks;
  let first = state.first;
  let next = found.nextOffset;
  const writer = createLogWriter({
    folder,
    bound,
    segments,
    nextOffset: next,
    latestMs: blocks.at(-1)?.latestMs ?? Number.NEGATIVE_INFINITY,
    onDisk(block, payload) {
      blocks.push(block);
      cache.keep(block, payload);
      next = block.firstOffset + block.count;
      options.changed();
    },
  });

  /** Sealers of the blocks, each asked for once a read: a key that was disabled stops reading at once. */
  async function sealersOf(wanted: readonly Block[], ask?: OpenSealer) {
    const opened = new Map<string, Sealer | undefined>();
    for (const { sealerId, ownSealer } of wanted) {
      if (opened.has(sealerId)) continue;
      opened.set(
        sealerId,
        ownSealer && ask ? await ask(sealerId) : sealers.find(account, sealerId),
      );
    }
    return opened;
  }

  async function payloadsOf(wanted: readonly Block[], ask?: OpenSealer): Promise<Buffer[]> {
    const opened = await sealersOf(wanted, ask);
    const payloads: Buffer[] = [];
    let at = 0;
    while (at < wanted.length) {
      const block = wanted[at];
      if (!block) break;
      const sealer = opened.get(block.sealerId);
      const kept = sealer && cache.find(block);
      if (kept) {
        payloads.push(kept);
        at += 1;
        continue;
      }
      const run = runFrom(wanted, at);
      const bytes = await readRun(run);
      for (const each of run) {
        const start = each.position - block.position + each.headerBytes;
        const sealed = bytes.subarray(start, start + each.sealedBytes);
        const where = () => `log \`${name}\` of account ${account} at offset ${each.firstOffset}`;
        const payload = openWith(
          opened.get(each.sealerId),
          each.sealerId,
          sealed,
          boundOf(bound, each),
          where,
        );
        cache.keep(each, payload);
        payloads.push(payload);
      }
      at += run.length;
    }
    return payloads;
  }

  /** Blocks from an index on that lie one behind the other and are not in memory. */
  function runFrom(wanted: readonly Block[], start: number): Block[] {
    const run: Block[] = [];
    let bytes = 0;
    for (const block of wanted.slice(start)) {
      bytes += block.headerBytes + block.sealedBytes;
      const apart = run[0] && (block.segment !== run[0].segment || cache.find(block));
      if (run.length > 0 && (apart || bytes > readBytesMax)) break;
      run.push(block);
    }
    return run;
  }

  /** The blocks of a read. Limited by their sealed size, which is a little more than the records'. */
  function blocksFor(offset: number, limits: Limits): Block[] {
    const wanted: Block[] = [];
    let records = 0;
    let bytes = 0;
    for (let at = indexOf(offset); at < blocks.length; at += 1) {
      const block = blocks[at];
      const enough = records >= limits.records || bytes >= limits.bytes;
      if (!block || (enough && wanted.length > 0)) break;
      wanted.push(block);
      const count = block.firstOffset + block.count - Math.max(block.firstOffset, offset);
      records += count;
      bytes += (block.sealedBytes * count) / block.count;
    }
    return wanted;
  }

  /** Index of the block that holds an offset. */
  function indexOf(offset: number): number {
    return boundary((block) => block.firstOffset + block.count <= offset);
  }

  /** How many blocks come before the first of which `isBefore` does not hold. */
  function boundary(isBefore: (block: Block) => boolean): number {
    let low = 0;
    let high = blocks.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const block = blocks[middle];
      if (block && isBefore(block)) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  function offsetAt(timeMs: number): number {
    const block = blocks[boundary(({ latestMs }) => latestMs < timeMs)];
    return block ? Math.max(block.firstOffset, first) : next;
  }

  async function read(offset: number, limits: Limits, ask?: OpenSealer): Promise<LogRecord[]> {
    const from = Math.max(offset, first);
    const wanted = blocksFor(from, limits);
    let payloads: Buffer[];
    try {
      payloads = await payloadsOf(wanted, ask);
    } catch (error) {
      // A trim that came between took the file.
      if (first > from) return read(first, limits, ask);
      throw error;
    }
    const records: LogRecord[] = [];
    let bytes = 0;
    for (const [index, block] of wanted.entries()) {
      const payload = payloads[index];
      if (!payload) break;
      let full = false;
      unpackRecords(payload, block, from, (record) => {
        bytes += record.data.length;
        full = records.length >= limits.records || (bytes > limits.bytes && records.length > 0);
        if (!full) records.push(record);
        return !full;
      });
      if (full) break;
    }
    return records;
  }

  async function trim(beforeTimeMs: number): Promise<void> {
    const target = offsetAt(beforeTimeMs);
    if (target <= first) return;
    await options.trimmed(target);
    first = Math.max(first, target);
    if (first === next) await writer.roll();
    const kept = boundary((block) => block.firstOffset + block.count <= first);
    for (const block of blocks.slice(0, kept)) cache.drop(block);
    blocks = blocks.slice(kept);
    while (segments[1] && segments[1].firstOffset <= first) {
      const dropped = segments.shift();
      if (dropped) await removeSegment(dropped);
    }
  }

  async function openSegment(block: Block): Promise<FileHandle> {
    try {
      return await open(block.segment.path, "r");
    } catch (error) {
      if (!isCode(error, "ENOENT")) throw error;
      throw new Corruption(`log \`${name}\` lacks what was written at offset ${block.firstOffset}`);
    }
  }

  async function readRun(run: readonly Block[]): Promise<Buffer> {
    const [from, to] = [run[0], run.at(-1)];
    if (!from || !to) return Buffer.alloc(0);
    const file = await openSegment(from);
    try {
      const end = to.position + to.headerBytes + to.sealedBytes;
      return await readAll(file, end - from.position, from.position);
    } finally {
      await file.close();
    }
  }

  return {
    cutBytes: found.cutBytes,
    get firstOffset() {
      return first;
    },
    get nextOffset() {
      return next;
    },
    append: (records, timeMs, sealer) =>
      writer.append(records, timeMs, {
        sealer: sealer ?? sealers.current(account),
        own: sealer !== undefined,
      }),
    read,
    offsetAt,
    trim,
    close: () => writer.close(),
  };
}
