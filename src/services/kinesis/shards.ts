import type { ListShardsInput, ListShardsOutput } from "@aws-sdk/client-kinesis";
import { type Checked, operation, ServiceError } from "../../pipeline/operation.ts";
import { findStream, type KinesisCall } from "./find-stream.ts";
import { pageOfShards } from "./streams.ts";

/** A page of ListShards: which stream, and the last shard shown. Checked again like any name. */
interface Token {
  readonly arn: string;
  readonly after: string;
}

function readToken(text: string): Token {
  try {
    const { arn, after } = JSON.parse(Buffer.from(text, "base64url").toString()) as Partial<Token>;
    if (typeof arn === "string" && typeof after === "string") return { arn, after };
  } catch {
    // Not ours: refused below like any other text.
  }
  throw new ServiceError("ExpiredNextTokenException", "The NextToken is invalid or has expired.");
}

const writeToken = (token: Token): string =>
  Buffer.from(JSON.stringify(token)).toString("base64url");

/**
 * Lists shards. All shards of a stream are open, so that every kind of ShardFilter selects all of them but
 * AFTER_SHARD_ID.
 */
export const listShards = operation("ListShards", {
  resolve(input: Checked<ListShardsInput>, call: KinesisCall) {
    if (input.NextToken === undefined) return findStream(input, call);
    if (input.StreamName !== undefined) {
      throw new ServiceError(
        "InvalidArgumentException",
        "NextToken and StreamName cannot be provided together.",
      );
    }
    return findStream({ StreamARN: readToken(input.NextToken).arn }, call);
  },

  handle({ arn, record }, input): ListShardsOutput {
    const { MaxResults = 1000, NextToken, ExclusiveStartShardId, ShardFilter } = input;
    const after =
      NextToken !== undefined
        ? readToken(NextToken).after
        : (ExclusiveStartShardId ??
          (ShardFilter?.Type === "AFTER_SHARD_ID" ? ShardFilter.ShardId : undefined));
    const { shards, more } = pageOfShards(record, MaxResults, after);
    const last = shards.at(-1)?.ShardId;
    return {
      Shards: shards,
      ...(more && last !== undefined && { NextToken: writeToken({ arn, after: last }) }),
    };
  },
});
