import type { Call } from "../../pipeline/call.ts";
import { ServiceError, type Target } from "../../pipeline/operation.ts";
import type { ShardLimits } from "./limits.ts";
import type { StreamSealers } from "./sealers.ts";
import { noStream, type Stream, type StreamRecord, streamTable } from "./stream.ts";

/** What the service keeps in memory while it runs. */
export interface Kinesis {
  readonly limits: ShardLimits;
  readonly sealers: StreamSealers;
  readonly stopTrimming: () => Promise<void>;
}

export type KinesisCall = Call<Kinesis>;

/** How an input names a stream: by name in the caller's account, or by ARN in any. */
interface Named {
  readonly StreamName?: string | undefined;
  readonly StreamARN?: string | undefined;
}

const type = "AWS::Kinesis::Stream";
const arnForm = /^arn:aws:kinesis:([a-z0-9-]+):(\d{12}):stream\/([a-zA-Z0-9_.-]{1,128})$/;

export const streamArn = (call: Call, account: string, name: string): string =>
  `arn:aws:kinesis:${call.region}:${account}:stream/${name}`;

/** The stream that the input names. A missing one is refused only after access to its name was judged. */
export function findStream(input: Named, call: KinesisCall): Stream {
  const { account, name } = nameOf(input, call);
  const arn = streamArn(call, account, name);
  // Anybody may name any account; only one that is there is looked into, and stays in memory for it.
  const known = account === call.account || call.parts.directory.findAccount(account);
  const store = known ? call.parts.store.account(account) : call.store;
  const record = known ? streamTable(store).find([name]) : undefined;
  if (!record) {
    const refusal = noStream(name, account);
    return { arn, account, type, store, record: missing(name, arn), absent: { refusal } };
  }
  return streamTarget(record, account, call);
}

export function streamTarget(record: StreamRecord, account: string, call: KinesisCall): Stream {
  return {
    arn: record.arn,
    account,
    type,
    tags: record.tags,
    record,
    store: call.parts.store.account(account),
  };
}

/** What a list acts on: no single stream. */
export const everyStream = (call: KinesisCall): Target => ({ arn: "*", account: call.account });

function nameOf(
  { StreamName, StreamARN }: Named,
  call: KinesisCall,
): { account: string; name: string } {
  if (StreamARN === undefined) {
    if (StreamName !== undefined) return { account: call.account, name: StreamName };
    throw new ServiceError(
      "InvalidArgumentException",
      "Either StreamName or StreamARN must be specified.",
    );
  }
  const [, region, account, name] = arnForm.exec(StreamARN) ?? [];
  if (account === undefined || name === undefined || region !== call.region) {
    throw new ServiceError("InvalidArgumentException", `Invalid StreamARN: ${StreamARN}`);
  }
  if (StreamName !== undefined && StreamName !== name) {
    throw new ServiceError(
      "InvalidArgumentException",
      "StreamName and the name in StreamARN must be the same.",
    );
  }
  return { account, name };
}

const missing = (name: string, arn: string): StreamRecord => ({
  id: "",
  name,
  arn,
  createdAtMs: 0,
  mode: "PROVISIONED",
  shards: [],
  retentionHours: 24,
  tags: {},
});
