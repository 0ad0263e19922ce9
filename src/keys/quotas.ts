import type { Clock } from "../lib/clock.ts";
import { ServiceError } from "../lib/service-error.ts";
import type { KeyRecord } from "./key-record.ts";
import { type KeyKind, specOf } from "./key-specs.ts";

/** Uses of one key a second, by its kind (KMS Developer Guide, "Request quotas"; there they are an account's). */
const perSecond: Readonly<Record<KeyKind, number>> = {
  symmetric: 10_000,
  hmac: 10_000,
  rsa: 1_000,
  ecc: 1_000,
  edwards: 1_000,
  sm2: 1_000,
  "ml-dsa": 1_000,
  "ml-kem": 1_000,
};
const perSecondInStore = 1_800;

/** By this tag the owner of a key lowers its quota: a whole number of uses a second. */
export const quotaTag = "bondstore:RequestsPerSecond";

export const isQuota = (value: string): boolean => /^[1-9]\d{0,8}$/.test(value);

/** Uses a second that a key allows. */
export function quotaOf({ spec, customKeyStore, tags }: KeyRecord): number {
  const usual = customKeyStore === undefined ? perSecond[specOf(spec).kind] : perSecondInStore;
  const own = tags[quotaTag];
  return own !== undefined && isQuota(own) ? Math.min(usual, Number(own)) : usual;
}

/** Wrapping keys for an import that an account may have made: each costs up to seconds of a core. */
const wrappingKeys = { perSecond: 0.25, atOnce: 20 };

const bucketsMax = 10_000;

interface Bucket {
  left: number;
  atMs: number;
}

/** How often keys may be used: a token bucket for each, which holds what a second allows. */
export class Quotas {
  readonly #clock: Clock;
  readonly #buckets = new Map<string, Bucket>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Counts one use. Throws ThrottlingException when the second's are used up. */
  takeUse({ arn, usesPerSecond }: { readonly arn: string; readonly usesPerSecond: number }): void {
    this.#take(arn, usesPerSecond, usesPerSecond);
  }

  /** Counts a wrapping key. */
  takeWrappingKey(account: string): void {
    this.#take(`wrapping keys of ${account}`, wrappingKeys.perSecond, wrappingKeys.atOnce);
  }

  #take(name: string, rate: number, size: number): void {
    const now = this.#clock.now();
    const bucket = this.#buckets.get(name) ?? this.#fill(name, size, now);
    const passedMs = now - bucket.atMs;
    if (passedMs !== 0) {
      bucket.left = Math.min(size, bucket.left + (Math.max(0, passedMs) * rate) / 1000);
      bucket.atMs = now;
    }
    if (bucket.left < 1) {
      throw new ServiceError(
        "ThrottlingException",
        "You have exceeded the rate at which you may call KMS. Reduce the frequency of your calls.",
      );
    }
    // What was lowered meanwhile counts at once.
    bucket.left = Math.min(bucket.left, size) - 1;
  }

  #fill(name: string, size: number, now: number): Bucket {
    const [oldest] = this.#buckets.keys();
    if (this.#buckets.size >= bucketsMax && oldest !== undefined) this.#buckets.delete(oldest);
    const bucket = { left: size, atMs: now };
    this.#buckets.set(name, bucket);
    return bucket;
  }
}
