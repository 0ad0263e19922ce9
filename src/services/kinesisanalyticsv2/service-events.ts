import type { Parts } from "../../pipeline/call.ts";
import { type ApplicationRecord, serviceName } from "./records.ts";

/** What happens to an application without anybody asking. */
export type ServiceEventName =
  | "ApplicationFailed"
  | "ApplicationFinished"
  | "ApplicationRestarting"
  | "CheckpointFailed";

const messageMax = 500;

/** Records an event that the service itself causes. */
export async function noteEvent(
  eventName: ServiceEventName,
  message: string,
  { arn }: Pick<ApplicationRecord, "arn">,
  account: string,
  { clock, random, region, trail }: Parts,
): Promise<void> {
  await trail.record({
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
  });
}
