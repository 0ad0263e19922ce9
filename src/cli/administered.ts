import { newEvent } from "../audit/event.ts";
import type { Json } from "../audit/trail.ts";
import { ServiceError } from "../lib/service-error.ts";
import type { HsmWays } from "../serve-hsms.ts";
import type { Opened } from "../server.ts";
import type { ApplicationLogs } from "../services/kinesisanalyticsv2/application-logs.ts";

/** A Bondstore as its administrator's operations find it. */
export interface Administered {
  readonly opened: Opened;
  /** Undefined when nothing is served. */
  readonly endpoint?: string | undefined;
  readonly ca?: string | undefined;
  /** What engines wrote; undefined when nothing is served. */
  readonly logs?: ApplicationLogs | undefined;
  /** The ways to HSMs; undefined when nothing is served. */
  readonly hsmWays?: HsmWays | undefined;
}

/** What an administrator may do with an open data directory, over its socket or with the directory itself. */
export type AdminOperation = (
  bondstore: Administered,
  input: Readonly<Record<string, unknown>>,
) => Promise<unknown>;

/** What cannot be recorded is not done, by an operator neither. */
export function checkTrail({ trail }: Opened): void {
  if (trail.isFailing())
    throw new ServiceError("ServiceUnavailable", "the trail cannot be written");
}

/** An account by id or name. Throws `NotFound`. */
export function findAccount({ parts }: Opened, idOrName: unknown) {
  const found = parts.directory.findAccount(String(idOrName));
  if (!found) throw new ServiceError("NotFound", `there is no account \`${String(idOrName)}\``);
  return found;
}

/** The account that is named, or the only one that there is at first. */
export function accountOf(opened: Opened, wanted: unknown) {
  if (wanted !== undefined) return findAccount(opened, wanted);
  const [first] = opened.parts.directory.accounts();
  if (!first) throw new ServiceError("NotFound", "there is no account yet");
  return first;
}

/** What the operator does with the directory itself is in the trail like everything else. */
export function record(
  { parts }: Opened,
  account: string,
  service: string,
  eventName: string,
  requestParameters: { readonly [name: string]: Json },
): Promise<void> {
  const event = newEvent(parts, {
    userIdentity: { type: "Operator", userName: "operator", accountId: account },
    eventSource: `${service}.amazonaws.com`,
    eventName,
    sourceIPAddress: "bondstore",
    userAgent: "bondstore",
    requestParameters,
    requestID: parts.random.uuid(),
    readOnly: false,
    recipientAccountId: account,
  });
  return parts.trail.record(event);
}
