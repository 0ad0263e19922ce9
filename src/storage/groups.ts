import { type Database, open as openEnvironment } from "lmdb";
import { assert } from "../lib/assert.ts";
import { gather } from "../lib/gather.ts";
import { StorageFull } from "./store.ts";
import { checkTableFile } from "./table-file.ts";

/** The side of a space that groups are written through. */
export interface GroupWriter {
  /** The running transaction ended well: what it wrote joins the next group. */
  merge(): void;
  /** The running transaction failed. */
  abort(): void;
  /** Hands over what goes to disk now; null removes. */
  begin(put: (name: Buffer, bytes: Uint8Array | null) => void): void;
  /** What went to disk is there. */
  settle(): void;
  /** Nothing of what was begun or waits is on disk, nor will be. */
  drop(): void;
}

/**
 * Transactions, written to LMDB in groups: those that arrive while a group is synced share the next sync.
 * INVARIANT: a group is one LMDB transaction, and is on disk before any of its transactions resolves.
 */
export interface Groups {
  /** Whether a transaction's body is running. */
  readonly running: boolean;
  /** Counts changes that readers may have seen; an iterator that finds it changed looks anew. */
  readonly version: number;
  /** A row on disk, as a copy. */
  read(name: Buffer): Buffer | undefined;
  /** Takes part in the running transaction; refused outside one. */
  join(writer: GroupWriter): void;
  transaction<Result>(body: () => Result): Promise<Result>;
  /** Runs once the running transaction is on disk. */
  afterCommit(action: () => void): void;
  /** Runs as a transaction with each group that is written anyway. It must not throw. */
  withEachGroup(body: () => void): void;
  /** Whether there is no row at all. */
  readonly empty: boolean;
  /** Processes that have the environment open. */
  readers(): number[];
  close(): Promise<void>;
}

/** Address space for the map; the file is as large as its content. */
const mapBytes = 2 ** 40;

interface Waiting {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

interface Group {
  readonly writers: Set<GroupWriter>;
  readonly waiting: Waiting[];
  readonly actions: (() => void)[];
}

const emptyGroup = (): Group => ({ writers: new Set(), waiting: [], actions: [] });

/** Opens the LMDB environment in a directory; to read only, as one snapshot, beside whoever writes. */
export function openGroups(path: string, readOnly = false): Groups {
  checkTableFile(path);
  const database: Database<Buffer, Buffer> = openEnvironment({
    path,
    readOnly,
    encoding: "binary",
    keyEncoding: "binary",
    noSubdir: false,
    mapSize: mapBytes,
    // A commit then resolves when it is on disk, not before.
    overlappingSync: false,
    // It would add a batch of its own, with a promise that nobody hears when the disk is full.
    eventTurnBatching: false,
  });
  const snapshot = readOnly ? database.useReadTransaction() : undefined;
  let running: { writers: Set<GroupWriter>; actions: (() => void)[] } | undefined;
  let next = emptyGroup();
  let writing: Promise<void> | undefined;
  let riders: (() => void)[] = [];
  let version = 0;
  let closed = false;

  function run<Result>(body: () => Result): Result {
    assert(!running, "a transaction does not begin inside another");
    assert(!closed, "the store is open");
    running = { writers: new Set(), actions: [] };
    const { writers, actions } = running;
    try {
      const result = body();
      assert(!(result instanceof Promise), "a transaction's body is synchronous");
      for (const writer of writers) {
        writer.merge();
        next.writers.add(writer);
      }
      next.actions.push(...actions);
      return result;
    } catch (error) {
      for (const writer of writers) writer.abort();
      throw error;
    } finally {
      running = undefined;
      version += 1;
    }
  }

  async function writeGroups(): Promise<void> {
    while (next.waiting.length > 0) {
      await gather(() => next.waiting.length);
      for (const rider of riders) run(rider);
      const group = next;
      next = emptyGroup();
      try {
        await commit(database, group);
      } catch (error) {
        fail(group, error);
        continue;
      }
      for (const writer of group.writers) writer.settle();
      version += 1;
      for (const action of group.actions) action();
      for (const { resolve } of group.waiting) resolve();
    }
    writing = undefined;
  }

  function fail(group: Group, error: unknown): void {
    // What was begun meanwhile may have read what is now nowhere.
    const later = next;
    next = emptyGroup();
    for (const writer of [...group.writers, ...later.writers]) writer.drop();
    version += 1;
    for (const { reject } of [...group.waiting, ...later.waiting]) reject(error);
  }

  return {
    get running() {
      return running !== undefined;
    },
    get version() {
      return version;
    },
    read: snapshot
      ? (name) => database.get(name, { transaction: snapshot })
      : (name) => database.getBinary(name),
    get empty() {
      return database.getKeysCount({ limit: 1 }) === 0;
    },
    join(writer) {
      assert(running, "writes belong in a transaction");
      running.writers.add(writer);
      version += 1;
    },
    async transaction(body) {
      const result = run(body);
      assert(!readOnly || next.writers.size === 0, "a store opened to be read is not written");
      if (!writing && next.writers.size === 0 && next.actions.length === 0) return result;
      const onDisk = new Promise<void>((resolve, reject) => {
        next.waiting.push({ resolve, reject });
      });
      writing ??= writeGroups();
      await onDisk;
      return result;
    },
    afterCommit(action) {
      assert(running, "writes belong in a transaction");
      running.actions.push(action);
    },
    withEachGroup(body) {
      riders.push(body);
    },
    readers() {
      // A read takes the slot in the table of readers that others find.
      database.getBinary(Buffer.from([0]));
      database.readerCheck();
      return [...database.readerList().matchAll(/^\s*(\d+)/gm)].map(([, pid]) => Number(pid));
    },
    async close() {
      await writing;
      closed = true;
      riders = [];
      snapshot?.done();
      await database.close();
    },
  };
}

/** Writes a group as one LMDB transaction; resolves when it is on disk. */
async function commit(database: Database<Buffer, Buffer>, group: Group): Promise<void> {
  const writes: [name: Buffer, bytes: Uint8Array | null][] = [];
  for (const writer of group.writers) writer.begin((name, bytes) => writes.push([name, bytes]));
  if (writes.length === 0) return;
  try {
    await database.batch(() => {
      for (const [name, bytes] of writes) {
        const written = bytes ? database.put(name, asBuffer(bytes)) : database.remove(name);
        // The batch's own promise tells.
        written.catch(() => {});
      }
    });
  } catch (error) {
    throw new StorageFull("the disk is full or refuses", { cause: await causeOf(error) });
  }
}

/** LMDB's reason stands behind a second promise, which must not go unheard. */
async function causeOf(error: unknown): Promise<unknown> {
  if (!(error instanceof Error && "commitError" in error)) return error;
  try {
    await error.commitError;
  } catch (cause) {
    return cause;
  }
  return error;
}

const asBuffer = (bytes: Uint8Array): Buffer =>
  Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
