import { ServiceError, type Target } from "../../pipeline/operation.ts";
import type { AccountStore, Log, Table } from "../../storage/store.ts";

/** A shard as it is stored; hash keys are decimal 128-bit numbers (Kinesis API reference, HashKeyRange). */
export interface ShardRecord {
  /** `shardId-000000000000` */
  readonly id: string;
  readonly index: number;
  readonly startingHashKey: string;
  readonly endingHashKey: string;
}

/** A stream as it is stored, in the table `kinesis-streams` of its account, by name. */
export interface StreamRecord {
  /** Never used again, so that a new stream of the same name has none of the old one's records. */
  readonly id: string;
  readonly name: string;
  readonly arn: string;
  readonly createdAtMs: number;
  readonly mode: "PROVISIONED" | "ON_DEMAND";
  readonly shards: readonly ShardRecord[];
  readonly retentionHours: number;
  /** KeyId as the caller gave it to StartStreamEncryption. */
  readonly keyId?: string;
  readonly tags: Readonly<Record<string, string>>;
}

/** The stream that a call acts on. */
export interface Stream extends Target {
  readonly record: StreamRecord;
  readonly store: AccountStore;
}

export const streamTable = (store: AccountStore): Table<StreamRecord> =>
  store.table("kinesis-streams");

/** The refusal of a stream that is not there, or not any more. */
export const noStream = (name: string, account: string): ServiceError =>
  new ServiceError(
    "ResourceNotFoundException",
    `Stream ${name} under account ${account} not found.`,
  );

/** The stream as it is now. Refuses one that went meanwhile, also when another has its name. */
export function currentRecord({ record, store }: Pick<Stream, "record" | "store">): StreamRecord {
  const now = streamTable(store).find([record.name]);
  if (now?.id !== record.id) throw noStream(record.name, store.account);
  return now;
}

/** The log that holds a shard's records. To open the log of a stream that went would make it anew. */
export async function shardLog(
  stream: Pick<Stream, "record" | "store">,
  shard: ShardRecord,
): Promise<Log> {
  currentRecord(stream);
  return stream.store.log(logName(stream.record, shard));
}

/** What a shard is called among those of all streams. */
export const shardName = (stream: StreamRecord, shard: ShardRecord): string =>
  `${stream.id}/${shard.id}`;

export const logName = (stream: StreamRecord, shard: ShardRecord): string =>
  `kinesis/${shardName(stream, shard)}`;

const prefix = "49";
const numberDigits = 32;

/**
 * The sequence number of a record: 56 decimal digits that grow with the offset in the shard, as clients compare them
 * by value.
 */
export const sequenceNumber = (stream: StreamRecord, shard: ShardRecord, offset: number): string =>
  numbered(stream, shard, offset + 1);

/** Where a shard begins: before its first record. */
export const startingNumber = (stream: StreamRecord, shard: ShardRecord): string =>
  numbered(stream, shard, 0);

function numbered(stream: StreamRecord, shard: ShardRecord, number: number): string {
  const seconds = String(Math.floor(stream.createdAtMs / 1000)).padStart(12, "0");
  const index = String(shard.index).padStart(10, "0");
  return `${prefix}${seconds}${index}${String(number).padStart(numberDigits, "0")}`;
}

/** The offset behind a sequence number of this shard, -1 for where it begins; undefined when it is none of it. */
export function offsetOf(
  stream: StreamRecord,
  shard: ShardRecord,
  sequence: string,
): number | undefined {
  const start = startingNumber(stream, shard).slice(0, -numberDigits);
  if (!/^\d{56}$/.test(sequence) || !sequence.startsWith(start)) return undefined;
  const number = Number(sequence.slice(-numberDigits));
  return Number.isSafeInteger(number) ? number - 1 : undefined;
}

const hashSpace = 2n ** 128n;

/** Cuts the hash space into equal shards. */
export function evenShards(count: number): ShardRecord[] {
  const width = hashSpace / BigInt(count);
  return Array.from({ length: count }, (_, index) => ({
    id: `shardId-${String(index).padStart(12, "0")}`,
    index,
    startingHashKey: String(width * BigInt(index)),
    endingHashKey: String(index === count - 1 ? hashSpace - 1n : width * BigInt(index + 1) - 1n),
  }));
}
