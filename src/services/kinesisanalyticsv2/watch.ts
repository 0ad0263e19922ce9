import type { FlinkJob } from "../../engines/flink/job.ts";
import type { Parts } from "../../pipeline/call.ts";
import { type ApplicationRecord, serviceName } from "./records.ts";

const everyMs = 1_000;

/**
 * Follows a job: what fails in it is an event of the trail, once for each failure, and when its cell or job is gone
 * `onGone` is told. Answers how to stop following.
 */
export function watch(
  job: FlinkJob,
  record: ApplicationRecord,
  account: string,
  parts: Parts,
  onGone: () => void,
): () => void {
  let stopped = false;
  let failedBefore = 0;
  let stateBefore = "RUNNING";

  const note = (eventName: string, message: string) =>
    parts.trail
      .record(serviceEvent(eventName, message, record, account, parts))
      .catch(() => undefined);

  async function look(): Promise<void> {
    const { state } = await job.status();
    if (stopped) return;
    if (state === "ENDED" || state === "FAILED" || state === "CANCELED") {
      stopped = true;
      await note("ApplicationFailed", `the job is ${state}: ${job.cell.log.at(-1) ?? ""}`);
      onGone();
      return;
    }
    if (state === "FINISHED") {
      stopped = true;
      await note("ApplicationFinished", "the job has read all its input");
      return;
    }
    if (state === "RESTARTING" && stateBefore !== "RESTARTING") {
      await note("ApplicationRestarting", (await job.exceptions())[0] ?? "the job failed");
    }
    stateBefore = state;
    const { failed, failure } = await job.checkpoints();
    if (failed > failedBefore) await note("CheckpointFailed", failure ?? "a checkpoint failed");
    failedBefore = failed;
  }

  const timer = setInterval(() => {
    look().catch(() => undefined);
  }, everyMs);
  return () => {
    stopped = true;
    clearInterval(timer);
  };
}

const messageMax = 500;

function serviceEvent(
  eventName: string,
  message: string,
  { arn }: ApplicationRecord,
  account: string,
  { clock, random, region }: Parts,
): Parameters<Parts["trail"]["record"]>[0] {
  return {
    eventVersion: "1.11",
    userIdentity: { type: "AWSService", invokedBy: serviceName },
    eventTime: new Date(clock.now()).toISOString().replace(/\.\d+Z$/, "Z"),
    eventSource: serviceName,
    eventName,
    awsRegion: region,
    sourceIPAddress: serviceName,
    userAgent: serviceName,
    ...(eventName !== "ApplicationFinished" && {
      errorCode: eventName,
      errorMessage: message.slice(0, messageMax),
    }),
    requestParameters: null,
    responseElements: null,
    requestID: random.uuid(),
    eventID: random.uuid(),
    readOnly: false,
    resources: [{ accountId: account, type: "AWS::KinesisAnalytics::Application", ARN: arn }],
    eventType: "AwsServiceEvent",
    managementEvent: true,
    recipientAccountId: account,
    eventCategory: "Management",
  };
}
