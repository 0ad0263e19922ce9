import type { AccountStore, Store, Table } from "../storage/store.ts";
import type { AliasRecord, Grant, KeyPlace, KeyRecord } from "./key-record.ts";
import type { Usage } from "./last-usage.ts";

/** Where keys, their names and their grants are kept. */
export interface KeyTables {
  /** By id of the key. */
  keys(account: string): Table<KeyRecord>;
  /** By name of the alias. */
  aliases(account: string): Table<AliasRecord>;
  /** By id of the key and of the grant. */
  grants(account: string): Table<Grant>;
  /** Accounts that have ever had a key. */
  readonly keepers: Table<true>;
  /** Where the key of a version is, by id of the version. */
  readonly versions: Table<KeyPlace>;
  /** By retiring principal and id of the grant. */
  readonly retirable: Table<KeyPlace>;
  /** By time and id of the key. */
  readonly due: Table<KeyPlace>;
  /** The last use of each key, by its id. */
  usage(account: string): Table<Usage>;
  /** The time from which on uses are noted, under `since`. */
  readonly usageSince: Table<number>;
}

export function keyTables(store: Store): KeyTables {
  const of = (account: string): AccountStore => store.account(account);
  return {
    keys: (account) => of(account).table("kms.keys"),
    aliases: (account) => of(account).table("kms.aliases"),
    grants: (account) => of(account).table("kms.grants"),
    keepers: store.system.table("kms.accounts"),
    versions: store.system.table("kms.versions"),
    retirable: store.system.table("kms.retirable"),
    due: store.system.table("kms.due"),
    usage: (account) => of(account).table("kms.usage"),
    usageSince: store.system.table("kms.usage"),
  };
}
