import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { openStore } from "../../src/storage/open-store.ts";
import type { Store } from "../../src/storage/store.ts";
import { createFakeSealers } from "./fake-sealers.ts";
import { writerIndexKey } from "./storage-writer.ts";

/** Two tenants. */
export const alice = "111111111111";
export const bob = "222222222222";

export const indexKey: Buffer = Buffer.alloc(32, 7);

/** A store in a directory of its own, that can be closed and opened again. */
export interface TemporaryStore {
  readonly directory: string;
  readonly store: Store;
  reopen(): Promise<Store>;
}

/** Opens the store of a directory as a process of its own would, with the key of `storage-writer`. */
export const openStoreAt = (
  directory: string,
  report: (what: string) => void = () => {},
): Promise<Store> =>
  openStore({ directory, sealers: createFakeSealers(), indexKey: writerIndexKey, report });

/** Opens a store that goes away with the test. */
export async function openTemporaryStore(t: TestContext): Promise<TemporaryStore> {
  const directory = await mkdtemp(join(tmpdir(), "bondstore-storage-"));
  const open = () => openStore({ directory, sealers: createFakeSealers(), indexKey });
  let store = await open();
  t.after(async () => {
    await store.close();
    await rm(directory, { recursive: true, force: true });
  });
  return {
    directory,
    get store() {
      return store;
    },
    async reopen() {
      await store.close();
      store = await open();
      return store;
    },
  };
}

/** All bytes of a read. */
export async function bytesOf(read: Buffer | AsyncIterable<Buffer>): Promise<Buffer> {
  if (Buffer.isBuffer(read)) return read;
  const pieces: Buffer[] = [];
  for await (const piece of read) pieces.push(piece);
  return Buffer.concat(pieces);
}
