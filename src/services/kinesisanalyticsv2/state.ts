import type { Parts } from "../../pipeline/call.ts";
import {
  type ApplicationRecord,
  bucketName,
  checkpointsPrefix,
  type Run,
  snapshotPrefix,
} from "./records.ts";
import { asService, clearState, listState } from "./state-bucket.ts";

/** The state of one application: what its bucket holds. */
export interface KeptState {
  /** Where a run goes on: its newest complete checkpoint, or else the state that it began with. */
  newest(run: Run | undefined): Promise<string | undefined>;
  /** Path of a snapshot whose files are all there. */
  completeSnapshot(name: string): Promise<string | undefined>;
  /** Removes the checkpoints of other runs and jobs than this one; of all, without one. */
  clearCheckpoints(kept?: { readonly run: Run; readonly jobId: string }): Promise<void>;
  clearSnapshot(name: string): Promise<void>;
  /** Removes everything, and the bucket. */
  remove(): Promise<void>;
}

const removalsMax = 20;
const removalPauseMs = 100;

/** Flink writes it last: a directory that has it is complete. */
const metadata = "/_metadata";

export function keptState(
  { arn, id }: Pick<ApplicationRecord, "arn" | "id">,
  account: string,
  parts: Parts,
): KeptState {
  const bucket = bucketName(account, { id });
  const list = (prefix: string) => listState(bucket, prefix, account, arn, parts);
  const clear = (prefix: string, but?: string) =>
    ifThere(clearState(bucket, prefix, account, arn, parts, but));

  async function newestBelow(prefix: string): Promise<string | undefined> {
    const complete = ((await ifThere(list(prefix))) ?? [])
      .filter(({ key }) => key.endsWith(metadata))
      .sort((left, right) => right.modifiedAtMs - left.modifiedAtMs);
    const [newest] = complete;
    return newest && `s3://${bucket}/${newest.key.slice(0, -metadata.length)}`;
  }

  return {
    newest: async (run) => run && ((await newestBelow(`${checkpointsPrefix(run)}/`)) ?? run.from),
    completeSnapshot: (name) => newestBelow(`${snapshotPrefix(name)}/`),
    async clearCheckpoints(kept) {
      await clear("checkpoints/", kept && `${checkpointsPrefix(kept.run)}/${kept.jobId}/`);
    },
    async clearSnapshot(name) {
      await clear(`${snapshotPrefix(name)}/`);
    },
    async remove() {
      const as = asService(account, arn);
      // What its cell was writing when it was ended may still arrive.
      for (let attempt = 1; ; attempt += 1) {
        await clear("");
        try {
          await ifThere(parts.invoke("s3", "DeleteBucket", { Bucket: bucket }, as));
          return;
        } catch (error) {
          if (!isNotEmpty(error) || attempt === removalsMax) throw error;
        }
        await new Promise((resolve) => setTimeout(resolve, removalPauseMs));
      }
    },
  };
}

const isNotEmpty = (error: unknown): boolean =>
  error instanceof Error && "code" in error && error.code === "BucketNotEmpty";

/** An application that was never started has no bucket. */
async function ifThere<Result>(work: Promise<Result>): Promise<Result | undefined> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "NoSuchBucket")
      return undefined;
    throw error;
  }
}
