import { type FileHandle, open as openFile, unlink } from "node:fs/promises";
import { join } from "node:path";
import { assert } from "../lib/assert.ts";
import type { Random } from "../lib/random.ts";
import { type BlobFile, readBlobFile, readBlobFileNow, writeBlobFile } from "./blob-file.ts";
import { namesIn } from "./disk.ts";
import { open, seal } from "./envelope.ts";
import type { Groups } from "./groups.ts";
import type { Codec, Space } from "./rows.ts";
import { type BlobRef, type Blobs, Corruption, type Sealer, type SealerSource } from "./store.ts";

/** Bodies up to this size are rows; larger ones are files. */
export const inlineBytesMax = 16 * 1024;
/** Ranges of a file up to this size are read at once. */
const readNowBytesMax = 64 * 1024;
/** How long what was removed can still be read by those who found it just before. */
const graceMs = 10_000;

/** The row of a kept blob: an envelope with the body, or nothing where the body is a file. */
export const blobCodec: Codec<Buffer> = {
  sealed: false,
  encode: (envelope) => envelope,
  decode: (bytes) => bytes,
};

/** The files of blobs, of all accounts, in one folder. */
export interface BlobFolder {
  pathOf(id: string): string;
  /** Makes the names of the files written so far durable; callers at the same time share the sync. */
  sync(): Promise<void>;
  /** Removes a file when its last readers will have begun. */
  bury(id: string): void;
  /** Removes a file that has no reader. A file that stays is swept at the next start. */
  drop(id: string): void;
  /** Removes now what waits to be removed. */
  close(): Promise<void>;
}

/** Opens the folder; `isKept` tells which files belong to a blob, the others are removed. */
export async function openBlobFolder(
  path: string,
  isKept: (id: string) => boolean,
): Promise<BlobFolder> {
  for (const id of await namesIn(path)) {
    if (!isKept(id)) await unlink(join(path, id));
  }
  const graves = new Map<string, NodeJS.Timeout>();
  let handle: Promise<FileHandle> | undefined;
  let syncing: Promise<void> | undefined;
  let nextSync: Promise<void> | undefined;

  function startSync(): Promise<void> {
    handle ??= openFile(path, "r");
    syncing = handle
      .then((folder) => folder.sync())
      .finally(() => {
        syncing = undefined;
      });
    return syncing;
  }

  async function remove(id: string): Promise<void> {
    clearTimeout(graves.get(id));
    graves.delete(id);
    await unlink(join(path, id)).catch(() => {});
  }

  return {
    pathOf: (id) => join(path, id),
    sync() {
      if (!syncing) return startSync();
      nextSync ??= syncing
        .catch(() => {})
        .then(() => {
          nextSync = undefined;
          return startSync();
        });
      return nextSync;
    },
    bury: (id) => void graves.set(id, setTimeout(() => void remove(id), graceMs).unref()),
    drop: (id) => void remove(id),
    async close() {
      for (const id of [...graves.keys()]) await remove(id);
      await (await handle?.catch(() => undefined))?.close();
    },
  };
}

/** Opens the blobs of an account. */
export function openBlobs(options: {
  readonly account: string;
  readonly rows: Space<Buffer>;
  readonly folder: BlobFolder;
  readonly groups: Groups;
  readonly sealers: SealerSource;
  readonly random: Random;
}): Blobs {
  const { account, rows, folder, groups, sealers, random } = options;
  /** Envelopes of small bodies that were not kept yet, or were removed just now. */
  const unkept = new Map<string, Buffer>();
  const removed = rememberForGrace();

  const nameOf = (id: string) => `${account}/${id}`;
  const boundTo = (id: string) => Buffer.from(`${nameOf(id)}\x00inline`);
  const findFor = (sealer?: Sealer) => (sealerId: string) =>
    sealer?.id === sealerId ? sealer : sealers.find(account, sealerId);

  function rangeOf(ref: BlobRef, range?: { readonly start: number; readonly end: number }) {
    const { start, end } = range ?? { start: 0, end: ref.size };
    assert(start >= 0 && start <= end && end <= ref.size, "a range lies within its blob");
    return { start, end };
  }

  return {
    async write(source, sealer = sealers.current(account)) {
      const id = random.bytes(16).toString("hex");
      const { head, rest } = await beginning(source);
      if (head.length <= inlineBytesMax) {
        unkept.set(id, seal(sealer, head, boundTo(id)));
        return { id, size: head.length };
      }
      const size = await writeBlobFile(folder.pathOf(id), nameOf(id), rest, sealer);
      await folder.sync();
      return { id, size };
    },
    keep({ id, size }) {
      const envelope = size <= inlineBytesMax ? unkept.get(id) : Buffer.alloc(0);
      assert(envelope, "a blob is kept once, after it was written");
      rows.put(id, envelope);
      groups.afterCommit(() => unkept.delete(id));
    },
    remove({ id, size }) {
      const envelope = size <= inlineBytesMax ? rows.find(id) : undefined;
      rows.remove(id);
      groups.afterCommit(() => {
        if (envelope) removed.add(id, envelope);
        else folder.bury(id);
      });
    },
    discard({ id, size }) {
      unkept.delete(id);
      if (size > inlineBytesMax) folder.drop(id);
    },
    read(ref, range, sealer) {
      const { id, size } = ref;
      const { start, end } = rangeOf(ref, range);
      const find = findFor(sealer);
      if (size <= inlineBytesMax) {
        const envelope = rows.find(id) ?? unkept.get(id) ?? removed.find(id);
        if (!envelope) throw new Corruption(`blob ${nameOf(id)} is missing`);
        const body = open(envelope, boundTo(id), find, () => `blob ${nameOf(id)}`);
        if (body.length !== size) throw new Corruption(`blob ${nameOf(id)} has another size`);
        return body.subarray(start, end);
      }
      const file: BlobFile = { path: folder.pathOf(id), blob: nameOf(id), size, find };
      if (end - start <= readNowBytesMax) return readBlobFileNow(file, start, end);
      return readBlobFile(file, start, end);
    },
  };
}

const tickMs = 1_000;
const graceTicks = graceMs / tickMs + 1;

/** Keeps bodies for the grace: with one timer for all, as there may be thousands a second. */
function rememberForGrace(): {
  add(id: string, envelope: Buffer): void;
  find(id: string): Buffer | undefined;
} {
  /** The oldest first. */
  const kept = new Map<string, { readonly envelope: Buffer; readonly untilTick: number }>();
  let tick = 0;
  let timer: NodeJS.Timeout | undefined;

  function forget(): void {
    tick += 1;
    for (const [id, { untilTick }] of kept) {
      if (untilTick > tick) break;
      kept.delete(id);
    }
    timer = kept.size > 0 ? setTimeout(forget, tickMs).unref() : undefined;
  }

  return {
    add(id, envelope) {
      kept.set(id, { envelope, untilTick: tick + graceTicks });
      if (!timer) timer = setTimeout(forget, tickMs).unref();
    },
    find: (id) => kept.get(id)?.envelope,
  };
}

/** Reads on until a body is known to be small or not; `rest` is the whole body. */
async function beginning(
  source: Uint8Array | AsyncIterable<Uint8Array>,
): Promise<{ head: Uint8Array; rest: AsyncIterable<Uint8Array> }> {
  if (source instanceof Uint8Array) {
    return {
      head: source,
      rest: (async function* () {
        yield source;
      })(),
    };
  }
  const pieces: Uint8Array[] = [];
  let size = 0;
  const iterator = source[Symbol.asyncIterator]();
  let end = false;
  while (size <= inlineBytesMax) {
    const { done, value } = await iterator.next();
    if (done) {
      end = true;
      break;
    }
    pieces.push(value);
    size += value.length;
  }
  const head = pieces.length === 1 && pieces[0] ? pieces[0] : Buffer.concat(pieces);
  async function* whole(): AsyncGenerator<Uint8Array> {
    yield* pieces;
    if (!end) yield* { [Symbol.asyncIterator]: () => iterator };
  }
  return { head, rest: whole() };
}
