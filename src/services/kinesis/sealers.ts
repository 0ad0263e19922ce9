import type { Context, KeyUse } from "../../keys/keys.ts";
import type { Call, Parts } from "../../pipeline/call.ts";
import { keyUse } from "../../pipeline/key-use.ts";
import { ServiceError } from "../../pipeline/operation.ts";
import type { Sealer } from "../../storage/store.ts";
import { keepKey, keptKey } from "./data-keys.ts";
import type { Stream } from "./stream.ts";

/**
 * The data keys of encrypted streams. Producers need kms:GenerateDataKey and consumers kms:Decrypt: the key service
 * judges both on each call, also while a data key is still in memory.
 */
export class StreamSealers {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** What seals new records; undefined for a stream without a key of its own. */
  async forWriting(stream: Stream, call: Call): Promise<Sealer | undefined> {
    const { record, arn } = stream;
    const { keyId } = record;
    if (keyId === undefined) return undefined;
    const use = useFor(call, record.arn);
    const { sealer, wrapped, keyArn } = await kmsWords(
      this.#parts.keys.sharedDataKey(keyId, contextOf(arn), use),
    );
    if (!keptKey(stream, sealer.id)) {
      await this.#parts.store.transaction(() => {
        if (keptKey(stream, sealer.id)) return;
        keepKey(stream, sealer.id, { wrapped, keyArn, madeAtMs: call.timeMs });
      });
    }
    return sealer;
  }

  /** Finds what opens records of the stream, for one call. */
  forReading(stream: Stream, call: Call): (id: string) => Promise<Sealer> {
    const { record, arn } = stream;
    const use = useFor(call, record.arn);
    return async (id) => {
      const kept = keptKey(stream, id);
      if (!kept) {
        throw new ServiceError("InternalFailureException", `Data key ${id} of ${arn} is missing`);
      }
      return kmsWords(this.#parts.keys.openSharedDataKey(kept.wrapped, contextOf(arn), use));
    };
  }
}

const contextOf = (arn: string): Context => ({ "aws:kinesis:arn": arn });

/** The caller uses the key through Kinesis. */
export const useFor = (call: Call, sourceArn: string): KeyUse =>
  keyUse(call, "kinesis", { sourceArn });

/** Kinesis's own names for the refusals of KMS (Kinesis API reference, PutRecords, errors). */
const kmsCodes: Readonly<Record<string, string>> = {
  AccessDeniedException: "KMSAccessDeniedException",
  DisabledException: "KMSDisabledException",
  KMSInvalidStateException: "KMSInvalidStateException",
  NotFoundException: "KMSNotFoundException",
  ThrottlingException: "KMSThrottlingException",
};

function inKinesisWords(error: unknown): unknown {
  if (!(error instanceof ServiceError)) return error;
  return new ServiceError(kmsCodes[error.code] ?? error.code, error.message, error.details);
}

export async function kmsWords<Result>(work: Promise<Result>): Promise<Result> {
  try {
    return await work;
  } catch (error) {
    throw inKinesisWords(error);
  }
}
