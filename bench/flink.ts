import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import {
  CreateApplicationCommand,
  DeleteApplicationCommand,
  DescribeApplicationCommand,
  KinesisAnalyticsV2Client,
  StartApplicationCommand,
} from "@aws-sdk/client-kinesis-analytics-v2";
import { ListObjectsV2Command, S3Client } from "@aws-sdk/client-s3";
import { ask } from "./ask.ts";
import { startBareFlink } from "./bare-flink.ts";
import { type Home, prepareFlink, role } from "./flink-world.ts";
import { median, type Pace, type Reached, type Row } from "./measure.ts";
import { dataDirectory, startProcess, stopProcess } from "./server-process.ts";
import { createSigner, jsonCall } from "./sign.ts";

const records = 1_600_000;
const batch = 500;
const perWindow = 20_000;
const windows = records / perWindow;
const windowMs = 10_000;
const startMs = 1_700_000_000_000;
/** A first part is not counted: the JVM compiles what is used much. */
const warmUpShare = 0.25;
const patienceMs = 900_000;
const lookMs = 200;

/** What a job does with the records between the stream and the sums. */
interface Job {
  readonly title: string;
  /** Of the bare job's speed. */
  readonly bar: number;
  readonly settings: string;
  /** Table or view that the windows are made of. */
  readonly view: string;
  readonly from: string;
  /** Windows of results that are waited for. */
  readonly windows: number;
  /** Time from one checkpoint to the next. */
  readonly checkpointMs: number;
}

const sums: Job = {
  title: "Flink, Kinesis to S3, records",
  bar: 0.9,
  settings: "",
  view: "",
  from: "orders",
  windows,
  checkpointMs: 1000,
};

/** Each record is kept as a key of 1 KiB: 1.1 GB of state in RocksDB, in files of the running storage. */
const state: Job = {
  title: "Flink, 1.1 GB of state in RocksDB, records",
  bar: 0.95,
  settings: `
SET 'state.backend.type' = 'rocksdb';
SET 'execution.checkpointing.incremental' = 'true';
SET 'state.backend.rocksdb.memory.fixed-per-slot' = '128m';
SET 'state.backend.rocksdb.compression.per.level' = 'NO_COMPRESSION';`,
  view: `
CREATE VIEW firsts AS SELECT amount, moment FROM (
  SELECT amount, moment, ROW_NUMBER() OVER (PARTITION BY long_id ORDER BY seen ASC) AS place
  FROM (SELECT *, REPEAT(MD5(CAST(id AS STRING)), 32) AS long_id FROM orders)) WHERE place = 1;`,
  from: "firsts",
  windows: 55,
  checkpointMs: 10_000,
};

/** Reads a stream with Flink's own connector, sums by windows of event time, and writes to S3. */
const script = (
  job: Job,
  stream: string,
  place: string,
  endpoint: string,
): string => `${job.settings}
CREATE TABLE orders (id BIGINT, region STRING, amount BIGINT, ts BIGINT, seen AS PROCTIME(),
  moment AS TO_TIMESTAMP_LTZ(ts, 3), WATERMARK FOR moment AS moment)
  WITH ('connector' = 'kinesis', 'stream' = '${stream}', 'aws.region' = 'us-east-1',
    'aws.endpoint' = '${endpoint}', 'aws.credentials.provider' = 'AUTO',
    'scan.stream.initpos' = 'TRIM_HORIZON', 'format' = 'json',
    'scan.shard.getrecords.maxrecordcount' = '2000',
    'scan.shard.getrecords.intervalmillis' = '20');
CREATE TABLE sums (total BIGINT, starts STRING) PARTITIONED BY (starts)
  WITH ('connector' = 'filesystem', 'path' = 's3://${place}', 'format' = 'json',
    'sink.rolling-policy.rollover-interval' = '1 s', 'sink.rolling-policy.check-interval' = '1 s');${job.view}
INSERT INTO sums SELECT SUM(amount), DATE_FORMAT(window_start, 'HHmmss')
  FROM TABLE(TUMBLE(TABLE ${job.from}, DESCRIPTOR(moment), INTERVAL '10' SECOND))
  GROUP BY window_start, window_end;
`;

/** One run of the job: what it costs from a quarter of the records to the last. */
interface Run {
  readonly perCpuSecond: number;
  readonly perSecond: number;
}

/** The job that keeps little. */
export const flinkRows = (pace: Pace, say: (line: string) => void) => rowsOf(sums, pace, say);

/** The job that keeps much: on an encrypted volume with sealed checkpoints, and without both. */
export const flinkStateRows = (pace: Pace, say: (line: string) => void) => rowsOf(state, pace, say);

/**
 * The same job on the same records of the same Bondstore: in a cell with stream, state and result under a customer's
 * key, and bare: a plain process with static credentials and no key.
 */
async function rowsOf(job: Job, { rounds }: Pace, say: (line: string) => void): Promise<Row[]> {
  const { home, stop } = await startHome();
  try {
    const key = await prepareFlink(home, { sealed: "sealed", plain: "plain" });
    say(`writing ${records.toLocaleString("en-US")} records to each of two streams`);
    for (const stream of ["sealed", "plain"]) await fill(home, stream);
    const cell: Run[] = [];
    const bare: Run[] = [];
    for (let round = 0; round < Math.min(rounds, 3); round += 1) {
      bare.push(await runBare(home, job, `plain/${round}`));
      say(`bare: ${Math.round(bare.at(-1)?.perCpuSecond ?? 0)} records per CPU s`);
      cell.push(await runInCell(home, job, key, `sealed/${round}`));
      say(`in a cell: ${Math.round(cell.at(-1)?.perCpuSecond ?? 0)} records per CPU s`);
    }
    const reached = [reachedBy("Bondstore", cell), reachedBy("bare", bare)];
    return [{ title: job.title, bar: { times: job.bar }, reached }];
  } finally {
    await stop();
  }
}

const reachedBy = (name: string, runs: readonly Run[]): Reached => ({
  name,
  perCpuSecond: median(runs.map(({ perCpuSecond }) => perCpuSecond)),
  perSecond: median(runs.map(({ perSecond }) => perSecond)),
  failed: 0,
});

async function startHome(): Promise<{ readonly home: Home; stop(): Promise<void> }> {
  const directory = dataDirectory();
  const main = fileURLToPath(new URL("../src/main.js", import.meta.url));
  const words = ["up", "--data", directory, "--port", "0", "--plain-http", "--json"];
  const { child, told, running } = await startProcess({
    command: process.execPath,
    args: [main, ...words, "--lift-shard-limits"],
    ready: (line) =>
      line.startsWith('{"ready":true') ? (JSON.parse(line) as Omit<Home, "port">) : undefined,
  });
  const home = { ...told, port: Number(new URL(told.endpoint).port), ...running };
  return { home, stop: () => stopProcess(child, directory) };
}

/** Writes the records in the order of their event time, and one that closes the last window. */
async function fill(home: Home, StreamName: string): Promise<void> {
  const sign = createSigner({ ...home, service: "kinesis" });
  for (let at = 0; at <= records; at += batch) {
    const count = at === records ? 1 : batch;
    const Records = Array.from({ length: count }, (_, index) => ({
      Data: Buffer.from(JSON.stringify(orderOf(at + index))).toString("base64"),
      PartitionKey: "one",
    }));
    await ask(home.port, jsonCall(sign, "Kinesis_20131202.PutRecords", { StreamName, Records }));
  }
}

const orderOf = (index: number) => ({
  id: index,
  region: index % 2 === 0 ? "eu" : "us",
  amount: 1 + (index % 7),
  ts: startMs + Math.floor((index * windowMs) / perWindow),
});

/** Watches the results come: each window is a folder of its own. */
async function follow(
  home: Home,
  { windows: wanted }: Job,
  place: string,
  cpuSeconds: () => number,
): Promise<Run> {
  const { endpoint, accessKeyId, secretAccessKey } = home;
  const credentials = { accessKeyId, secretAccessKey };
  const s3 = new S3Client({ endpoint, region: "us-east-1", forcePathStyle: true, credentials });
  const [Bucket = "", ...folders] = place.split("/");
  const Prefix = `${folders.join("/")}/`;
  let seen = 0;
  let begin: { readonly seen: number; readonly cpu: number; readonly ms: number } | undefined;
  for (let waitedMs = 0; waitedMs < patienceMs; waitedMs += lookMs) {
    const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket, Prefix }));
    seen = new Set(
      Contents.map(({ Key = "" }) => Key.slice(Prefix.length))
        .filter((key) => !/(^|\/)_[^/]*$/.test(key))
        .map((key) => key.split("/")[0]),
    ).size;
    if (seen >= wanted * warmUpShare) {
      begin ??= { seen, cpu: cpuSeconds(), ms: performance.now() };
    }
    if (begin && seen >= wanted) {
      s3.destroy();
      const done = (seen - begin.seen) * perWindow;
      return {
        perCpuSecond: done / (cpuSeconds() - begin.cpu),
        perSecond: (done * 1000) / (performance.now() - begin.ms),
      };
    }
    await sleep(lookMs);
  }
  throw new Error(`the job does not end: ${place} has ${seen} of ${wanted} windows`);
}

async function runBare(home: Home, job: Job, place: string): Promise<Run> {
  const flink = await startBareFlink(
    home,
    script(job, "plain", place, home.endpoint),
    job.checkpointMs,
  );
  try {
    return await follow(home, job, place, () => home.cpuSeconds() + flink.cpuSeconds());
  } finally {
    await flink.stop();
  }
}

async function runInCell(home: Home, job: Job, KeyId: string, place: string): Promise<Run> {
  const { endpoint, accessKeyId, secretAccessKey, account } = home;
  const credentials = { accessKeyId, secretAccessKey };
  const flink = new KinesisAnalyticsV2Client({ endpoint, region: "us-east-1", credentials });
  const ApplicationName = "bench";
  const TextContent = script(job, "sealed", place, "{{BONDSTORE_ENDPOINT}}");
  await flink.send(
    new CreateApplicationCommand({
      ApplicationName,
      RuntimeEnvironment: "FLINK-1_20",
      ServiceExecutionRole: `arn:aws:iam::${account}:role/${role}`,
      ApplicationConfiguration: {
        ApplicationCodeConfiguration: {
          CodeContentType: "PLAINTEXT",
          CodeContent: { TextContent },
        },
        ApplicationEncryptionConfiguration: { KeyType: "CUSTOMER_MANAGED_KEY", KeyId },
        FlinkApplicationConfiguration: {
          CheckpointConfiguration: {
            ConfigurationType: "CUSTOM",
            CheckpointingEnabled: true,
            CheckpointInterval: job.checkpointMs,
            MinPauseBetweenCheckpoints: job.checkpointMs / 2,
          },
        },
      },
    }),
  );
  await flink.send(new StartApplicationCommand({ ApplicationName }));
  try {
    return await follow(home, job, place, home.cpuSeconds);
  } finally {
    const asked = new DescribeApplicationCommand({ ApplicationName });
    const CreateTimestamp = (await flink.send(asked)).ApplicationDetail?.CreateTimestamp;
    await flink.send(new DeleteApplicationCommand({ ApplicationName, CreateTimestamp }));
    flink.destroy();
  }
}
