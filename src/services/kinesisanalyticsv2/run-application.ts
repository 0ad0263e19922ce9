import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { CellDoor } from "../../cells/door.ts";
import type { Volume } from "../../cells/volume.ts";
import { type FlinkCode, startFlink } from "../../engines/flink/flink.ts";
import type { FlinkJob } from "../../engines/flink/job.ts";
import { type JvmMemory, smallMemory } from "../../engines/flink/settings.ts";
import type { Credentials, NewCredentials } from "../../identity/directory.ts";
import { assert } from "../../lib/assert.ts";
import type { Parts } from "../../pipeline/call.ts";
import { ServiceError } from "../../pipeline/operation.ts";
import { tryService } from "./encryption.ts";
import { flinkOptions, logLevel } from "./flink-options.ts";
import { type Engines, missingEngine } from "./outside.ts";
import type { ApplicationRecord, Code } from "./records.ts";
import { openStorage } from "./running-storage.ts";
import { asService, prepareStateBucket, serviceSource } from "./state-bucket.ts";

/** An application while its cell lives. */
export interface RunningJob {
  readonly job: FlinkJob;
  readonly bucket: string;
  /** Its running storage is encrypted; false only where that was accepted. */
  readonly sealed: boolean;
  /** Ends the cell, its door, its credentials and its running storage. */
  end(): Promise<void>;
}

/** Of memory: pages of files in the running storage. */
const workBytes = 256 * 1024 * 1024;
const sessionSeconds = 3600;
const codeBytesMax = 512 * 1024 * 1024;

/** What running an application needs. */
export interface Surroundings {
  readonly parts: Parts;
  readonly engines: Engines;
  readonly account: string;
}

/** Starts an application's cell: its state bucket, its role's credentials, its door, its code, Flink. */
export async function runApplication(
  record: ApplicationRecord,
  restorePath: string | undefined,
  around: Surroundings,
): Promise<RunningJob> {
  const { parts, engines, account } = around;
  const flinkHome = engines.flinkHome();
  const javaHome = engines.javaHome();
  if (flinkHome === undefined || javaHome === undefined) {
    const message = missingEngine(engines) ?? "";
    throw new ServiceError("InvalidApplicationConfigurationException", message);
  }
  await tryService(record, account, parts);
  const bucket = await prepareStateBucket(record, account, parts);
  const credentials = () => assumeRole(record, around);
  const first = await credentials();
  const id = `flink-${record.id}`;
  const door = await engines.openDoor({ id, application: record.arn, credentials });
  let volume: Volume | undefined;
  let ending: Promise<void> | undefined;
  const files = () => join(volume?.path ?? engines.runDirectory, `${id}-code`);
  async function end(): Promise<void> {
    await door.close();
    await parts.directory.endApplicationSessions(record.arn);
    if (volume) await volume.close();
    else rmSync(files(), { recursive: true, force: true });
  }
  try {
    volume = await openStorage(record, around);
    mkdirSync(files(), { recursive: true, mode: 0o700 });
    const code = await fetchCode(record, first, files(), around);
    const job = await startFlink({
      ...startOptions(record, { id, door, code, files: files(), volume }, around),
      flinkHome,
      javaHome,
      classes: { file: engines.classesFile(flinkHome, javaHome) },
      options: flinkOptions(record, bucket),
      ...(restorePath !== undefined && { restorePath }),
      allowNonRestoredState: record.run.allowNonRestoredState,
    });
    // At once: Flink's state is safe at every moment, and asking nicely takes seconds.
    const sealed = volume !== undefined;
    return { job, bucket, sealed, end: () => (ending ??= job.stop(0).then(end)) };
  } catch (error) {
    await end();
    throw error;
  }
}

function startOptions(
  record: ApplicationRecord,
  its: {
    readonly id: string;
    readonly door: CellDoor;
    readonly code: FlinkCode;
    readonly files: string;
    readonly volume: Volume | undefined;
  },
  { engines, parts }: Surroundings,
) {
  const { parallelism, perKpu } = record.flink.parallelism;
  const kpus = Math.ceil(parallelism / perKpu);
  const properties = join(its.files, "application_properties.json");
  const groups = record.properties.map(({ id, values }) => ({
    PropertyGroupId: id,
    PropertyMap: values,
  }));
  writeFileSync(properties, JSON.stringify(groups));
  return {
    cell: {
      id: its.id,
      door: its.door,
      ...(its.volume && { volume: its.volume }),
      runDirectory: engines.runDirectory,
      onLog: (line: string) => engines.logs.add(record.arn, line),
      // Where the library of Managed Flink for Java looks for them.
      binds: [{ source: properties, target: "/etc/flink/application_properties.json" }],
      cpus: kpus,
      workBytes,
      ...(engines.unconfined === "accept" && { unconfined: "accepted" as const }),
    },
    memory: memoryOf(record, kpus),
    code: its.code,
    region: parts.region,
    logLevel: logLevel(record),
  };
}

/** A limit, of which a small application uses half; each slot has network buffers of its own. */
const memoryOf = ({ flink }: ApplicationRecord, kpus: number): JvmMemory => ({
  heapMb: 512 * kpus,
  metaspaceMb: smallMemory.metaspaceMb,
  directMb: smallMemory.directMb + 16 * flink.parallelism.parallelism,
});

/** The role's session for the cell: its trust policy is judged, and the session is bound to the application. */
async function assumeRole(
  record: ApplicationRecord,
  { parts, account }: Surroundings,
): Promise<NewCredentials> {
  const answer = await parts.invoke<{
    Credentials: {
      AccessKeyId: string;
      SecretAccessKey: string;
      SessionToken: string;
      Expiration: Date;
    };
  }>(
    "sts",
    "AssumeRole",
    {
      RoleArn: record.role,
      RoleSessionName: record.name.slice(0, 64),
      DurationSeconds: sessionSeconds,
    },
    asService(account, record.arn),
  );
  const { AccessKeyId, SecretAccessKey, SessionToken, Expiration } = answer.Credentials;
  return {
    accessKeyId: AccessKeyId,
    secret: SecretAccessKey,
    token: SessionToken,
    expiresAtMs: Expiration.getTime(),
  };
}

/** The code as Flink takes it. A JAR is read from S3 with the role's own permission. */
async function fetchCode(
  record: ApplicationRecord,
  { accessKeyId }: NewCredentials,
  files: string,
  { parts, account }: Surroundings,
): Promise<FlinkCode> {
  const { code } = record;
  if (code.kind === "text") return { kind: "sql", script: code.text };
  const known = parts.directory.findCredentials(accessKeyId);
  assert(known, "the session was made just now");
  const body =
    code.kind === "zip"
      ? parts.store.account(account).blobs.read(code.blob)
      : await readObject(code, known, record, { parts, account });
  const jarPath = join(files, "code.jar");
  await writeAll(jarPath, body);
  return { kind: "jar", jarPath, args: [] };
}

async function readObject(
  code: Extract<Code, { kind: "s3" }>,
  { principal }: Credentials,
  record: ApplicationRecord,
  { parts, account }: Pick<Surroundings, "parts" | "account">,
): Promise<Buffer | AsyncIterable<Buffer>> {
  const answer = await parts.invoke<{ Body: Buffer | AsyncIterable<Buffer> }>(
    "s3",
    "GetObject",
    {
      Bucket: code.bucketArn.slice("arn:aws:s3:::".length),
      Key: code.key,
      ...(code.version !== undefined && { VersionId: code.version }),
    },
    { principal, account, source: serviceSource(account, record.arn) },
  );
  return answer.Body;
}

async function writeAll(path: string, body: Buffer | AsyncIterable<Buffer>): Promise<void> {
  if (Buffer.isBuffer(body)) {
    writeFileSync(path, body, { mode: 0o600 });
    return;
  }
  writeFileSync(path, "", { mode: 0o600 });
  let size = 0;
  for await (const piece of body) {
    size += piece.length;
    if (size > codeBytesMax) {
      throw new ServiceError("CodeValidationException", "The code is larger than 512 MiB.");
    }
    writeFileSync(path, piece, { flag: "a" });
  }
}
