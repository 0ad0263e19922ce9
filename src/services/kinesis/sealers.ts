import type { Context, KeyUse } from "../../keys/keys.ts";
import type { Call, Parts } from "../../pipeline/call.ts";
import { keyUse } from "../../pipeline/key-use.ts";
import { ServiceError } from "../../pipeline/operation.ts";
import type { Sealer } from "../../storage/store.ts";
import { keepKey, keptKey, keyUsedForMs } from "./data-keys.ts";
import type { Stream, StreamRecord } from "./stream.ts";

const openMax = 1000;

interface Current {
  readonly sealer: Sealer;
  readonly keyId: string;
  readonly keyArn: string;
  readonly madeAtMs: number;
}

interface Opened {
  readonly sealer: Sealer;
  readonly keyArn: string;
  readonly openedAtMs: number;
}

/**
 * The data keys of encrypted streams. Producers need kms:GenerateDataKey and consumers kms:Decrypt: the key service
 * judges both on each call, also while a data key is still in memory.
 */
export class StreamSealers {
  readonly #parts: Parts;
  readonly #current = new Map<string, Current>();
  readonly #opened = new Map<string, Opened>();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** What seals new records; undefined for a stream without a key of its own. */
  async forWriting(stream: Stream, call: Call): Promise<Sealer | undefined> {
    const { record, arn } = stream;
    const { keyId } = record;
    if (keyId === undefined) return undefined;
    const context = contextOf(arn);
    const use = useFor(call, record.arn);
    const current = this.#current.get(record.id);
    if (current && current.keyId === keyId && call.timeMs - current.madeAtMs < keyUsedForMs) {
      kmsWords(() => this.#parts.keys.check("GenerateDataKey", current.keyArn, context, use));
      return current.sealer;
    }
    const made = await kmsWordsAsync(this.#parts.keys.dataKey(keyId, context, use));
    const { sealer, wrapped, keyArn } = made;
    await this.#parts.store.transaction(() =>
      keepKey(stream, sealer.id, { wrapped, keyArn, madeAtMs: call.timeMs }),
    );
    const fresh = { sealer, keyId, keyArn, madeAtMs: call.timeMs };
    this.#current.set(record.id, fresh);
    return fresh.sealer;
  }

  /** Finds what opens records of the stream, for one call. */
  forReading(stream: Stream, call: Call): (id: string) => Promise<Sealer> {
    const { record, arn } = stream;
    const context = contextOf(arn);
    const use = useFor(call, record.arn);
    return async (id) => {
      const name = `${record.id} ${id}`;
      const opened = this.#opened.get(name);
      if (opened && call.timeMs - opened.openedAtMs < keyUsedForMs) {
        kmsWords(() => this.#parts.keys.check("Decrypt", opened.keyArn, context, use));
        return opened.sealer;
      }
      const kept = keptKey(stream, id);
      if (!kept) {
        throw new ServiceError("InternalFailureException", `Data key ${id} of ${arn} is missing`);
      }
      const sealer = await kmsWordsAsync(this.#parts.keys.openDataKey(kept.wrapped, context, use));
      if (this.#opened.size >= openMax) this.#opened.clear();
      this.#opened.set(name, { sealer, keyArn: kept.keyArn, openedAtMs: call.timeMs });
      return sealer;
    };
  }

  /** Drops what is in memory for a stream that is gone. */
  forget({ id }: StreamRecord): void {
    this.#current.delete(id);
    for (const name of this.#opened.keys()) {
      if (name.startsWith(`${id} `)) this.#opened.delete(name);
    }
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
};

function inKinesisWords(error: unknown): unknown {
  if (!(error instanceof ServiceError)) return error;
  return new ServiceError(kmsCodes[error.code] ?? error.code, error.message, error.details);
}

function kmsWords(work: () => void): void {
  try {
    work();
  } catch (error) {
    throw inKinesisWords(error);
  }
}

export async function kmsWordsAsync<Result>(work: Promise<Result>): Promise<Result> {
  try {
    return await work;
  } catch (error) {
    throw inKinesisWords(error);
  }
}
