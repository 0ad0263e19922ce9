import { assert } from "../lib/assert.ts";
import { KeyStore } from "./key-store.ts";
import type { KmsKey } from "./kms-key.ts";
import { createMaterialWrapper } from "./materials.ts";
import { Elsewhere, type PeerParts } from "./peers/elsewhere.ts";
import { RelatedKeys } from "./related-keys.ts";
import { noTokens } from "./token.ts";

type StoreParts = Omit<ConstructorParameters<typeof KeyStore>[0], "region" | "regions">;

/** The keys of every Region of this Bondstore. */
export class KeyRegions {
  readonly home: string;
  /** What related multi-Region keys have in common. */
  readonly related: RelatedKeys;
  /** Related keys in other Bondstores. */
  readonly elsewhere: Elsewhere;
  readonly #stores = new Map<string, KeyStore>();

  constructor(
    parts: StoreParts & PeerParts,
    dataKeys: ConstructorParameters<typeof KeyStore>[1],
    { home, further }: { readonly home: string; readonly further: readonly string[] },
  ) {
    this.home = home;
    const wrapper = createMaterialWrapper(parts);
    this.related = new RelatedKeys(this, parts, wrapper);
    this.elsewhere = new Elsewhere(this, parts, wrapper);
    for (const region of [home, ...further]) {
      // HSMs are at home, and a custom key store is where its HSMs are.
      const tokens = region === home ? parts.tokens : noTokens;
      const store = new KeyStore({ ...parts, tokens, region, regions: this }, dataKeys);
      this.#stores.set(region, store);
    }
  }

  /** The keys of a Region; undefined when it is none of ours. */
  find(region: string): KeyStore | undefined {
    return this.#stores.get(region);
  }

  /** The keys of a Region of ours. */
  at(region: string): KeyStore {
    const found = this.#stores.get(region);
    assert(found, "keys are asked for in Regions that are served");
    return found;
  }

  all(): Iterable<KeyStore> {
    return this.#stores.values();
  }

  /** Drops what is in memory of a key and of those that are related to it. */
  forget({
    account,
    record,
  }: Pick<KmsKey, "account"> & { readonly record: { readonly id: string } }) {
    for (const store of this.#stores.values()) {
      const related = store.findDue({ account, keyId: record.id });
      if (related) store.forget(related);
    }
  }
}
