import type {
  CreateStreamInput,
  DeleteStreamInput,
  DescribeStreamInput,
  DescribeStreamOutput,
  DescribeStreamSummaryInput,
  DescribeStreamSummaryOutput,
  ListStreamsInput,
  ListStreamsOutput,
  Shard,
  StreamDescriptionSummary,
} from "@aws-sdk/client-kinesis";
import { requestTags } from "../../access/request-tags.ts";
import { type Checked, operation, ServiceError } from "../../pipeline/operation.ts";
import { forgetKeys } from "./data-keys.ts";
import { everyStream, findStream, type KinesisCall, streamArn } from "./find-stream.ts";
import {
  evenShards,
  logName,
  type ShardRecord,
  type StreamRecord,
  shardName,
  startingNumber,
  streamTable,
} from "./stream.ts";
import { checkTags } from "./tags.ts";

/** Default quotas of an account (Kinesis developer guide, quotas and limits). */
const shardsMax = 500;
const onDemandShards = 4;

/** Makes a stream, ready at once. */
export const createStream = operation("CreateStream", {
  resolve: ({ StreamName }: Checked<CreateStreamInput>, call: KinesisCall) => ({
    arn: streamArn(call, call.account, StreamName ?? ""),
    account: call.account,
    type: "AWS::Kinesis::Stream",
  }),

  context: ({ Tags = {} }) => requestTags(Object.entries(Tags)),

  async handle({ arn }, input, call): Promise<void> {
    const mode = input.StreamModeDetails?.StreamMode ?? "PROVISIONED";
    const shards = mode === "ON_DEMAND" ? onDemandShards : input.ShardCount;
    if (shards === undefined || (mode === "ON_DEMAND" && input.ShardCount !== undefined)) {
      throw new ServiceError(
        "ValidationException",
        mode === "ON_DEMAND"
          ? "ShardCount must not be given for an on-demand stream."
          : "ShardCount is required for a provisioned stream.",
      );
    }
    const name = input.StreamName ?? "";
    checkTags(name, input.Tags ?? {});
    const record: StreamRecord = {
      id: call.parts.random.uuid(),
      name,
      arn,
      createdAtMs: call.timeMs,
      mode,
      shards: evenShards(Math.min(shards, shardsMax + 1)),
      retentionHours: 24,
      tags: { ...input.Tags },
    };
    const table = streamTable(call.store);
    await call.parts.store.transaction(() => {
      if (table.find([name])) {
        throw new ServiceError(
          "ResourceInUseException",
          `Stream ${name} under account ${call.account} already exists.`,
        );
      }
      let used = shards;
      for (const { value } of table.range()) used += value.shards.length;
      if (used > shardsMax) {
        throw new ServiceError(
          "LimitExceededException",
          `This request would exceed the shard limit for the account ${call.account} in ${call.region}. Limit: ${shardsMax}.`,
        );
      }
      table.put([name], record);
    });
  },
});

/** Removes a stream with all its records. */
export const deleteStream = operation("DeleteStream", {
  resolve: (input: Checked<DeleteStreamInput>, call: KinesisCall) => findStream(input, call),

  async handle(stream, _input, call): Promise<void> {
    const { record, store } = stream;
    const table = streamTable(store);
    await call.parts.store.transaction(() => {
      if (table.find([record.name])?.id !== record.id) return;
      table.remove([record.name]);
      forgetKeys(stream);
    });
    for (const shard of record.shards) {
      await store.removeLog(logName(record, shard));
      call.own.limits.forget(shardName(record, shard));
    }
  },
});

export const describeStream = operation("DescribeStream", {
  resolve: (input: Checked<DescribeStreamInput>, call: KinesisCall) => findStream(input, call),

  handle({ record }, { Limit = 100, ExclusiveStartShardId }): DescribeStreamOutput {
    const { shards, more } = pageOfShards(record, Limit, ExclusiveStartShardId);
    const { OpenShardCount: _, ConsumerCount: __, ...summary } = summaryOf(record);
    return { StreamDescription: { ...summary, Shards: shards, HasMoreShards: more } };
  },
});

export const describeStreamSummary = operation("DescribeStreamSummary", {
  resolve: (input: Checked<DescribeStreamSummaryInput>, call: KinesisCall) =>
    findStream(input, call),

  handle: ({ record }): DescribeStreamSummaryOutput => ({
    StreamDescriptionSummary: summaryOf(record),
  }),
});

export const listStreams = operation("ListStreams", {
  resolve: (_input: Checked<ListStreamsInput>, call: KinesisCall) => everyStream(call),

  handle(_target, { Limit = 100, NextToken, ExclusiveStartStreamName }, call): ListStreamsOutput {
    const after = NextToken ?? ExclusiveStartStreamName;
    const found = [
      ...streamTable(call.store).range({
        limit: Limit + 1,
        ...(after !== undefined && { after: [after] }),
      }),
    ].map(({ value }) => value);
    const shown = found.slice(0, Limit);
    const more = found.length > Limit;
    return {
      StreamNames: shown.map(({ name }) => name),
      StreamSummaries: shown.map((record) => ({
        StreamName: record.name,
        StreamARN: record.arn,
        StreamStatus: "ACTIVE",
        StreamModeDetails: { StreamMode: record.mode },
        StreamCreationTimestamp: new Date(record.createdAtMs),
      })),
      HasMoreStreams: more,
      ...(more && { NextToken: shown.at(-1)?.name }),
    };
  },
});

/** One page of shards, as DescribeStream and ListShards show them. */
export function pageOfShards(
  record: StreamRecord,
  limit: number,
  after?: string,
): { readonly shards: Shard[]; readonly more: boolean } {
  const rest = record.shards.filter(({ id }) => after === undefined || id > after);
  const shards = rest.slice(0, limit).map((shard) => shardOf(record, shard));
  return { shards, more: rest.length > limit };
}

const shardOf = (stream: StreamRecord, shard: ShardRecord): Shard => ({
  ShardId: shard.id,
  HashKeyRange: {
    StartingHashKey: shard.startingHashKey,
    EndingHashKey: shard.endingHashKey,
  },
  SequenceNumberRange: { StartingSequenceNumber: startingNumber(stream, shard) },
});

function summaryOf(record: StreamRecord): StreamDescriptionSummary {
  return {
    StreamName: record.name,
    StreamARN: record.arn,
    StreamStatus: "ACTIVE",
    StreamModeDetails: { StreamMode: record.mode },
    RetentionPeriodHours: record.retentionHours,
    StreamCreationTimestamp: new Date(record.createdAtMs),
    EnhancedMonitoring: [{ ShardLevelMetrics: [] }],
    EncryptionType: record.keyId === undefined ? "NONE" : "KMS",
    ...(record.keyId !== undefined && { KeyId: record.keyId }),
    OpenShardCount: record.shards.length,
    ConsumerCount: 0,
  };
}
