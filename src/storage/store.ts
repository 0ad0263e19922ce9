/**
 * Bytes at rest: tables, logs and blobs, sealed per account.
 *
 * A directory is opened once (`openStore`); everything else is reached through the store of one account.
 * INVARIANT: an acknowledged write (a resolved promise) survives kill -9.
 * Not defended: a whole directory, or rows with all that refer to them, put back to an older state.
 */

/** Seals bytes under one data key. Made by `keys/`; storage never sees a key. */
export interface Sealer {
  /** Names the data key; kept beside what it sealed. At most 255 bytes of UTF-8. */
  readonly id: string;
  /** Answers nonce, ciphertext and tag. What is `bound` must be given again to open. */
  seal(plain: Uint8Array, bound: Uint8Array): Buffer;
  /** The same in pieces, for who writes them one after the other: large ones are not copied once more. */
  sealPieces(plain: Uint8Array, bound: Uint8Array): readonly Buffer[];
  /** Throws `Corruption` when the bytes or what they were bound to differ. */
  open(sealed: Uint8Array, bound: Uint8Array): Buffer;
}

/**
 * What storage asks of `keys/`: the data keys of accounts. Both answer at once, from memory.
 * The system's own records are of the account `system`.
 */
export interface SealerSource {
  /**
   * The data key that new bytes of the account are sealed with.
   * INVARIANT: its wrapped form is already on disk; storage acknowledges what it sealed.
   */
  current(account: string): Sealer;
  /** The data key that sealed older bytes; undefined when it was destroyed or never was. */
  find(account: string, id: string): Sealer | undefined;
}

/** Stored bytes that are not what was written; names the object, never shows its content. */
export class Corruption extends Error {
  override readonly name = "Corruption";
}

/** The disk is full or refuses; nothing was written. */
export class StorageFull extends Error {
  override readonly name = "StorageFull";
}

/** One part or several; ordered part by part, numbers (by value) before text (by its UTF-8 bytes). */
export type Key = readonly (string | number)[];

/** Limits are whole keys, also beside a prefix. A key comes before the keys that continue it. */
export interface Range {
  /** Only keys that begin with these parts. */
  readonly prefix?: Key;
  /** First key, inclusive. */
  readonly from?: Key;
  /** Only keys after this one. */
  readonly after?: Key;
  /** Only keys before this one. */
  readonly before?: Key;
  readonly reverse?: boolean;
  readonly limit?: number;
}

/**
 * An ordered map; values are sealed, and so are the keys.
 * Reads see the last committed state; inside a transaction, what that transaction and those begun before it wrote.
 */
export interface Table<Value> {
  /** The value, shared and not to be changed; undefined when there is none. Throws `Corruption`. */
  find(key: Key): Value | undefined;
  /** Entries in key order, read lazily. */
  range(range?: Range): Iterable<{ readonly key: Key; readonly value: Value }>;
  /** Writes; only inside a transaction. */
  put(key: Key, value: Value): void;
  /** Removes; only inside a transaction. Tells whether there was one. */
  remove(key: Key): boolean;
}

export interface LogRecord {
  readonly offset: number;
  readonly timeMs: number;
  readonly data: Buffer;
}

/** An append-only sequence of records, each with an offset that is never used again. */
export interface Log {
  /** Offset of the oldest record kept; equals `nextOffset` when there is none. */
  readonly firstOffset: number;
  /** Offset that the next record will get. */
  readonly nextOffset: number;
  /**
   * Appends records as one sealed block and answers the offset of the first once they are on disk.
   * Appends that arrive meanwhile share a sync. Without a sealer the account's own data key seals.
   */
  append(records: readonly Uint8Array[], timeMs: number, sealer?: Sealer): Promise<number>;
  /**
   * Records from an offset on, in order, within both limits, but at least one where there is one.
   * `open` finds the sealer of blocks that were appended with their own. Throws `Corruption`.
   */
  read(
    offset: number,
    limits: { readonly records: number; readonly bytes: number },
    open?: (sealerId: string) => Sealer | Promise<Sealer>,
  ): Promise<LogRecord[]>;
  /** The first offset whose block is of this time or later; `nextOffset` when there is none. */
  offsetAt(timeMs: number): number;
  /** Drops what is older, in whole segments on disk but exactly in `firstOffset`. */
  trim(beforeTimeMs: number): Promise<void>;
}

/** Names a blob. Kept by its owner inside a table. */
export interface BlobRef {
  readonly id: string;
  readonly size: number;
}

/** Bodies of any size, in sealed chunks of 64 KiB. */
export interface Blobs {
  /**
   * Writes a body to disk. It belongs to nobody until `keep` is called in a transaction; what is not kept is gone
   * after a restart, or earlier with `discard`. An error of the source leaves nothing behind.
   */
  write(source: Uint8Array | AsyncIterable<Uint8Array>, sealer?: Sealer): Promise<BlobRef>;
  /** Makes the blob durable with the transaction it is called in. */
  keep(ref: BlobRef): void;
  /** Removes the blob with the transaction it is called in; who found it before can read it for ten seconds more. */
  remove(ref: BlobRef): void;
  /** Drops a blob that was written and not kept. */
  discard(ref: BlobRef): void;
  /**
   * Reads bytes `start` up to, not including, `end`. Small ranges come as one Buffer at once.
   * Throws `Corruption`, also in the midst of the iteration.
   */
  read(
    ref: BlobRef,
    range?: { readonly start: number; readonly end: number },
    sealer?: Sealer,
  ): Buffer | AsyncIterable<Buffer>;
}

/** All that one account has; every byte under that account's keys. */
export interface AccountStore {
  readonly account: string;
  /** The table of this name; `Value` is any structure of JSON types and Uint8Array. */
  table<Value>(name: string): Table<Value>;
  /** Opens or creates the log of this name (any text). The same name gives the same log. */
  log(name: string): Promise<Log>;
  /** Removes a log with all its records. */
  removeLog(name: string): Promise<void>;
  readonly blobs: Blobs;
}

export interface Store {
  /** Records that belong to no account: indexes, the trail's heads, the installation's settings. */
  readonly system: AccountStore;
  account(id: string): AccountStore;
  /**
   * Runs `body` at once, alone and atomically, over tables and blobs of any account. `body` is synchronous; if it
   * throws, nothing is written and the promise is rejected with that error. Once resolved, all is on disk. Rejects
   * with `StorageFull`, then also for transactions that were begun before that was known.
   */
  transaction<Result>(body: () => Result): Promise<Result>;
  close(): Promise<void>;
}
