import type { KeyObject } from "node:crypto";
import { unwrapUnder, wrapUnder } from "../keys/wrapping.ts";
import { assert } from "../lib/assert.ts";
import type { Random } from "../lib/random.ts";
import type { Table } from "../storage/store.ts";
import { type Attributes, decodeAttributes, encodeAttributes, numberOf } from "./attributes.ts";
import type { ObjectRow, PartitionRow } from "./cluster-tables.ts";
import { CKA } from "./constants.ts";
import { readKey, writeKey } from "./material.ts";
import { addSum, masterOf, sumKeyOf, sumOf } from "./partition-sums.ts";
import type { PinHash } from "./pins.ts";
import { demand } from "./refuse.ts";

/** What is kept of a partition, sealed under its master key. */
export interface PartitionState {
  readonly label: string;
  readonly officer: PinHash;
  readonly users: Readonly<Record<string, PinHash>>;
  /** Wrong PINs in a row, of anybody. */
  readonly failures: number;
  /** Wrong PINs against each name since its own last success, which nobody else's ends. The officer's name is empty. */
  readonly failuresOf: Readonly<Record<string, number>>;
  /** How many objects there are. */
  readonly objects: number;
  /** A sum over all objects, hexadecimal: none is missing, added or of another time. */
  readonly digest: string;
}

/** An object as functions see it. */
export interface HsmObject {
  readonly handle: number;
  /** Of its row; undefined of a session's. */
  readonly id?: string;
  readonly attributes: Attributes;
  /** Set once it was used. */
  key?: KeyObject | undefined;
  /** Its part of the digest; undefined of a session's. */
  readonly sum?: Buffer;
}

/** How near a partition is to its end: wrong PINs in a row, or against one name. */
export const worstOf = ({ failures, failuresOf }: PartitionState): number =>
  Math.max(failures, ...Object.values(failuresOf));

/** What the store has is not what this HSM wrote. */
export class StoreChanged extends Error {
  override readonly name = "StoreChanged";
}

export const objectsMax = 100_000;
const noDigest = "00".repeat(32);

/** A partition in use. Dies when it is zeroized: nothing is read or written through it afterwards. */
export class LivePartition {
  readonly serial: string;
  readonly slot: number;
  readonly #random: Random;
  readonly #rows: Table<PartitionRow>;
  readonly #objectRows: Table<ObjectRow>;
  readonly #place: readonly string[];
  readonly #half: Buffer;
  readonly #master: Buffer;
  readonly #sumKey: Buffer;
  #state: PartitionState;
  #objects: Map<number, HsmObject> | undefined;
  #lastHandle = 0;
  #turn: Promise<unknown> = Promise.resolve();
  #alive = true;

  private constructor(parts: PartitionParts, half: Buffer, master: Buffer, state: PartitionState) {
    this.serial = parts.serial;
    this.slot = parts.slot;
    this.#random = parts.random;
    this.#rows = parts.rows;
    this.#objectRows = parts.objectRows;
    this.#place = parts.place;
    this.#half = half;
    this.#master = master;
    this.#sumKey = sumKeyOf(master);
    this.#state = state;
  }

  /** A partition without users and objects. `halves` are of the master key: as it is kept, in clear, from the vault. */
  static make(
    parts: PartitionParts,
    halves: readonly [half: Buffer, clear: Buffer, vaultHalf: Buffer],
    officer: PinHash,
    label: string,
  ): LivePartition {
    const [half, clear, vaultHalf] = halves;
    const master = masterOf(clear, vaultHalf);
    const state = {
      label,
      officer,
      users: {},
      failures: 0,
      failuresOf: {},
      objects: 0,
      digest: noDigest,
    };
    const made = new LivePartition(parts, half, master, state);
    made.#objects = new Map();
    return made;
  }

  /** The partition of a row; undefined when anything of it does not open. */
  static open(
    parts: PartitionParts,
    row: PartitionRow,
    clear: Buffer,
    vaultHalf: Buffer,
  ): LivePartition | undefined {
    const master = masterOf(clear, vaultHalf);
    const state = unwrapUnder(master, row.state, `hsm ${parts.serial} ${parts.slot} state`);
    if (!state) return undefined;
    return new LivePartition(parts, row.half, master, JSON.parse(state.toString()));
  }

  get alive(): boolean {
    return this.#alive;
  }

  get state(): PartitionState {
    return this.#state;
  }

  /**
   * Counts a wrong PIN in memory at once: what follows sees it whether or not the disk takes it. A name that nobody has
   * is undefined: only the row counts.
   */
  countFailure(name: string | undefined): PartitionState {
    const { failures, failuresOf } = this.#state;
    const counts = new Map(Object.entries(failuresOf));
    if (name !== undefined) counts.set(name, (counts.get(name) ?? 0) + 1);
    const state = { ...this.#state, failures: failures + 1 };
    this.#state = { ...state, failuresOf: Object.fromEntries(counts) };
    return this.#state;
  }

  /** Runs what changes the partition one after the other. */
  inTurn<Result>(body: () => Promise<Result>): Promise<Result> {
    const running = this.#turn.then(() => {
      this.checkAlive();
      return body();
    });
    this.#turn = running.catch(() => undefined);
    return running;
  }

  checkAlive(): void {
    demand(this.#alive, "DEVICE_REMOVED", "the partition was zeroized");
  }

  /** Ends it: wipes what memory has of it. */
  die(): void {
    this.#alive = false;
    this.#master.fill(0);
    this.#sumKey.fill(0);
    for (const object of this.#objects?.values() ?? []) object.key = undefined;
    this.#objects = undefined;
  }

  /** Objects by handle. Reads and checks them all the first time. Throws `StoreChanged`. */
  objects(): ReadonlyMap<number, HsmObject> {
    this.checkAlive();
    this.#objects ??= this.#load();
    return this.#objects;
  }

  #load(): Map<number, HsmObject> {
    const read = new Map<number, HsmObject>();
    const digest = Buffer.alloc(32);
    try {
      for (const { key, value } of this.#objectRows.range({ prefix: [this.serial] })) {
        const id = String(key[1]);
        const encoded = unwrapUnder(this.#master, value.attributes, this.#bound(id, "attributes"));
        if (!encoded) throw new StoreChanged("an object does not open");
        const sum = sumOf(this.#sumKey, id, value);
        addSum(digest, sum);
        const handle = this.newHandle();
        read.set(handle, { handle, id, attributes: decodeAttributes(encoded), sum });
      }
    } catch (error) {
      throw new StoreChanged("the objects cannot be read", { cause: error });
    }
    const { objects, digest: known } = this.#state;
    if (read.size !== objects || digest.toString("hex") !== known) {
      throw new StoreChanged("objects are missing, added or of another time");
    }
    return read;
  }

  newHandle(): number {
    this.#lastHandle += 1;
    return this.#lastHandle;
  }

  /** The key of an object of this partition. Throws `StoreChanged`. */
  keyOf(object: HsmObject): KeyObject {
    this.checkAlive();
    if (object.key) return object.key;
    const { id } = object;
    assert(id !== undefined, "a session's key is in memory");
    const value = this.#valueOf(id);
    try {
      const [objectClass, keyType] = [CKA.CLASS, CKA.KEY_TYPE].map((type) =>
        numberOf(object.attributes, type),
      );
      object.key = readKey(objectClass ?? -1, keyType ?? -1, value);
      return object.key;
    } finally {
      value.fill(0);
    }
  }

  #valueOf(id: string): Buffer {
    let value: Buffer | undefined;
    try {
      const row = this.#objectRows.find([this.serial, id]);
      value = row?.value && unwrapUnder(this.#master, row.value, this.#bound(id, "value"));
    } catch (error) {
      throw new StoreChanged("a key cannot be read", { cause: error });
    }
    if (!value) throw new StoreChanged("a key does not open");
    return value;
  }

  /** What a new or changed object is on disk. A value that is not given stays as it is there. */
  prepare(object: HsmObject): { readonly object: HsmObject; readonly row: ObjectRow } {
    const id = object.id ?? this.#random.bytes(8).toString("hex");
    const seal = (what: string, plain: Uint8Array) =>
      wrapUnder(this.#master, plain, this.#bound(id, what), this.#random);
    const attributes = seal("attributes", encodeAttributes(object.attributes));
    const { key } = object;
    const isNew = object.id === undefined && key && key.type !== "public";
    const plain = isNew ? writeKey(key) : undefined;
    const value = plain ? seal("value", plain) : this.#objectRows.find([this.serial, id])?.value;
    plain?.fill(0);
    const row = { attributes, ...(value && { value }) };
    return { object: { ...object, id, sum: sumOf(this.#sumKey, id, row) }, row };
  }

  /** The state with these objects added (or instead of older ones) and taken away. */
  stateWith(added: readonly HsmObject[], removed: readonly HsmObject[]): PartitionState {
    const digest = Buffer.from(this.#state.digest, "hex");
    for (const { sum } of [...added, ...removed]) if (sum) addSum(digest, sum);
    const objects = this.#state.objects + added.length - removed.length;
    demand(objects <= objectsMax, "DEVICE_MEMORY", `a partition has ${objectsMax} objects at most`);
    return { ...this.#state, objects, digest: digest.toString("hex") };
  }

  /** Writes a state; only inside a transaction. What is in memory changes with `settle`. */
  put(state: PartitionState): void {
    this.checkAlive();
    const bound = `hsm ${this.serial} ${this.slot} state`;
    const plain = Buffer.from(JSON.stringify(state));
    const sealed = wrapUnder(this.#master, plain, bound, this.#random);
    this.#rows.put(this.#place, { slot: this.slot, half: this.#half, state: sealed });
  }

  putObject(id: string, row: ObjectRow): void {
    this.#objectRows.put([this.serial, id], row);
  }

  removeObject(id: string): void {
    this.#objectRows.remove([this.serial, id]);
  }

  /** Makes what is on disk now be what is in memory. */
  settle(
    state: PartitionState,
    added: readonly HsmObject[] = [],
    removed: readonly HsmObject[] = [],
  ): void {
    this.checkAlive();
    this.#state = state;
    const objects = this.#objects;
    for (const { handle } of removed) objects?.delete(handle);
    for (const object of added) objects?.set(object.handle, object);
  }

  #bound(id: string, what: string): string {
    return `hsm ${this.serial} ${id} ${what}`;
  }
}

export interface PartitionParts {
  readonly serial: string;
  readonly slot: number;
  readonly random: Random;
  readonly rows: Table<PartitionRow>;
  readonly objectRows: Table<ObjectRow>;
  /** Key of its row. */
  readonly place: readonly string[];
}
