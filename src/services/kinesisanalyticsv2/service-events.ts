import { newEvent } from "../../audit/event.ts";
import type { Parts } from "../../pipeline/call.ts";
import { type ApplicationRecord, serviceName } from "./records.ts";

/** What happens to an application without anybody asking. */
export type ServiceEventName =
  | "ApplicationFailed"
  | "ApplicationFinished"
  | "ApplicationRestarting"
  | "ApplicationUnconfined"
  | "CheckpointFailed";

const messageMax = 500;

/** Records an event that the service itself causes. */
export async function noteEvent(
  eventName: ServiceEventName,
  message: string,
  { arn }: Pick<ApplicationRecord, "arn">,
  account: string,
  parts: Parts,
): Promise<void> {
  const event = newEvent(parts, {
    userIdentity: { type: "AWSService", invokedBy: serviceName },
    eventSource: serviceName,
    eventName,
    sourceIPAddress: serviceName,
    userAgent: serviceName,
    ...(eventName !== "ApplicationFinished" && {
      errorCode: eventName,
      errorMessage: message.slice(0, messageMax),
    }),
    requestID: parts.random.uuid(),
    readOnly: false,
    resources: [{ accountId: account, type: "AWS::KinesisAnalytics::Application", ARN: arn }],
    eventType: "AwsServiceEvent",
    recipientAccountId: account,
  });
  await parts.trail.record(event);
}
