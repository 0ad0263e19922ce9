import type {
  Event,
  LookupAttribute,
  LookupEventsRequest,
  LookupEventsResponse,
} from "@aws-sdk/client-cloudtrail";
import { accessKeyOf, usernameOf } from "../../audit/attributes.ts";
import type { FoundEvent, TrailEvent, TrailQuery } from "../../audit/trail.ts";
import { sha256Hex } from "../../lib/hash.ts";
import type { Call } from "../../pipeline/call.ts";
import { type Checked, operation, ServiceError } from "../../pipeline/operation.ts";

const resultsMax = 50;
const attributeKeys = [
  "EventId",
  "EventName",
  "ReadOnly",
  "Username",
  "ResourceType",
  "ResourceName",
  "EventSource",
  "AccessKeyId",
  // Not CloudTrail's: finds what a request id in an answer stands for.
  "RequestId",
] as const;

/** Finds what happened in the caller's account and Region, the newest first. Refusals of data events are there as well. */
export const lookupEvents = operation("LookupEvents", {
  resolve: (_input: Checked<LookupEventsRequest>, call: Call) => ({
    arn: "*",
    account: call.account,
  }),

  async handle(_account, input, call): Promise<LookupEventsResponse> {
    const limit = input.MaxResults ?? resultsMax;
    if (!Number.isInteger(limit) || limit < 1 || limit > resultsMax) {
      throw new ServiceError(
        "InvalidMaxResultsException",
        `The value for MaxResults must be between 1 and ${resultsMax}.`,
      );
    }
    if (input.EventCategory !== undefined) {
      throw new ServiceError(
        "InvalidEventCategoryException",
        `Event category ${input.EventCategory} is not recorded here.`,
      );
    }
    const { region } = call;
    const question = { region, ...attributeOf(input.LookupAttributes), ...timesOf(input) };
    const asked = digestOf(question, call.account);
    const before = input.NextToken === undefined ? undefined : readToken(input.NextToken, asked);
    const page = await call.parts.trail.findPage({
      account: call.account,
      ...question,
      ...(before !== undefined && { before }),
      limit,
    });
    return {
      Events: page.found.map(viewOf),
      ...(page.before !== undefined && { NextToken: writeToken(page.before, asked) }),
    };
  },
});

type Question = Pick<TrailQuery, "region" | "attribute" | "fromMs" | "toMs">;

function attributeOf(attributes: readonly LookupAttribute[] = []): Pick<Question, "attribute"> {
  const [first, ...more] = attributes;
  if (!first) return {};
  const key = attributeKeys.find((known) => known === first.AttributeKey);
  if (more.length > 0 || key === undefined || !first.AttributeValue) {
    throw new ServiceError(
      "InvalidLookupAttributesException",
      more.length > 0
        ? "You can specify only one lookup attribute."
        : "The lookup attribute is not valid.",
    );
  }
  return { attribute: { key, value: first.AttributeValue } };
}

function timesOf({ StartTime, EndTime }: LookupEventsRequest): Pick<Question, "fromMs" | "toMs"> {
  const [fromMs, toMs] = [StartTime?.getTime(), EndTime?.getTime()];
  const wrong = Number.isNaN(fromMs ?? 0) || Number.isNaN(toMs ?? 0);
  if (wrong || (fromMs !== undefined && toMs !== undefined && fromMs > toMs)) {
    throw new ServiceError(
      "InvalidTimeRangeException",
      "The start time must not be after the end time.",
    );
  }
  return { ...(fromMs !== undefined && { fromMs }), ...(toMs !== undefined && { toMs }) };
}

/**
 * A token is a place in the trail and a digest of the question it continues. A made-up place shows nothing that the
 * same question without a token would not: the account is never part of it.
 */
const digestOf = (question: Question, account: string): string =>
  sha256Hex(JSON.stringify([account, question])).slice(0, 24);

const writeToken = (before: number, asked: string): string =>
  Buffer.from(`${before}.${asked}`).toString("base64url");

function readToken(token: string, asked: string): number {
  const text = Buffer.from(token, "base64url").toString("latin1");
  const [, before = "", digest] = /^(\d{1,15})\.([0-9a-f]{24})$/.exec(text) ?? [];
  if (digest !== asked) {
    throw new ServiceError(
      "InvalidNextTokenException",
      "The token is not valid, or was used with different parameters.",
    );
  }
  return Number(before);
}

function viewOf({ event }: FoundEvent): Event {
  const username = usernameOf(event);
  const accessKeyId = accessKeyOf(event);
  return {
    EventId: event.eventID,
    EventName: event.eventName,
    ReadOnly: String(event.readOnly),
    ...(accessKeyId !== undefined && { AccessKeyId: accessKeyId }),
    EventTime: new Date(event.eventTime),
    EventSource: event.eventSource,
    ...(username !== undefined && { Username: username }),
    Resources: (event.resources ?? []).map(({ type, ARN }) => ({
      ResourceType: type,
      ResourceName: ARN,
    })),
    CloudTrailEvent: JSON.stringify(withoutDecision(event)),
  };
}

/** The reasoning is for the account's operator: it quotes policies that the caller may not read. */
function withoutDecision({ decision: _, ...event }: TrailEvent): Omit<TrailEvent, "decision"> {
  return event;
}
