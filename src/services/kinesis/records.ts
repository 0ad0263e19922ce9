import type {
  PutRecordInput,
  PutRecordOutput,
  PutRecordsInput,
  PutRecordsOutput,
  PutRecordsRequestEntry,
  PutRecordsResultEntry,
} from "@aws-sdk/client-kinesis";
import { md5Hex } from "../../lib/hash.ts";
import { type Checked, operation, ServiceError } from "../../pipeline/operation.ts";
import type { Sealer } from "../../storage/store.ts";
import { findStream, type KinesisCall } from "./find-stream.ts";
import { throughputExceeded } from "./limits.ts";
import { type ShardRecord, type Stream, sequenceNumber, shardLog, shardName } from "./stream.ts";

const recordBytesMax = 10_485_760;
const requestBytesMax = 10_485_760;
const hashKeyMax = 2n ** 128n - 1n;

/** A record on its way into the log: where it goes and its bytes. */
interface Entry {
  readonly shard: ShardRecord;
  readonly bytes: Buffer;
}

/** Length of the partition key, before the key and the data. */
const headBytes = 2;

/** Writes one record; the answer comes when it is on disk. */
export const putRecord = operation("PutRecord", {
  data: true,
  readOnly: false,
  resolve: (input: Checked<PutRecordInput>, call: KinesisCall) => findStream(input, call),

  async handle(stream, input, call): Promise<PutRecordOutput> {
    const { shard, bytes } = entryOf(stream, input);
    const sealer = await call.own.sealers.forWriting(stream, call);
    const [result] = await append(stream, shard, [bytes], sealer, call);
    if (result?.ErrorCode !== undefined) throw throughputExceeded(result.ErrorMessage ?? "");
    return {
      ShardId: shard.id,
      SequenceNumber: result?.SequenceNumber,
      EncryptionType: sealer ? "KMS" : "NONE",
    };
  },
});

/** Writes up to 500 records; those of one shard in the order given. */
export const putRecords = operation("PutRecords", {
  data: true,
  readOnly: false,
  resolve: (input: Checked<PutRecordsInput>, call: KinesisCall) => findStream(input, call),

  async handle(stream, { Records }, call): Promise<PutRecordsOutput> {
    const entries = (Records ?? []).map((record) => entryOf(stream, record));
    const total = entries.reduce((sum, { bytes }) => sum + bytes.length - headBytes, 0);
    if (total > requestBytesMax) {
      throw new ServiceError(
        "InvalidArgumentException",
        "Records size exceeds 10 MB limit for PutRecords request.",
      );
    }
    const sealer = await call.own.sealers.forWriting(stream, call);
    const results = new Array<PutRecordsResultEntry>(entries.length);
    await Promise.all(
      [...byShard(entries)].map(async ([shard, positions]) => {
        const bytes = positions.map((position) => (entries[position] as Entry).bytes);
        const written = await append(stream, shard, bytes, sealer, call);
        for (const [index, position] of positions.entries()) {
          results[position] = written[index] as PutRecordsResultEntry;
        }
      }),
    );
    return {
      Records: results,
      FailedRecordCount: results.filter(({ ErrorCode }) => ErrorCode !== undefined).length,
      EncryptionType: sealer ? "KMS" : "NONE",
    };
  },
});

function byShard(entries: readonly Entry[]): Map<ShardRecord, number[]> {
  const positions = new Map<ShardRecord, number[]>();
  for (const [position, { shard }] of entries.entries()) {
    const list = positions.get(shard);
    if (list) list.push(position);
    else positions.set(shard, [position]);
  }
  return positions;
}

/** Appends what the shard has room for in this second; the others are reported one by one. */
async function append(
  stream: Stream,
  shard: ShardRecord,
  bytes: readonly Buffer[],
  sealer: Sealer | undefined,
  call: KinesisCall,
): Promise<PutRecordsResultEntry[]> {
  const { record } = stream;
  const bucket = shardName(record, shard);
  const admitted = bytes.map((one) =>
    call.own.limits.take(
      bucket,
      { writtenRecords: 1, writtenBytes: one.length - headBytes },
      call.timeMs,
    ),
  );
  const taken = bytes.filter((_one, index) => admitted[index]);
  const log = await shardLog(stream, shard);
  const first = taken.length === 0 ? 0 : await log.append(taken, call.timeMs, sealer);
  let next = first;
  return admitted.map((yes) =>
    yes
      ? { ShardId: shard.id, SequenceNumber: sequenceNumber(record, shard, next++) }
      : {
          ErrorCode: "ProvisionedThroughputExceededException",
          ErrorMessage: `Rate exceeded for shard ${shard.id} in stream ${record.name} under account ${stream.account}.`,
        },
  );
}

/** A record's bytes in the log: length of the partition key, the key, the data. */
function entryOf(
  { record }: Stream,
  { PartitionKey = "", ExplicitHashKey, Data = new Uint8Array() }: Partial<PutRecordsRequestEntry>,
): Entry {
  const keyBytes = Buffer.byteLength(PartitionKey);
  if (Data.length + keyBytes > recordBytesMax) {
    throw new ServiceError(
      "ValidationException",
      `1 validation error detected: Value at 'data' failed to satisfy constraint: Member must have length less than or equal to ${recordBytesMax}`,
    );
  }
  const bytes = Buffer.allocUnsafe(headBytes + keyBytes + Data.length);
  bytes.writeUInt16BE(keyBytes);
  bytes.write(PartitionKey, headBytes);
  bytes.set(Data, headBytes + keyBytes);
  return { shard: shardFor(record.shards, PartitionKey, ExplicitHashKey), bytes };
}

/** The partition key and the data of a record in the log. */
export function readEntry(bytes: Buffer): { partitionKey: string; data: Buffer } {
  const end = headBytes + bytes.readUInt16BE();
  return { partitionKey: bytes.toString("utf8", headBytes, end), data: bytes.subarray(end) };
}

function shardFor(
  shards: readonly ShardRecord[],
  partitionKey: string,
  explicit: string | undefined,
): ShardRecord {
  const hash = explicit === undefined ? undefined : BigInt(explicit);
  if (hash !== undefined && hash > hashKeyMax) {
    throw new ServiceError(
      "InvalidArgumentException",
      `Invalid ExplicitHashKey. ExplicitHashKey must be in the range: [0, 2^128-1]. Specified value was ${explicit}`,
    );
  }
  const [only] = shards;
  if (only && shards.length === 1) return only;
  const at = hash ?? BigInt(`0x${md5Hex(partitionKey)}`);
  const found = shards.find(({ endingHashKey }) => at <= BigInt(endingHashKey));
  if (!found) throw new ServiceError("InternalFailureException", "No shard covers the hash key");
  return found;
}
