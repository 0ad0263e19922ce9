import type { Clock } from "../lib/clock.ts";
import { Corruption } from "../storage/store.ts";
import type { KeyVersion } from "./key-record.ts";
import type { Keyring } from "./keyring.ts";
import type { KmsKey } from "./kms-key.ts";

/** No material stays in memory longer than this after it was unwrapped. */
const keptMs = 5 * 60_000;
const keptMax = 10_000;

/** Materials of key versions in memory: unwrapped when first used, wiped when old or dropped. */
export class Materials {
  readonly #keyring: Keyring;
  readonly #clock: Clock;
  /** In the order in which they were unwrapped. */
  readonly #kept = new Map<string, { readonly material: Buffer; readonly untilMs: number }>();

  constructor(keyring: Keyring, clock: Clock) {
    this.#keyring = keyring;
    this.#clock = clock;
  }

  /** What a wrapped material is bound to. */
  static bound(keyId: string, versionId: string): string {
    return `material ${keyId} ${versionId}`;
  }

  /** The material of a version, for use at once. Throws `Corruption`. */
  of(key: KmsKey, version: KeyVersion): Buffer {
    const now = this.#clock.now();
    const kept = this.#kept.get(version.id);
    if (kept && kept.untilMs > now) return kept.material;
    const bound = Materials.bound(key.record.id, version.id);
    const material = this.#keyring.unwrap(key.account, version.wrapped, bound);
    if (!material) throw new Corruption(`material ${version.id} of ${key.arn}`);
    this.drop(version.id);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size >= keptMax && oldest !== undefined) this.drop(oldest);
    this.#kept.set(version.id, { material, untilMs: now + keptMs });
    return material;
  }

  /** Wipes the material of one version. */
  drop(versionId: string): void {
    this.#kept.get(versionId)?.material.fill(0);
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
