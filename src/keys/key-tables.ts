import type { Store, Table } from "../storage/store.ts";
import type { CustomKeyStore } from "./custom-key-stores.ts";
import type { ExternalKeyStore } from "./external/external-key-store.ts";
import type { AliasRecord, Grant, KeyPlace, KeyRecord } from "./key-record.ts";
import type { Usage } from "./last-usage.ts";

/** Where keys, their names and their grants are kept. */
export interface KeyTables {
  /** By id of the key. */
  keys(account: string): Table<KeyRecord>;
  /** By name of the alias. */
  aliases(account: string): Table<AliasRecord>;
  /** By id. */
  customStores(account: string): Table<CustomKeyStore>;
  /** By id. */
  externalStores(account: string): Table<ExternalKeyStore>;
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

/** The name of a table of a Region; at home the names are as they stand. */
export const regionalName = (name: string, region: string, home: string): string =>
  region === home ? name : `${name}@${region}`;

/** The tables of a Region: each has its own, since related keys share their ids and those of their versions. */
export function keyTables(store: Store, region: string, home: string): KeyTables {
  const of = (account?: string) => ({
    table: <Value>(name: string): Table<Value> =>
      (account === undefined ? store.system : store.account(account)).table(
        regionalName(name, region, home),
      ),
  });
  return {
    keys: (account) => of(account).table("kms.keys"),
    aliases: (account) => of(account).table("kms.aliases"),
    customStores: (account) => of(account).table("kms.custom-key-stores"),
    externalStores: (account) => of(account).table("kms.external-key-stores"),
    grants: (account) => of(account).table("kms.grants"),
    keepers: of().table("kms.accounts"),
    versions: of().table("kms.versions"),
    retirable: of().table("kms.retirable"),
    due: of().table("kms.due"),
    usage: (account) => of(account).table("kms.usage"),
    usageSince: of().table("kms.usage"),
  };
}
