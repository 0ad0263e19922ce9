import { newEvent } from "../audit/event.ts";
import type { TrailEvent } from "../audit/trail.ts";
import type { Clock } from "../lib/clock.ts";
import type { Random } from "../lib/random.ts";
import type { KmsKey } from "./kms-key.ts";

/** The event of what the key service does with a key by itself, in the Region of the key. */
export function internalEvent(
  parts: { readonly region: string; readonly clock: Clock; readonly random: Random },
  eventName: string,
  key: Pick<KmsKey, "account" | "arn">,
  more: Partial<Pick<TrailEvent, "eventType" | "responseElements">> = {},
): TrailEvent {
  return newEvent(parts, {
    userIdentity: { accountId: key.account, invokedBy: "AWS Internal" },
    eventSource: "kms.amazonaws.com",
    eventName,
    sourceIPAddress: "AWS Internal",
    userAgent: "AWS Internal",
    requestID: parts.random.uuid(),
    readOnly: false,
    resources: [{ accountId: key.account, type: "AWS::KMS::Key", ARN: key.arn }],
    eventType: "AwsServiceEvent",
    recipientAccountId: key.account,
    ...more,
  });
}
