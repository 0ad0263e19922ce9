import type { Keyring } from "../keys/keyring.ts";
import type { Vault } from "../keys/vault.ts";
import { assert } from "../lib/assert.ts";
import {
  clusterSecret,
  type HsmTables,
  hsmTables,
  partitionSecret,
  readKeys,
  readRow,
} from "./cluster-tables.ts";
import { Connection } from "./connection.ts";
import type { Cryptoki } from "./cryptoki.ts";
import type { HsmCluster, HsmLogEntry, Partition, ZeroizeCause } from "./hsm.ts";
import { type Happening, Journal, type JournalParts } from "./journal.ts";
import { LivePartition, type PartitionParts, worstOf } from "./live-partition.ts";
import { type Listed, PartitionList } from "./partition-list.ts";
import { hashPin } from "./pins.ts";
import { demand } from "./refuse.ts";

export interface HsmParts extends JournalParts {
  readonly keyring: Keyring;
  readonly vault: Vault;
}

export const partitionsMax = 32;
/** Of a partition whose place is not known any more. */
const noSlot = -1;
/** Wrong PINs in a row, of anybody, that a partition bears: the last one destroys it. */
export const triesMax = 3;

/** One security boundary: its partitions, who is connected to it, and how they are destroyed. */
export class Cluster implements HsmCluster {
  readonly account: string;
  readonly id: string;
  readonly parts: HsmParts;
  readonly #journal: Journal;
  readonly #tables: HsmTables;
  readonly #list: PartitionList;
  readonly #connections = new Set<Connection>();
  readonly #live = new Map<string, LivePartition>();
  /** What is being zeroized, until the trail and the store know. */
  readonly #ending = new Map<string, Promise<void>>();
  #turn: Promise<unknown> = Promise.resolve();

  constructor(parts: HsmParts, account: string, id: string) {
    this.parts = parts;
    this.account = account;
    this.id = id;
    this.#journal = new Journal(parts, account, id);
    this.#tables = hsmTables(parts.store.account(account));
    const secret = clusterSecret(account, id);
    this.#list = new PartitionList(parts, this.#tables.clusters, id, secret);
  }

  /** Makes its row and its secret; only where there is no such cluster. */
  begin(also: () => void): Promise<void> {
    // A secret that is there is of a cluster that was never finished.
    this.#list.renewSecret();
    return this.parts.store.transaction(() => {
      this.#list.put([]);
      also();
    });
  }

  /** Reads what is there after a start; what was cut short, or is not what was written, is zeroized. */
  async open(): Promise<void> {
    const rows = readKeys(this.#tables.partitions, [this.id]).map((key) => String(key[1]));
    if (!this.#list.read()) {
      this.#list.renewSecret();
      const found = rows.map((serial) => ({ serial, slot: noSlot }));
      await this.parts.store.transaction(() => this.#list.put(found));
      await this.zeroize("its seal is broken");
    }
    for (const listed of this.#list.all()) await this.#openListed(listed);
    for (const serial of rows) {
      const known = this.#list.all().some((listed) => listed.serial === serial);
      if (!known && this.parts.vault.find(partitionSecret(this.account, this.id, serial))) {
        await this.zeroizePartition(serial, "its store was changed");
      }
    }
  }

  async #openListed({ serial, slot, making }: Listed): Promise<void> {
    const { vault, store } = this.parts;
    const secret = partitionSecret(this.account, this.id, serial);
    if (making) {
      vault.destroy(secret);
      await store.transaction(() => this.#list.set(serial));
      return;
    }
    const partition = this.#openPartition(serial, slot);
    const why = !vault.find(secret)
      ? "a zeroization was cut short"
      : !partition
        ? "its store was changed"
        : worstOf(partition.state) >= triesMax && "three failed logins";
    if (why) await this.zeroizePartition(serial, why);
  }

  #openPartition(serial: string, slot: number): LivePartition | undefined {
    const row = readRow(this.#tables.partitions, [this.id, serial]);
    const secret = partitionSecret(this.account, this.id, serial);
    const half = row?.slot === slot && this.parts.keyring.unwrap(this.account, row.half, secret);
    const vaultHalf = this.parts.vault.find(secret);
    if (!row || !half || !vaultHalf) return undefined;
    const partition = LivePartition.open(this.#partsOf(serial, slot), row, half, vaultHalf);
    half.fill(0);
    vaultHalf.fill(0);
    if (partition) this.#live.set(serial, partition);
    return partition;
  }

  #partsOf(serial: string, slot: number): PartitionParts {
    return {
      serial,
      slot,
      random: this.parts.random,
      rows: this.#tables.partitions,
      objectRows: this.#tables.objects,
      place: [this.id, serial],
    };
  }

  partitions(): readonly Partition[] {
    return [...this.#live.values()]
      .map(({ slot, serial, state: { label, users, objects } }) => {
        return { slot, serial, label, users: Object.keys(users), objects };
      })
      .sort((one, other) => one.slot - other.slot);
  }

  /** The partition in a slot; undefined when none is set up there. */
  partitionIn(slot: number): LivePartition | undefined {
    for (const partition of this.#live.values()) if (partition.slot === slot) return partition;
    return undefined;
  }

  /** Slots with a partition, and the first one without. */
  slots(): readonly number[] {
    const used = new Set([...this.#live.values()].map(({ slot }) => slot));
    const all = Array.from({ length: partitionsMax }, (_, slot) => slot);
    const free = all.find((slot) => !used.has(slot));
    return all.filter((slot) => used.has(slot) || slot === free);
  }

  connect(peer: string): Cryptoki {
    const connection = new Connection(this, peer, () => this.#connections.delete(connection));
    this.#connections.add(connection);
    return connection;
  }

  endConnections(): void {
    for (const connection of [...this.#connections]) connection.finalize();
  }

  connections(): Iterable<Connection> {
    return this.#connections;
  }

  /** Records what happens and makes the change that it is, or neither. */
  record(happening: Happening, change?: () => void): Promise<void> {
    return this.#journal.record(happening, change);
  }

  log(): Iterable<HsmLogEntry> {
    return this.#journal.entries();
  }

  clearLog(): Promise<void> {
    return this.#journal.clear();
  }

  /** Sets a partition up in a free slot. Step by step, so that a kill between any two leaves it undone or done. */
  setUp(slot: number, pin: Uint8Array, label: string, peer: string): Promise<void> {
    const setting = this.#turn.then(() => this.#setUp(slot, pin, label, peer));
    this.#turn = setting.catch(() => undefined);
    return setting;
  }

  async #setUp(slot: number, pin: Uint8Array, label: string, peer: string): Promise<void> {
    await this.#finishZeroizing();
    const free = this.slots().includes(slot) && !this.partitionIn(slot);
    demand(free, "SESSION_EXISTS", "another partition was just set up there");
    const { random, vault, keyring, store } = this.parts;
    const serial = random.bytes(8).toString("hex");
    const officer = await hashPin(pin, random);
    const secret = partitionSecret(this.account, this.id, serial);
    await store.transaction(() => this.#list.set(serial, { serial, slot, making: true }));
    const vaultHalf = vault.make(secret);
    const clear = random.bytes(32);
    const half = keyring.wrap(this.account, clear, secret);
    const halves = [half, clear, vaultHalf] as const;
    const partition = LivePartition.make(this.#partsOf(serial, slot), halves, officer, label);
    clear.fill(0);
    vaultHalf.fill(0);
    const happening = { partition: serial, who: "so", detail: label, peer };
    try {
      await this.record({ what: "PartitionInitialized", ...happening }, () => {
        this.#checkStays(serial);
        partition.put(partition.state);
        this.#list.set(serial, { serial, slot });
      });
      this.#checkStays(serial);
    } catch (error) {
      partition.die();
      vault.destroy(secret);
      throw error;
    }
    this.#live.set(serial, partition);
  }

  /** Everything may be zeroized while a partition is set up. */
  #checkStays(serial: string): void {
    const known = this.#list.all().some((one) => one.serial === serial);
    const listed = known && !this.#ending.has(serial);
    demand(listed, "DEVICE_REMOVED", "the partition was zeroized");
  }

  /** What is listed and not live is being zeroized, or could not be written off before. */
  async #finishZeroizing(): Promise<void> {
    for (const { serial } of this.#list.all()) {
      const ended = !this.#live.has(serial);
      if (ended) await this.zeroizePartition(serial, "a zeroization was cut short");
    }
  }

  async zeroize(why: ZeroizeCause): Promise<void> {
    const listed = this.#list.all().map(({ serial }) => serial);
    const serials = new Set([...this.#live.keys(), ...listed]);
    // All are destroyed before the first is told of, and one that fails keeps no other from it.
    const ends = [...serials].map((serial) => this.zeroizePartition(serial, why));
    for (const end of await Promise.allSettled(ends)) {
      if (end.status === "rejected") throw end.reason;
    }
  }

  zeroizePartition(serial: string, why: ZeroizeCause): Promise<void> {
    const ending = this.#ending.get(serial);
    if (ending) return ending;
    const partition = this.#live.get(serial);
    this.#live.delete(serial);
    const finishing = this.#destroy(serial, partition, why).finally(() =>
      this.#ending.delete(serial),
    );
    this.#ending.set(serial, finishing);
    return finishing;
  }

  async #destroy(
    serial: string,
    partition: LivePartition | undefined,
    why: ZeroizeCause,
  ): Promise<void> {
    try {
      // From here on it is gone, whatever becomes of the rest: what a kill cuts short is finished at the next start.
      this.parts.vault.destroy(partitionSecret(this.account, this.id, serial));
    } finally {
      partition?.die();
      for (const connection of this.#connections) if (partition) connection.lose(partition);
    }
    await this.#forget(serial, why);
  }

  /** Zeroizes what was found changed in the midst of a function that cannot wait for it. */
  lost(partition: LivePartition): void {
    this.zeroizePartition(partition.serial, "its store was changed").catch(() => {
      // The trail or the disk refuses: the keys are gone, and the next start tells it.
    });
  }

  async #forget(serial: string, why: ZeroizeCause): Promise<void> {
    const known = this.#list.all().some((listed) => listed.serial === serial);
    if (!known && !this.#hasRow(serial)) return;
    await this.record({ what: "PartitionZeroized", partition: serial, detail: why }, () => {
      for (const key of readKeys(this.#tables.objects, [serial])) this.#tables.objects.remove(key);
      this.#tables.partitions.remove([this.id, serial]);
      this.#list.set(serial);
    });
  }

  #hasRow(serial: string): boolean {
    return readKeys(this.#tables.partitions, [this.id, serial]).length > 0;
  }

  /** Ends a cluster in which nothing is left. */
  async end(also: () => void): Promise<void> {
    const none = this.#list.all().length === 0;
    assert(none, "the partitions of a cluster are zeroized before it is removed");
    assert(this.#journal.empty, "the log of a cluster is cleared before it is removed");
    await this.parts.store.transaction(() => {
      this.#list.remove();
      also();
    });
    this.parts.vault.destroy(clusterSecret(this.account, this.id));
    this.endConnections();
  }
}
