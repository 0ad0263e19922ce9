import { type Cast, names } from "./cast.ts";
import { differences, type Order, type Sums, sumsOf } from "./orders.ts";
import type { Fields, Stage } from "./stage.ts";
import { arnsOf } from "./tenants.ts";

/** What the application is: Flink SQL, with Flink's own connectors. */
const script = (region: string): string => `CREATE TABLE orders (
  order_id STRING, region STRING, amount BIGINT, event_time TIMESTAMP(3), note STRING,
  WATERMARK FOR event_time AS event_time - INTERVAL '5' SECOND
) WITH (
  'connector' = 'kinesis', 'stream' = '${names.stream}', 'aws.region' = '${region}',
  'aws.endpoint' = '{{BONDSTORE_ENDPOINT}}', 'aws.credentials.provider' = 'AUTO',
  'scan.stream.initpos' = 'TRIM_HORIZON', 'format' = 'json'
);
CREATE TABLE sums (
  window_start TIMESTAMP(3), region STRING, orders BIGINT, cents BIGINT
) WITH (
  'connector' = 'filesystem', 'path' = 's3://${names.bucket}/sums', 'format' = 'json',
  'sink.rolling-policy.rollover-interval' = '1 s', 'sink.rolling-policy.check-interval' = '500 ms'
);
INSERT INTO sums
SELECT window_start, region, COUNT(*), SUM(amount)
FROM TABLE(TUMBLE(TABLE orders, DESCRIPTOR(event_time), INTERVAL '10' SECONDS))
WHERE region <> 'none'
GROUP BY window_start, window_end, region;`;

const application = { ApplicationName: names.application };

/** Item 3, first half: the application, under the customer's key, starts. */
export async function startSums({ stage, account, region }: Cast, keyArn: string): Promise<void> {
  const text = script(region);
  for (const line of text.split("\n")) stage.tell(`  ${line}`);
  const { ApplicationDetail } = await stage.cli(
    "alice",
    "kinesisanalyticsv2",
    "CreateApplication",
    {
      ...application,
      RuntimeEnvironment: "FLINK-1_20",
      ServiceExecutionRole: arnsOf(account, region).role,
      ApplicationConfiguration: {
        $file: "application.json",
        value: {
          ApplicationCodeConfiguration: {
            CodeContentType: "PLAINTEXT",
            CodeContent: { TextContent: text },
          },
          ApplicationEncryptionConfiguration: {
            KeyType: "CUSTOMER_MANAGED_KEY",
            KeyId: names.alias,
          },
          ApplicationSnapshotConfiguration: { SnapshotsEnabled: true },
          FlinkApplicationConfiguration: {
            CheckpointConfiguration: {
              ConfigurationType: "CUSTOM",
              CheckpointingEnabled: true,
              CheckpointInterval: 2_000,
              MinPauseBetweenCheckpoints: 500,
            },
          },
        },
      },
    },
  );
  const described = JSON.stringify(ApplicationDetail);
  stage.check(
    `application ${names.application} keeps its state under the key`,
    described.includes(keyArn),
  );
  await stage.cli("alice", "kinesisanalyticsv2", "StartApplication", application);
}

/** Waits for a status of the application. */
export async function untilStatus(stage: Stage, status: string): Promise<void> {
  await stage.until(
    `application ${names.application} is ${status}`,
    async () => {
      const { output, error } = await stage.quietly(
        "alice",
        "kinesisanalyticsv2",
        "DescribeApplication",
        application,
      );
      const now = (output?.["ApplicationDetail"] as Fields | undefined)?.["ApplicationStatus"];
      if (error) throw new Error(`${error.code}: ${error.message}`);
      return now === status ? true : undefined;
    },
    120_000,
  );
  stage.check(`application ${names.application} is ${status}`, true);
}

/** Waits until the sums in S3 are those of the orders, and holds them against it. */
export async function checkSums(stage: Stage, orders: readonly Order[], who = "alice") {
  const expected = sumsOf(orders);
  const input = { Bucket: names.bucket, Prefix: "sums/" };
  const found = await stage.until(
    "the sums of all closed windows are in S3",
    async () => {
      const sums = await readSums(stage, input, who);
      return sums.size >= expected.size ? sums : undefined;
    },
    90_000,
  );
  const wrong = differences(expected, found);
  const orderCount = [...expected.values()].reduce((sum, each) => sum + each.orders, 0);
  stage.tell(`>>> ${who}.s3.get_object(Bucket="${names.bucket}", Key=…)  # every file under sums/`);
  stage.check(
    `${expected.size} sums over ${orderCount.toLocaleString("en-US")} orders are exactly the expected ones (open windows wait for later orders)`,
    wrong.length === 0,
    wrong.slice(0, 5).join("; "),
  );
}

const known = new Map<string, string>();

async function readSums(
  stage: Stage,
  input: { readonly Bucket: string; readonly Prefix: string },
  who: string,
): Promise<Sums> {
  const { output, error } = await stage.quietly(who, "s3", "ListObjectsV2", input);
  if (error) throw new Error(`${error.code}: ${error.message}`);
  const sums = new Map<string, { orders: number; cents: number }>();
  for (const { Key } of (output?.["Contents"] ?? []) as { Key: string }[]) {
    if (!/\/part-[^/]+$/.test(Key)) continue;
    const text = known.get(Key) ?? (await readText(stage, input.Bucket, Key, who));
    known.set(Key, text);
    for (const line of text.split("\n").filter((each) => each !== "")) {
      const row = JSON.parse(line) as Record<string, string | number>;
      const name = `${String(row["window_start"]).slice(0, 19)} ${row["region"]}`;
      const before = sums.get(name) ?? { orders: 0, cents: 0 };
      // A row that came twice shows as a sum that is too large.
      const [orders, cents] = [Number(row["orders"]), Number(row["cents"])];
      sums.set(name, { orders: before.orders + orders, cents: before.cents + cents });
    }
  }
  return sums;
}

async function readText(stage: Stage, Bucket: string, Key: string, who: string): Promise<string> {
  const { output, error } = await stage.quietly(who, "s3", "GetObject", { Bucket, Key });
  if (error) throw new Error(`${error.code}: ${error.message}`);
  const body = output?.["Body"] as { readonly $bytes: string };
  return Buffer.from(body.$bytes, "base64").toString();
}

/** Item 4, first half: a snapshot, and the end of the running application. */
export async function snapshotAndStop({ stage }: Cast): Promise<void> {
  const snapshot = { ...application, SnapshotName: names.snapshot };
  await stage.cli("alice", "kinesisanalyticsv2", "CreateApplicationSnapshot", snapshot);
  await stage.until(
    `snapshot ${names.snapshot} is READY`,
    async () => {
      const answer = await stage.quietly(
        "alice",
        "kinesisanalyticsv2",
        "DescribeApplicationSnapshot",
        snapshot,
      );
      const details = answer.output?.["SnapshotDetails"] as Fields | undefined;
      return details?.["SnapshotStatus"] === "READY" ? true : undefined;
    },
    60_000,
  );
  stage.check(`snapshot ${names.snapshot} is READY`, true);
  await stage.cli("alice", "kinesisanalyticsv2", "StopApplication", {
    ...application,
    Force: true,
  });
  await untilStatus(stage, "READY");
}

/** Item 4, second half: it starts from the snapshot. */
export async function startFromSnapshot({ stage }: Cast): Promise<void> {
  await stage.cli("alice", "kinesisanalyticsv2", "StartApplication", {
    ...application,
    RunConfiguration: {
      ApplicationRestoreConfiguration: {
        ApplicationRestoreType: "RESTORE_FROM_CUSTOM_SNAPSHOT",
        SnapshotName: names.snapshot,
      },
    },
  });
}
