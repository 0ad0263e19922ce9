import type {
  GetRecordsInput,
  GetRecordsOutput,
  GetShardIteratorInput,
  GetShardIteratorOutput,
} from "@aws-sdk/client-kinesis";
import { type Checked, operation, ServiceError } from "../../pipeline/operation.ts";
import { storeFlows } from "../../pipeline/store-flows.ts";
import { findStream, type KinesisCall } from "./find-stream.ts";
import { throughputExceeded } from "./limits.ts";
import { readEntry } from "./records.ts";
import {
  offsetOf,
  type ShardRecord,
  type Stream,
  sequenceNumber,
  shardLog,
  shardName,
} from "./stream.ts";

const iteratorLivesMs = 5 * 60_000;
const responseBytesMax = 10 * 1_048_576;
const hourMs = 3_600_000;

/** What a shard iterator says. It grants nothing: access to its stream is judged on each use. */
interface Position {
  readonly arn: string;
  readonly streamId: string;
  readonly shard: string;
  readonly offset: number;
  readonly madeAtMs: number;
}

const writeIterator = ({ arn, streamId, shard, offset, madeAtMs }: Position): string =>
  Buffer.from(JSON.stringify([arn, streamId, shard, offset, madeAtMs])).toString("base64");

function readIterator(text: string): Position {
  try {
    const parts: unknown = JSON.parse(Buffer.from(text, "base64").toString());
    if (Array.isArray(parts) && parts.length === 5) {
      const [arn, streamId, shard, offset, madeAtMs] = parts as unknown[];
      const texts = [arn, streamId, shard].every((one) => typeof one === "string");
      if (texts && Number.isSafeInteger(offset) && (offset as number) >= 0) {
        return { arn, streamId, shard, offset, madeAtMs } as Position;
      }
    }
  } catch {
    // Not ours: refused below like any other text.
  }
  throw new ServiceError("InvalidArgumentException", "Invalid ShardIterator.");
}

/** The five ways to say where reading begins. */
export const getShardIterator = operation("GetShardIterator", {
  data: true,
  resolve: (input: Checked<GetShardIteratorInput>, call: KinesisCall) => findStream(input, call),

  async handle(stream, input, call): Promise<GetShardIteratorOutput> {
    const shard = findShard(stream, input.ShardId ?? "");
    const offset = await startOffset(stream, shard, input);
    return {
      ShardIterator: writeIterator({
        arn: stream.arn,
        streamId: stream.record.id,
        shard: shard.id,
        offset,
        madeAtMs: call.timeMs,
      }),
    };
  },
});

/** Reads on from an iterator. */
export const getRecords = operation("GetRecords", {
  data: true,
  resolve(input: Checked<GetRecordsInput>, call: KinesisCall) {
    const { arn } = readIterator(input.ShardIterator ?? "");
    return findStream({ StreamARN: arn }, call);
  },
  flows: (_input, stream, call) => storeFlows(stream, call),
  carries: ({ Records = [] }: GetRecordsOutput) => ({
    rows: Records.length,
    bytes: Records.reduce((sum, { Data }) => sum + (Data?.length ?? 0), 0),
  }),

  async handle(stream, { ShardIterator = "", Limit = 10_000 }, call): Promise<GetRecordsOutput> {
    const position = readIterator(ShardIterator);
    if (position.streamId !== stream.record.id) {
      throw new ServiceError("InvalidArgumentException", "Invalid ShardIterator.");
    }
    if (!(call.timeMs - position.madeAtMs <= iteratorLivesMs)) {
      throw new ServiceError(
        "ExpiredIteratorException",
        "Iterator expired. The iterator was created more than 5 minutes ago; get a new one.",
      );
    }
    const shard = findShard(stream, position.shard);
    const bucket = shardName(stream.record, shard);
    if (!call.own.limits.take(bucket, { reads: 1, readBytes: 0 }, call.timeMs)) {
      throw throughputExceeded(
        `Rate exceeded for shard ${shard.id} in stream ${stream.record.name} under account ${stream.account}.`,
      );
    }
    return read(stream, shard, position, Limit, call);
  },
});

async function read(
  stream: Stream,
  shard: ShardRecord,
  position: Position,
  limit: number,
  call: KinesisCall,
): Promise<GetRecordsOutput> {
  const { record } = stream;
  const log = await shardLog(stream, shard);
  const oldest = log.offsetAt(call.timeMs - record.retentionHours * hourMs);
  const from = Math.max(position.offset, oldest, log.firstOffset);
  const found =
    from < log.nextOffset
      ? await log.read(
          from,
          { records: limit, bytes: responseBytesMax },
          call.own.sealers.forReading(stream, call),
        )
      : [];
  const bytes = found.reduce((sum, { data }) => sum + data.length, 0);
  call.own.limits.charge(shardName(record, shard), "readBytes", bytes, call.timeMs);
  const last = found.at(-1);
  const next = last ? last.offset + 1 : from;
  return {
    Records: found.map(({ offset, timeMs, data: bytesOf }) => {
      const { partitionKey, data } = readEntry(bytesOf);
      return {
        SequenceNumber: sequenceNumber(record, shard, offset),
        ApproximateArrivalTimestamp: new Date(timeMs),
        Data: data,
        PartitionKey: partitionKey,
        EncryptionType: record.keyId === undefined ? "NONE" : "KMS",
      };
    }),
    NextShardIterator: writeIterator({ ...position, offset: next, madeAtMs: call.timeMs }),
    MillisBehindLatest: last && next < log.nextOffset ? Math.max(0, call.timeMs - last.timeMs) : 0,
  };
}

async function startOffset(
  stream: Stream,
  shard: ShardRecord,
  input: Checked<GetShardIteratorInput>,
): Promise<number> {
  const log = await shardLog(stream, shard);
  switch (input.ShardIteratorType) {
    case "TRIM_HORIZON":
      return log.firstOffset;
    case "LATEST":
      return log.nextOffset;
    case "AT_TIMESTAMP":
      if (!input.Timestamp) throw needs("Timestamp", "AT_TIMESTAMP");
      return log.offsetAt(input.Timestamp.getTime());
    default: {
      const sequence = input.StartingSequenceNumber;
      if (sequence === undefined) {
        throw needs("StartingSequenceNumber", input.ShardIteratorType ?? "");
      }
      const offset = offsetOf(stream.record, shard, sequence);
      if (offset === undefined || offset >= log.nextOffset) {
        throw new ServiceError(
          "InvalidArgumentException",
          `StartingSequenceNumber ${sequence} used in GetShardIterator on shard ${shard.id} in stream ${stream.record.name} under account ${stream.account} is invalid.`,
        );
      }
      const after = input.ShardIteratorType === "AFTER_SEQUENCE_NUMBER";
      return after ? offset + 1 : Math.max(offset, 0);
    }
  }
}

const needs = (member: string, type: string): ServiceError =>
  new ServiceError(
    "InvalidArgumentException",
    `Must either specify ${member} or use another ShardIteratorType than ${type}.`,
  );

function findShard({ record, account }: Stream, id: string): ShardRecord {
  const shard = record.shards.find((one) => one.id === id);
  if (shard) return shard;
  throw new ServiceError(
    "ResourceNotFoundException",
    `Shard ${id} in stream ${record.name} under account ${account} does not exist`,
  );
}
