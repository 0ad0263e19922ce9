import type { Vault } from "../keys/vault.ts";
import { deriveKey, unwrapUnder, wrapUnder } from "../keys/wrapping.ts";
import { assert } from "../lib/assert.ts";
import type { Random } from "../lib/random.ts";
import type { Table } from "../storage/store.ts";
import { type ClusterRow, readRow } from "./cluster-tables.ts";

/** A partition as its cluster lists it. */
export interface Listed {
  readonly serial: string;
  readonly slot: number;
  /** It is being set up: found after a kill, it is undone. */
  readonly making?: true;
}

/** Which partitions a cluster has, sealed under its own secret in the vault: one that is taken away is missed. */
export class PartitionList {
  readonly #vault: Vault;
  readonly #random: Random;
  readonly #table: Table<ClusterRow>;
  readonly #cluster: string;
  /** Name of the secret. */
  readonly #secret: string;

  constructor(
    parts: { readonly vault: Vault; readonly random: Random },
    table: Table<ClusterRow>,
    cluster: string,
    secret: string,
  ) {
    this.#vault = parts.vault;
    this.#random = parts.random;
    this.#table = table;
    this.#cluster = cluster;
    this.#secret = secret;
  }

  /** The list; undefined when it is not what was written. */
  read(): readonly Listed[] | undefined {
    const key = this.#key();
    const row = readRow(this.#table, [this.#cluster]);
    const plain = key && row && unwrapUnder(key, row.list, this.#secret);
    return plain && JSON.parse(plain.toString());
  }

  all(): readonly Listed[] {
    const list = this.read();
    assert(list, "a list that was read once still opens");
    return list;
  }

  /** A new secret: what was sealed before does not open any more. */
  renewSecret(): void {
    this.#vault.destroy(this.#secret);
    this.#vault.make(this.#secret).fill(0);
  }

  /** Writes it; only inside a transaction. */
  put(list: readonly Listed[]): void {
    const key = this.#key();
    assert(key, "a cluster has a secret in the vault");
    const plain = Buffer.from(JSON.stringify(list));
    this.#table.put([this.#cluster], { list: wrapUnder(key, plain, this.#secret, this.#random) });
  }

  /** Writes it without a partition, or with another entry for it; only inside a transaction. */
  set(serial: string, entry?: Listed): void {
    const others = this.all().filter((listed) => listed.serial !== serial);
    this.put(entry ? [...others, entry] : others);
  }

  /** Removes it; only inside a transaction. */
  remove(): void {
    this.#table.remove([this.#cluster]);
  }

  #key(): Buffer | undefined {
    const secret = this.#vault.find(this.#secret);
    return secret && deriveKey(secret, Buffer.alloc(0), "seal of an HSM cluster");
  }
}
