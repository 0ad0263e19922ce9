import { serviceName, strangerIdentity, userIdentity } from "../access/user-identity.ts";
import { newEvent } from "../audit/event.ts";
import type { Json, TrailEvent } from "../audit/trail.ts";
import type { Clock } from "../lib/clock.ts";
import type { Random } from "../lib/random.ts";
import type { ServiceError } from "../lib/service-error.ts";
import type { KeyUse } from "./keys.ts";

/** One use of a key by a service, as it ended. */
export interface UsedEvent {
  readonly use: KeyUse;
  readonly eventName: string;
  readonly requestParameters: { readonly [name: string]: Json };
  /** Absent when no key could be found. */
  readonly key?: { readonly arn: string; readonly account: string };
  readonly materialId?: string;
  readonly refusal?: ServiceError;
  readonly responseElements?: Json;
  readonly decision: Json;
}

/**
 * The events of one use: for the account whose resource is sealed and, where that is another one, for the account of
 * the key. The owner of the key learns who used it, but not by which policies of a foreign account.
 */
export function eventsOf(
  used: UsedEvent,
  parts: { readonly region: string; readonly clock: Clock; readonly random: Random },
): readonly TrailEvent[] {
  const { use, key, refusal, materialId } = used;
  const service = serviceName(use.via);
  const shared = key !== undefined && key.account !== use.account;
  const event: TrailEvent = newEvent(parts, {
    userIdentity: userIdentity(use.principal, use.via),
    eventSource: "kms.amazonaws.com",
    eventName: used.eventName,
    sourceIPAddress: service,
    userAgent: service,
    ...(refusal && { errorCode: refusal.code, errorMessage: refusal.message }),
    requestParameters: used.requestParameters,
    ...(used.responseElements !== undefined && { responseElements: used.responseElements }),
    ...(materialId !== undefined && { additionalEventData: { keyMaterialId: materialId } }),
    requestID: use.requestId,
    readOnly: !used.eventName.endsWith("Grant"),
    ...(key && {
      resources: [{ accountId: key.account, type: "AWS::KMS::Key", ARN: key.arn }],
    }),
    recipientAccountId: use.account,
    ...(shared && { sharedEventID: parts.random.uuid() }),
  });
  const own = { ...event, decision: used.decision };
  if (!shared) return [own];
  return [
    own,
    {
      ...event,
      userIdentity: strangerIdentity(use.principal, event.userIdentity),
      eventID: parts.random.uuid(),
      recipientAccountId: key.account,
    },
  ];
}
