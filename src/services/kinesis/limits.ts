import { ServiceError } from "../../pipeline/operation.ts";

/** What one shard takes and gives in a second (Kinesis developer guide, quotas and limits). */
const perSecond = {
  writtenBytes: 1_048_576,
  writtenRecords: 1000,
  readBytes: 2 * 1_048_576,
  reads: 5,
} as const;

type Measure = keyof typeof perSecond;

interface Bucket {
  readonly size: number;
  left: number;
  atMs: number;
}

/** A token bucket for each shard and measure, of one second's worth. */
export class ShardLimits {
  readonly #enforced: boolean;
  readonly #buckets = new Map<string, Bucket>();

  constructor(enforced: boolean) {
    this.#enforced = enforced;
  }

  /**
   * Takes from all measures or from none. False: the shard has had its share of this second. What is larger than a
   * second's share needs a whole one, and is paid back in the seconds after.
   */
  take(shard: string, wanted: Partial<Record<Measure, number>>, nowMs: number): boolean {
    if (!this.#enforced) return true;
    const parts = (Object.entries(wanted) as [Measure, number][]).map(([measure, amount]) => ({
      bucket: this.#refilled(shard, measure, nowMs),
      amount,
    }));
    if (parts.some(({ bucket, amount }) => bucket.left < Math.min(amount, bucket.size)))
      return false;
    for (const { bucket, amount } of parts) bucket.left -= amount;
    return true;
  }

  /** Takes after the fact what could not be known before: the next read waits until it is paid back. */
  charge(shard: string, measure: Measure, amount: number, nowMs: number): void {
    if (this.#enforced) this.#refilled(shard, measure, nowMs).left -= amount;
  }

  /** Forgets a shard's buckets. */
  forget(shard: string): void {
    for (const measure of Object.keys(perSecond)) this.#buckets.delete(`${shard} ${measure}`);
  }

  #refilled(shard: string, measure: Measure, nowMs: number): Bucket {
    const key = `${shard} ${measure}`;
    const size = perSecond[measure];
    const bucket = this.#buckets.get(key) ?? { size, left: size, atMs: nowMs };
    // A clock that was set back refills nothing, and takes nothing away.
    const passedMs = Math.max(0, nowMs - bucket.atMs);
    bucket.left = Math.min(size, bucket.left + (passedMs / 1000) * size);
    bucket.atMs = nowMs;
    this.#buckets.set(key, bucket);
    return bucket;
  }
}

/** The refusal of a read; a write of several records reports it for each. */
export const throughputExceeded = (what: string): ServiceError =>
  new ServiceError("ProvisionedThroughputExceededException", what);
