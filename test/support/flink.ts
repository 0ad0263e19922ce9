import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import {
  CloudTrailClient,
  LookupEventsCommand,
  type LookupEventsCommandOutput,
} from "@aws-sdk/client-cloudtrail";
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from "@aws-sdk/client-iam";
import {
  CreateStreamCommand,
  KinesisClient,
  PutRecordsCommand,
  StartStreamEncryptionCommand,
} from "@aws-sdk/client-kinesis";
import {
  CreateApplicationCommand,
  type CreateApplicationRequest,
  DescribeApplicationCommand,
  DescribeApplicationOperationCommand,
  KinesisAnalyticsV2Client,
  ListApplicationOperationsCommand,
} from "@aws-sdk/client-kinesis-analytics-v2";
import { CreateAliasCommand, CreateKeyCommand, KMSClient } from "@aws-sdk/client-kms";
import {
  CreateBucketCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  S3Client,
} from "@aws-sdk/client-s3";
import type { Keys } from "./bondstore.ts";
import { until } from "./until.ts";

/** Where a Bondstore serves, and for whom. */
export interface Place {
  readonly endpoint: string;
  readonly region: string;
  readonly account: string;
  readonly credentials: Keys;
}

const service = "kinesisanalytics.amazonaws.com";
const document = (...Statement: object[]) => JSON.stringify({ Version: "2012-10-17", Statement });

/** Clients of everything that an application needs, for one tenant. */
export function clientsOf({ endpoint, region, credentials }: Place) {
  const given = { endpoint, region, credentials, maxAttempts: 1 };
  return {
    flink: new KinesisAnalyticsV2Client(given),
    kinesis: new KinesisClient(given),
    s3: new S3Client({ ...given, forcePathStyle: true }),
    kms: new KMSClient(given),
    iam: new IAMClient(given),
    trail: new CloudTrailClient(given),
  };
}

export type Clients = ReturnType<typeof clientsOf>;

/** Key policy: the account's own policies decide, and the service may use it for the account's applications. */
export const keyPolicy = (account: string): string =>
  document(
    {
      Effect: "Allow",
      Principal: { AWS: `arn:aws:iam::${account}:root` },
      Action: "kms:*",
      Resource: "*",
    },
    {
      Effect: "Allow",
      Principal: { Service: [service, `infrastructure.${service}`] },
      Action: [
        "kms:DescribeKey",
        "kms:Decrypt",
        "kms:GenerateDataKey",
        "kms:GenerateDataKeyWithoutPlaintext",
        "kms:CreateGrant",
      ],
      Resource: "*",
      Condition: { StringEquals: { "aws:SourceAccount": account } },
    },
  );

/** A role that the service may assume, with these actions allowed. */
export async function makeRole(
  { iam }: Clients,
  RoleName: string,
  actions: readonly string[] = ["kinesis:*", "s3:*", "kms:*"],
  trusted = service,
): Promise<void> {
  const trust = { Effect: "Allow", Principal: { Service: trusted }, Action: "sts:AssumeRole" };
  await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: document(trust) }));
  const PolicyDocument = document({ Effect: "Allow", Action: actions, Resource: "*" });
  await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: "work", PolicyDocument }));
}

/** A key with an alias, a role, an encrypted stream of one shard, and a bucket. Answers the key's ARN. */
export async function prepare(clients: Clients, { account }: Place): Promise<string> {
  const { kms, kinesis, s3 } = clients;
  const made = await kms.send(new CreateKeyCommand({ Policy: keyPolicy(account) }));
  const key = made.KeyMetadata?.Arn ?? "";
  await kms.send(new CreateAliasCommand({ AliasName: "alias/orders", TargetKeyId: key }));
  await makeRole(clients, "flink");
  await s3.send(new CreateBucketCommand({ Bucket: "results" }));
  await kinesis.send(new CreateStreamCommand({ StreamName: "orders", ShardCount: 1 }));
  const encryption = { EncryptionType: "KMS", KeyId: "alias/orders" } as const;
  await kinesis.send(new StartStreamEncryptionCommand({ StreamName: "orders", ...encryption }));
  return key;
}

/** Sums orders by ten seconds of event time and region. All state goes into files of its own, as larger state does. */
export const sumsScript = (stream = "orders", place = "s3://results/sums"): string => `
SET 'execution.checkpointing.data-inline-threshold' = '0 b';
CREATE TABLE orders (region STRING, amount BIGINT, ts BIGINT,
  moment AS TO_TIMESTAMP_LTZ(ts, 3), WATERMARK FOR moment AS moment)
  WITH ('connector' = 'kinesis', 'stream' = '${stream}', 'aws.region' = 'us-east-1',
    'aws.endpoint' = '{{BONDSTORE_ENDPOINT}}', 'aws.credentials.provider' = 'AUTO',
    'scan.stream.initpos' = 'TRIM_HORIZON', 'format' = 'json');
CREATE TABLE sums (starts TIMESTAMP_LTZ(3), region STRING, total BIGINT)
  WITH ('connector' = 'filesystem', 'path' = '${place}', 'format' = 'json',
    'sink.rolling-policy.rollover-interval' = '1 s', 'sink.rolling-policy.check-interval' = '1 s');
INSERT INTO sums SELECT window_start, region, SUM(amount)
  FROM TABLE(TUMBLE(TABLE orders, DESCRIPTOR(moment), INTERVAL '10' SECOND))
  GROUP BY window_start, window_end, region;
`;

const regions = ["eu", "us"] as const;
const startMs = 1_700_000_000_000;
const perSecond = 100;
const windowMs = 10_000;

/** Writes orders `from` up to, not including, `to`: a hundred for each second of event time. */
export async function putOrders(
  { kinesis }: Clients,
  from: number,
  to: number,
  StreamName = "orders",
) {
  for (let at = from; at < to; at += 500) {
    const count = Math.min(500, to - at);
    const Records = Array.from({ length: count }, (_, index) => ({
      Data: Buffer.from(JSON.stringify(orderOf(at + index))),
      PartitionKey: "one",
    }));
    const { FailedRecordCount } = await kinesis.send(
      new PutRecordsCommand({ StreamName, Records }),
    );
    assert.equal(FailedRecordCount, 0);
    await sleep(510);
  }
}

const orderOf = (index: number) => ({
  region: regions[index % 2],
  amount: 1 + (index % 7),
  ts: startMs + (index * 1000) / perSecond,
});

/** The sums of the first orders, without the last window: it closes when later orders come. */
export function expectedSums(count: number): Record<string, number> {
  const sums: Record<string, number> = {};
  const last = windowOf(orderOf(count - 1).ts);
  for (let index = 0; index < count; index += 1) {
    const { region, amount, ts } = orderOf(index);
    const starts = windowOf(ts);
    if (starts === last) continue;
    const name = `${new Date(starts).toISOString().slice(0, 19)} ${region}`;
    sums[name] = (sums[name] ?? 0) + amount;
  }
  return sums;
}

const windowOf = (ts: number): number => ts - (ts % windowMs);

/** What the application has written: every line counts, so that a row that comes twice shows. */
export async function writtenSums(
  { s3 }: Clients,
  Prefix = "sums/",
): Promise<Record<string, number>> {
  const sums: Record<string, number> = {};
  const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: "results", Prefix }));
  for (const { Key = "" } of Contents) {
    // What Flink has not committed yet: readers leave such names alone.
    if (/(^|\/)_[^/]*$/.test(Key)) continue;
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: "results", Key }));
    for (const line of ((await Body?.transformToString()) ?? "").split("\n")) {
      if (line === "") continue;
      const { starts, region, total } = JSON.parse(line) as Record<string, string>;
      const name = `${starts?.slice(0, 19).replace(" ", "T")} ${region}`;
      sums[name] = (sums[name] ?? 0) + Number(total);
    }
  }
  return sums;
}

/** Waits until the sums of the first orders are there, and no others. */
export async function awaitSums(clients: Clients, count: number, prefix = "sums/"): Promise<void> {
  const expected = expectedSums(count);
  const wanted = Object.keys(expected).length;
  await until(`${wanted} sums`, async () => {
    const written = await writtenSums(clients, prefix);
    return Object.keys(written).length >= wanted;
  });
  assert.deepEqual(await writtenSums(clients, prefix), expected);
}

const checkpoints = {
  ConfigurationType: "CUSTOM",
  CheckpointingEnabled: true,
  CheckpointInterval: 1000,
  MinPauseBetweenCheckpoints: 200,
} as const;

/** An SQL application that checkpoints each second. */
export const sqlApplication = (
  ApplicationName: string,
  account: string,
  TextContent: string,
  more: CreateApplicationRequest["ApplicationConfiguration"] = {},
): CreateApplicationCommand =>
  new CreateApplicationCommand({
    ApplicationName,
    RuntimeEnvironment: "FLINK-1_20",
    ServiceExecutionRole: `arn:aws:iam::${account}:role/flink`,
    ApplicationConfiguration: {
      ApplicationCodeConfiguration: { CodeContentType: "PLAINTEXT", CodeContent: { TextContent } },
      FlinkApplicationConfiguration: { CheckpointConfiguration: checkpoints },
      ...more,
    },
  });

export async function statusOf({ flink }: Clients, ApplicationName: string) {
  const answer = await flink.send(new DescribeApplicationCommand({ ApplicationName }));
  return answer.ApplicationDetail?.ApplicationStatus;
}

/** Waits for a state; READY while RUNNING is waited for is a failure, told in the words of the operation. */
export async function awaitStatus(clients: Clients, ApplicationName: string, wanted: string) {
  await until(`${ApplicationName} ${wanted}`, async () => {
    const status = await statusOf(clients, ApplicationName);
    if (wanted === "RUNNING" && status === "READY") {
      throw new Error(await latestFailure(clients, ApplicationName));
    }
    return status === wanted;
  });
}

export async function latestOperation({ flink }: Clients, ApplicationName: string) {
  const listed = await flink.send(new ListApplicationOperationsCommand({ ApplicationName }));
  const OperationId = listed.ApplicationOperationInfoList?.[0]?.OperationId;
  const asked = new DescribeApplicationOperationCommand({ ApplicationName, OperationId });
  return (await flink.send(asked)).ApplicationOperationInfoDetails;
}

async function latestFailure(clients: Clients, name: string): Promise<string> {
  const latest = await latestOperation(clients, name);
  return `${name}: ${latest?.OperationFailureDetails?.ErrorInfo?.ErrorString ?? "no failure"}`;
}

/** What the tests read of an event. */
export interface SeenEvent {
  readonly eventName: string;
  readonly eventSource: string;
  readonly errorCode?: string;
  readonly errorMessage?: string;
  readonly userIdentity: {
    readonly type: string;
    readonly invokedBy?: string;
    readonly arn?: string;
  };
  readonly requestParameters?: {
    readonly dryRun?: boolean;
    readonly keyId?: string;
    readonly encryptionContext?: Readonly<Record<string, string>>;
  };
  readonly additionalEventData?: { readonly keyMaterialId?: string };
  readonly resources?: readonly { readonly ARN: string }[];
}

/** All events of this name, the newest first, as CloudTrail shows them: the longer it takes, the more there are. */
export async function events(
  { trail }: Clients,
  AttributeValue: string,
): Promise<readonly SeenEvent[]> {
  const LookupAttributes = [{ AttributeKey: "EventName", AttributeValue } as const];
  const seen: SeenEvent[] = [];
  for (let NextToken: string | undefined = ""; NextToken !== undefined; ) {
    const page: LookupEventsCommandOutput = await trail.send(
      new LookupEventsCommand({ LookupAttributes, ...(NextToken && { NextToken }) }),
    );
    seen.push(...(page.Events ?? []).map((one) => JSON.parse(one.CloudTrailEvent ?? "{}")));
    ({ NextToken } = page);
  }
  return seen;
}
