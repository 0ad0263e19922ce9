import type { Service } from "../../pipeline/operation.ts";
import * as encryption from "./encryption.ts";
import type { Kinesis } from "./find-stream.ts";
import { ShardLimits } from "./limits.ts";
import * as reading from "./reading.ts";
import * as records from "./records.ts";
import * as retention from "./retention.ts";
import { StreamSealers } from "./sealers.ts";
import * as shards from "./shards.ts";
import * as streams from "./streams.ts";
import * as tags from "./tags.ts";

/** Amazon Kinesis Data Streams. `shardLimits`: hold AWS's limits of a shard, or let the hardware decide. */
export const kinesis = (shardLimits: "enforce" | "lift"): Service<Kinesis> => ({
  name: "kinesis",
  prefix: "kinesis",
  eventSource: "kinesis.amazonaws.com",
  operations: [
    streams.createStream,
    streams.deleteStream,
    streams.describeStream,
    streams.describeStreamSummary,
    streams.listStreams,
    shards.listShards,
    records.putRecord,
    records.putRecords,
    reading.getShardIterator,
    reading.getRecords,
    encryption.startStreamEncryption,
    encryption.stopStreamEncryption,
    retention.increaseStreamRetentionPeriod,
    retention.decreaseStreamRetentionPeriod,
    tags.addTagsToStream,
    tags.listTagsForStream,
    tags.removeTagsFromStream,
  ],
  start: (parts) => ({
    limits: new ShardLimits(shardLimits === "enforce"),
    sealers: new StreamSealers(parts),
    stopTrimming: retention.startTrimming(parts),
  }),
  stop: ({ stopTrimming }) => stopTrimming(),
});
