import { strangerIdentity, userIdentity } from "../access/user-identity.ts";
import { newEvent } from "../audit/event.ts";
import type { Json, TrailEvent } from "../audit/trail.ts";
import { isoSeconds } from "../lib/clock.ts";
import type { ServiceError } from "../lib/service-error.ts";
import type { WantedFlow } from "../projects/projects.ts";
import type { FlowDecision } from "../protection/judge-flow.ts";
import type { Call, Parts } from "./call.ts";
import type { Judged } from "./judged.ts";
import type { Operation } from "./operation.ts";
import { releasedBy } from "./release.ts";

const reads =
  /^(Get|List|Describe|Head|Lookup|Search|Simulate|Verify|Decrypt|Encrypt|ReEncrypt|Generate)/;

/** True of an operation that only reads: by what it says, else by its name. */
export const isReading = (name: string, { readOnly }: Operation["parts"]): boolean =>
  readOnly ?? reads.test(name);

/**
 * Puts a call into the trail; resolves once it is there. Successes of data events are left out, as CloudTrail does by
 * default, but for releases.
 */
export function recordCall(judged: Judged): Promise<unknown> | undefined {
  const { refusal, call } = judged;
  const released = releasedBy(judged);
  if (isData(judged) && !refusal && !released) return undefined;
  const event = eventOf(judged, released);
  const owner = ownerOf(judged);
  const { trail, random } = call.parts;
  // Nobody asked for nobody's thing: it is in no account's trail, and strangers must not fill the disk with it.
  if (owner === undefined && event.recipientAccountId === "") return undefined;
  if (owner === undefined || owner === event.recipientAccountId) return trail.record(event);
  const sharedEventID = random.uuid();
  return Promise.all([
    trail.record(forCaller({ ...event, eventID: random.uuid(), sharedEventID })),
    trail.record(forOwner({ ...event, sharedEventID }, owner, call)),
  ]);
}

function isData({ operation, target }: Judged): boolean {
  const { data = false } = operation ?? {};
  return typeof data === "boolean" ? data : target !== undefined && data(target);
}

/** Whose thing it is, if it is there: a name that a stranger made up concerns nobody. */
function ownerOf({ target, call }: Judged): string | undefined {
  if (!target || target.absent) return undefined;
  return call.parts.directory.findAccount(target.account)?.id;
}

/** The event without what only the owner of the thing may know: which project it is of, and its rules. */
function forCaller({ decision, additionalEventData, ...event }: TrailEvent): TrailEvent {
  const { flows: _, ...own } = (decision ?? {}) as { readonly [key: string]: Json };
  const { released: __, ...more } = additionalEventData ?? {};
  return {
    ...event,
    ...(Object.keys(more).length > 0 && { additionalEventData: more }),
    ...(decision !== undefined && { decision: own }),
  };
}

/** The same event for the account whose thing it was: who did it, but not by which policies of theirs. */
function forOwner(
  { decision, ...event }: TrailEvent,
  owner: string,
  { principal }: Call,
): TrailEvent {
  const { flows } = (decision ?? {}) as { readonly [key: string]: Json };
  return {
    ...event,
    ...(flows !== undefined && { decision: { demands: [], flows } }),
    userIdentity: strangerIdentity(principal, event.userIdentity),
    recipientAccountId: owner,
  };
}

/** What moved or was kept in: of which table and version, where to, and by which rule. */
const flowShown = (
  { project, source, columns, destination, taskType, action, mover, statement }: WantedFlow,
  decision: FlowDecision,
) => ({
  project: project.name,
  ...source,
  ...(columns && { columns }),
  ...{ destination, taskType, action, decision },
  ...(mover && { mover: mover.name }),
  ...(statement !== undefined && { statement }),
});

/** A request that was refused before anybody knew whose it is: it only claims to be of this access key. */
export interface Unproven {
  readonly id: string;
  readonly eventSource: string;
  readonly operation: string;
  /** The account of the access key that it names. */
  readonly account: string;
  readonly accessKeyId: string;
  readonly ip: string;
  readonly userAgent: string;
  readonly refusal: ServiceError;
  /** Further ones of this minute are not recorded. */
  readonly last: boolean;
}

const unprovenPerMinuteMax = 100;

/**
 * How many such events an account gets. An access key's id is no secret: who knows one must not be able to bury an
 * account's trail, nor fill the disk.
 */
export function createUnprovenLimit(): {
  take(account: string, timeMs: number): "recorded" | "last" | "full";
} {
  const counts = new Map<string, { minute: number; count: number }>();
  return {
    take(account, timeMs) {
      const minute = Math.floor(timeMs / 60_000);
      const known = counts.get(account);
      const count = known?.minute === minute ? known.count + 1 : 1;
      counts.set(account, { minute, count });
      if (count > unprovenPerMinuteMax) return "full";
      return count === unprovenPerMinuteMax ? "last" : "recorded";
    },
  };
}

/** Puts a forged, expired or replayed request into the trail of the account whose key it names. */
export async function recordUnproven(
  parts: Parts,
  { id, eventSource, operation, account, accessKeyId, ip, userAgent, refusal, last }: Unproven,
): Promise<void> {
  const event = newEvent(parts, {
    userIdentity: { type: "Unknown", accountId: account, accessKeyId },
    eventSource,
    eventName: operation,
    sourceIPAddress: ip,
    userAgent,
    errorCode: refusal.code,
    errorMessage: refusal.message,
    ...(last && { additionalEventData: { furtherOnesInThisMinute: "not recorded" } }),
    requestID: id,
    readOnly: reads.test(operation),
    recipientAccountId: account,
  });
  await parts.trail.record(event);
}

type Writable<Fields> = { -readonly [Field in keyof Fields]: Fields[Field] };

function eventOf(judged: Judged, released: ReturnType<typeof releasedBy>): TrailEvent {
  const { call, service, arrival, operation, input, target, output, refusal } = judged;
  const { via } = call.source;
  const shownTo = call.account === "" ? (target?.account ?? "") : call.account;
  const additional = operation?.additional?.(target, input, output);
  const event: Writable<TrailEvent> = {
    eventVersion: "1.11",
    userIdentity: userIdentity(call.principal, via),
    eventTime: isoSeconds(call.timeMs),
    eventSource: service.eventSource,
    eventName: call.operation,
    awsRegion: call.region,
    sourceIPAddress: call.source.ip,
    userAgent: call.source.userAgent,
    requestParameters: input === undefined ? null : arrival.describe(input),
    responseElements:
      output !== undefined && operation?.responseElements
        ? (operation.responseElements(output) as Json)
        : null,
    requestID: call.id,
    eventID: call.eventId,
    readOnly: operation ? isReading(call.operation, operation) : reads.test(call.operation),
    eventType: "AwsApiCall",
    managementEvent: !isData(judged),
    recipientAccountId: shownTo,
    eventCategory: isData(judged) ? "Data" : "Management",
  };
  if (refusal) {
    event.errorCode = refusal.code;
    event.errorMessage = refusal.message;
  }
  if (additional || released) {
    event.additionalEventData = {
      ...(additional as Record<string, Json>),
      ...(released && { released }),
    };
  }
  if (target?.type) {
    event.resources = [{ accountId: target.account, type: target.type, ARN: target.arn }];
  }
  if (judged.demands.length > 0) {
    const { demands, flows } = judged;
    const shown = flows.map(({ flow, decision }) => flowShown(flow, decision));
    const decision: unknown = flows.length > 0 ? { demands, flows: shown } : { demands };
    event.decision = decision as Json;
  }
  return event;
}
