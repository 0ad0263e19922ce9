import type { Store } from "../storage/store.ts";
import type { Grant } from "./key-record.ts";
import type { KeyTables } from "./key-tables.ts";
import { type Keyring, systemAccount } from "./keyring.ts";
import type { KmsKey } from "./kms-key.ts";

/** The grants of all keys on disk; each key in memory has its own at hand. */
export class GrantStore {
  readonly #store: Pick<Store, "transaction">;
  readonly #tables: KeyTables;
  readonly #keyring: Keyring;
  readonly #findKey: (account: string, id: string) => KmsKey | undefined;
  readonly #changed: (key: KmsKey) => void;

  constructor(parts: {
    readonly store: Pick<Store, "transaction">;
    readonly tables: KeyTables;
    readonly keyring: Keyring;
    readonly findKey: (account: string, id: string) => KmsKey | undefined;
    /** Told when a grant of the key is gone. */
    readonly changed: (key: KmsKey) => void;
  }) {
    this.#store = parts.store;
    this.#tables = parts.tables;
    this.#keyring = parts.keyring;
    this.#findKey = parts.findKey;
    this.#changed = parts.changed;
  }

  async add(key: KmsKey, grant: Grant): Promise<void> {
    const { account, record } = key;
    await this.#store.transaction(() => {
      this.#tables.grants(account).put([record.id, grant.id], grant);
      if (grant.retiring !== undefined) {
        this.#tables.retirable.put([grant.retiring, grant.id], { account, keyId: record.id });
      }
    });
    this.#findKey(account, record.id)?.grants.add(grant);
  }

  async remove(key: KmsKey, grant: Grant): Promise<void> {
    const { account, record } = key;
    await this.#store.transaction(() => this.erase(account, record.id, grant));
    this.#findKey(account, record.id)?.grants.remove(grant);
    this.#changed(key);
  }

  /** Removes what is stored of a grant; inside a transaction. */
  erase(account: string, keyId: string, grant: Grant): void {
    this.#tables.grants(account).remove([keyId, grant.id]);
    if (grant.retiring !== undefined) this.#tables.retirable.remove([grant.retiring, grant.id]);
  }

  /** Grants that a principal may retire, whatever account the keys are in, unless one is named. */
  *retirable(
    principalArn: string,
    account?: string,
    after?: string,
  ): Iterable<{ readonly key: KmsKey; readonly grant: Grant }> {
    const range = { prefix: [principalArn], ...(after && { after: [principalArn, after] }) };
    for (const { key, value } of this.#tables.retirable.range(range)) {
      if (account !== undefined && value.account !== account) continue;
      const found = this.#findKey(value.account, value.keyId);
      const grant = found?.grants.find(String(key[1]));
      if (found && grant) yield { key: found, grant };
    }
  }

  /** Names a grant to its holder, so that nobody can make one up. */
  token(key: KmsKey, grant: Grant): string {
    const place = JSON.stringify([key.account, key.record.id, grant.id]);
    return this.#keyring.wrap(systemAccount, Buffer.from(place), "grant token").toString("base64");
  }

  /** The grant that a token names; undefined when it is none of ours or the grant is gone. */
  findByToken(token: string): { readonly key: KmsKey; readonly grant: Grant } | undefined {
    const wrapped = Buffer.from(token, "base64");
    const place = this.#keyring.unwrap(systemAccount, wrapped, "grant token");
    if (!place) return undefined;
    const [account = "", keyId = "", grantId = ""]: string[] = JSON.parse(place.toString());
    const key = this.#findKey(account, keyId);
    const grant = key?.grants.find(grantId);
    return key && grant && { key, grant };
  }
}
