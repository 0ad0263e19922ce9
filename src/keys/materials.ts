import { assert } from "../lib/assert.ts";
import type { Clock } from "../lib/clock.ts";
import type { Random } from "../lib/random.ts";
import { ServiceError } from "../lib/service-error.ts";
import { Corruption } from "../storage/store.ts";
import type { PrivateKey } from "./algorithms/kind.ts";
import { kindOfSpec } from "./algorithms/kinds.ts";
import type { KeyVersion } from "./key-record.ts";
import type { Keyring } from "./keyring.ts";
import type { KmsKey } from "./kms-key.ts";
import type { Vault } from "./vault.ts";
import { deriveKey, unwrapUnder, wrapUnder } from "./wrapping.ts";

/** No material stays in memory longer than this after it was unwrapped. */
const keptMs = 5 * 60_000;
const keptMax = 10_000;

/** What a material belongs to. */
export interface MaterialPlace {
  readonly account: string;
  /** ARN of the key. */
  readonly arn: string;
}

/**
 * Wraps materials: under the vault's secret of their key, and that under the root of their account. Without either
 * there is nothing; the first is what a deleted key takes with it. Imported material has a secret of its own besides,
 * because it can be deleted by itself.
 */
export interface MaterialWrapper {
  /** For imported material a new secret is made each time: what was wrapped under the old one is gone. */
  wrap(place: MaterialPlace, version: VersionName, material: Uint8Array): Buffer;
  /** Undefined when bytes, place, version or one of the secrets differ, or there is no material. */
  unwrap(
    place: MaterialPlace,
    version: VersionName & Pick<KeyVersion, "wrapped">,
  ): Buffer | undefined;
  /** Destroys the own secrets of imported material, in every copy as well. */
  destroy(place: MaterialPlace, versions: readonly VersionName[]): void;
}

type VersionName = Pick<KeyVersion, "id" | "imported">;

export function createMaterialWrapper(parts: {
  readonly keyring: Keyring;
  readonly vault: Vault;
  readonly random: Random;
}): MaterialWrapper {
  const { keyring, vault, random } = parts;
  const bound = ({ arn }: MaterialPlace, versionId: string) => `material ${arn} ${versionId}`;
  const keyOf = (place: MaterialPlace, { id, imported }: VersionName): Buffer | undefined => {
    const secret = vault.find(place.arn);
    const own = imported ? vault.find(bound(place, id)) : Buffer.alloc(0);
    return secret && own && deriveKey(secret, own, "material of a KMS key");
  };
  function destroy(place: MaterialPlace, versions: readonly VersionName[]): void {
    for (const { id, imported } of versions) if (imported) vault.destroy(bound(place, id));
  }
  return {
    wrap(place, version, material) {
      destroy(place, [version]);
      if (version.imported) vault.make(bound(place, version.id));
      const key = keyOf(place, version);
      assert(key, "the vault has a secret of each key");
      const inner = wrapUnder(key, material, bound(place, version.id), random);
      return keyring.wrap(place.account, inner, bound(place, version.id));
    },
    unwrap(place, version) {
      const { id, wrapped } = version;
      const key = keyOf(place, version);
      const inner = key && wrapped && keyring.unwrap(place.account, wrapped, bound(place, id));
      return inner && unwrapUnder(key, inner, bound(place, id));
    },
    destroy,
  };
}

interface Kept {
  readonly material: Buffer;
  readonly untilMs: number;
  /** What the material does, once it was needed. */
  opened?: PrivateKey;
}

/** Imported material has reached its end, or is not imported here yet. */
export const awaited = ({ arn }: KmsKey) =>
  new ServiceError("KMSInvalidStateException", `${arn} is pending import.`);

/** Materials of key versions in memory: unwrapped when first used, wiped when old or dropped. */
export class Materials {
  readonly #wrapper: MaterialWrapper;
  readonly #clock: Clock;
  readonly #random: Random;
  /** In the order in which they were unwrapped. */
  readonly #kept = new Map<string, Kept>();

  constructor(wrapper: MaterialWrapper, clock: Clock, random: Random) {
    this.#wrapper = wrapper;
    this.#clock = clock;
    this.#random = random;
  }

  /** The material of a version, for use at once. Throws `Corruption`. */
  of(key: KmsKey, version: KeyVersion): Buffer {
    const now = this.#clock.now();
    if ((version.imported?.validToMs ?? now + 1) <= now) throw awaited(key);
    const kept = this.#kept.get(version.id);
    if (kept && kept.untilMs > now) return kept.material;
    const material = this.#wrapper.unwrap(key, version);
    if (!material) throw new Corruption(`material ${version.id} of ${key.arn}`);
    this.drop(version.id);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size >= keptMax && oldest !== undefined) this.drop(oldest);
    this.#kept.set(version.id, { material, untilMs: now + keptMs });
    return material;
  }

  /** What the material of a version does, for use at once. It goes with the material. Throws `Corruption`. */
  opened(key: KmsKey, version: KeyVersion): PrivateKey {
    const material = this.of(key, version);
    const kept = this.#kept.get(version.id);
    assert(kept, "a material that was asked for is kept");
    const { spec } = key.record;
    kept.opened ??= kindOfSpec(spec).openPrivate(spec, material, this.#random);
    return kept.opened;
  }

  /** Wipes the material of one version. */
  drop(versionId: string): void {
    const kept = this.#kept.get(versionId);
    kept?.material.fill(0);
    kept?.opened?.wipe?.();
    this.#kept.delete(versionId);
  }

  /** Wipes what is old, used or not. */
  dropOld(): void {
    const now = this.#clock.now();
    for (const [id, { untilMs }] of this.#kept) {
      if (untilMs > now) break;
      this.drop(id);
    }
  }

  dropAll(): void {
    for (const id of [...this.#kept.keys()]) this.drop(id);
  }
}
