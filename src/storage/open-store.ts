import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { assert } from "../lib/assert.ts";
import { type Random, systemRandom } from "../lib/random.ts";
import { blobCodec, openBlobFolder, openBlobs } from "./blobs.ts";
import { createBlockCache } from "./block-cache.ts";
import { takeDirectory } from "./directory-lock.ts";
import { namesIn, syncFolder } from "./disk.ts";
import { type Groups, openGroups } from "./groups.ts";
import { logStateCodec, openLogs } from "./logs.ts";
import { keyNodeCodec, openOrderedKeys } from "./ordered-keys.ts";
import { createCache } from "./row-cache.ts";
import { type Codec, createRows, type Space } from "./rows.ts";
import {
  type AccountStore,
  Corruption,
  type SealerSource,
  type Store,
  type Table,
} from "./store.ts";
import { openTable, packedCodec } from "./table.ts";

export interface StoreOptions {
  /** Made when it is not there. */
  readonly directory: string;
  readonly sealers: SealerSource;
  /** 32 bytes that hide the names of rows and logs; the same at every opening. */
  readonly indexKey: Uint8Array;
  /** The account whose data keys seal `store.system`. */
  readonly systemAccount?: string;
  readonly random?: Random;
  /** Told of what was repaired at opening, such as an unfinished write that was cut off. */
  readonly report?: (what: string) => void;
  /**
   * To look at, as it is at this instant: nothing is made, repaired, cut or swept, and who has the directory open
   * goes on.
   */
  readonly readOnly?: boolean;
  /** Memory for rows that were read or written lately. */
  readonly rowCacheBytes?: number;
  /** Memory for opened blocks of logs. */
  readonly blockCacheBytes?: number;
}

const mebibyte = 1024 * 1024;

/** Opens a data directory, for this process alone. Throws `DirectoryInUse`. */
export async function openStore(options: StoreOptions): Promise<Store> {
  const { directory, indexKey } = options;
  assert(indexKey.length === 32, "the index key has 32 bytes");
  if (options.readOnly) return openToRead(options);
  const folders = ["tables", "logs", "blobs"].map((name) => join(directory, name));
  for (const folder of folders) await mkdir(folder, { recursive: true, mode: 0o700 });
  await syncFolder(directory);
  const lock = await takeDirectory(directory);
  let groups: Groups | undefined;
  try {
    groups = openGroups(join(directory, "tables"));
    lock.check(groups);
    return await assemble(options, groups, lock.release);
  } catch (error) {
    await groups?.close();
    lock.release();
    throw error;
  }
}

async function openToRead(options: StoreOptions): Promise<Store> {
  const groups = openGroups(join(options.directory, "tables"), true);
  try {
    return await assemble(options, groups, () => {});
  } catch (error) {
    await groups.close();
    throw error;
  }
}

async function assemble(
  options: StoreOptions,
  groups: Groups,
  release: () => void,
): Promise<Store> {
  const { directory, sealers, indexKey, random = systemRandom } = options;
  const system = options.systemAccount ?? "system";
  const space = createRows({
    groups,
    sealers,
    indexKey,
    cache: createCache(options.rowCacheBytes ?? 128 * mebibyte),
  });
  const readOnly = options.readOnly ?? false;
  const marks = space({ kind: "store", account: system, table: "mark" }, textCodec);
  await checkMark(directory, groups, marks, readOnly);
  const blobRows = space({ kind: "blob", account: "every", table: "blobs" }, blobCodec);
  const folder = await openBlobFolder(
    join(directory, "blobs"),
    (id) => readOnly || blobRows.has(id),
  );
  const logs = openLogs({
    folder: join(directory, "logs"),
    indexKey,
    groups,
    sealers,
    cache: createBlockCache(options.blockCacheBytes ?? 64 * mebibyte),
    random,
    readOnly,
    report: options.report ?? (() => {}),
  });
  let closed = false;
  const accounts = new Map<string, AccountStore>();

  function openAccount(account: string): AccountStore {
    const tables = new Map<string, Table<unknown>>();
    const states = space({ kind: "log", account, table: "logs" }, logStateCodec);

    function openNamed(table: string): Table<unknown> {
      const values = space({ kind: "value", account, table }, packedCodec);
      const nodes = space({ kind: "order", account, table }, keyNodeCodec);
      return openTable(table, groups, values, openOrderedKeys(nodes, random));
    }

    return {
      account,
      table<Value>(name: string): Table<Value> {
        const known = tables.get(name) ?? openNamed(name);
        tables.set(name, known);
        return known as Table<Value>;
      },
      log: (name) => logs.open(account, name, states),
      removeLog: (name) => logs.remove(account, name, states),
      blobs: openBlobs({ account, rows: blobRows, folder, groups, sealers, random }),
    };
  }

  function findAccount(id: string): AccountStore {
    const known = accounts.get(id) ?? openAccount(id);
    accounts.set(id, known);
    return known;
  }

  return {
    system: findAccount(system),
    account: findAccount,
    transaction: (body) => groups.transaction(body),
    async close() {
      if (closed) return;
      closed = true;
      await logs.close();
      await groups.close();
      await folder.close();
      release();
    },
  };
}

/** The form of the data directory. */
const form = "1";

const textCodec: Codec<string> = {
  sealed: true,
  encode: (text) => Buffer.from(text),
  decode: (bytes) => bytes.toString(),
};

/**
 * Marks a new directory and knows it again. Under a wrong index key every row would seem to be missing, and every
 * blob an orphan to be swept: such a directory is refused untouched.
 */
async function checkMark(
  directory: string,
  groups: Groups,
  marks: Space<string>,
  readOnly: boolean,
): Promise<void> {
  const found = marks.find("form");
  if (found === form) return;
  if (found) throw new Corruption(`\`${directory}\` has form ${found}, which is not known here`);
  if (readOnly) throw new Corruption(`\`${directory}\` is no store, or not of this key`);
  for (const folder of ["blobs", "logs"]) {
    const names = await namesIn(join(directory, folder));
    if (!groups.empty || names.length > 0) {
      throw new Corruption(`\`${directory}\` holds data that is not of these tables and this key`);
    }
  }
  await groups.transaction(() => marks.put("form", form));
}
