import type { TestContext } from "node:test";
import {
  CreateStreamCommand,
  GetRecordsCommand,
  type GetRecordsCommandOutput,
  GetShardIteratorCommand,
  type GetShardIteratorCommandInput,
  KinesisClient,
} from "@aws-sdk/client-kinesis";
import type { Config } from "../../src/config.ts";
import { type Clock, systemClock } from "../../src/lib/clock.ts";
import { type Keys, type Running, startBondstore, type Tenant } from "./bondstore.ts";

export const firstShard = "shardId-000000000000";

/** A Bondstore with one tenant, and a stream of it with one shard. */
export interface KinesisBench {
  readonly running: Running;
  readonly acme: Tenant;
  readonly kinesis: KinesisClient;
  readonly StreamName: string;
  as(keys: Keys): KinesisClient;
}

export async function startKinesis(
  t: TestContext,
  more: Partial<Config> = {},
  clock: Clock = systemClock,
): Promise<KinesisBench> {
  const running = await startBondstore(t, more, undefined, clock);
  const acme = await running.tenant("acme");
  const as = (keys: Keys) => {
    const client = new KinesisClient(running.client(keys));
    // The SDK takes the time from every answer's Date header: before each request the test's own is put back.
    client.middlewareStack.add(
      (next) => (command) => {
        client.config.systemClockOffset = clock.now() - systemClock.now();
        return next(command);
      },
      { step: "initialize" },
    );
    t.after(() => client.destroy());
    return client;
  };
  const kinesis = as(acme.root);
  const StreamName = "orders";
  await kinesis.send(new CreateStreamCommand({ StreamName, ShardCount: 1 }));
  return { running, acme, kinesis, StreamName, as };
}

/** Begins to read a shard somewhere, once. */
export async function readFrom(
  kinesis: KinesisClient,
  from: Omit<GetShardIteratorCommandInput, "ShardId"> & { readonly ShardId?: string },
  Limit?: number,
): Promise<GetRecordsCommandOutput> {
  const { ShardIterator } = await kinesis.send(
    new GetShardIteratorCommand({ ShardId: firstShard, ...from }),
  );
  return kinesis.send(new GetRecordsCommand({ ShardIterator, ...(Limit && { Limit }) }));
}

/** The data of records, as text. */
export const texts = ({ Records = [] }: GetRecordsCommandOutput): string[] =>
  Records.map(({ Data }) => Buffer.from(Data ?? []).toString());
