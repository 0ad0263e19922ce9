import assert from "node:assert/strict";
import { test } from "node:test";
import type {
  LookupAttributeKey,
  LookupEventsRequest,
  LookupEventsResponse,
} from "@aws-sdk/client-cloudtrail";
import { sampleEvent, trailHome } from "../../../test/support/trail.ts";
import type { Call } from "../../pipeline/call.ts";
import { lookupEvents } from "./lookup-events.ts";

type T = Parameters<typeof trailHome>[0];

/** A trail of twelve events, every third of another account, and a way to look into it as a caller. */
async function begin(t: T) {
  const trail = await (await trailHome(t)).open();
  t.after(() => trail.close());
  for (let number = 0; number < 12; number += 1) {
    const recipientAccountId = number % 3 === 2 ? "444455556666" : "111122223333";
    const eventName = number % 2 === 0 ? "Encrypt" : "Decrypt";
    await trail.record(sampleEvent(number, { recipientAccountId, eventName, decision: { a: 1 } }));
  }
  return async (input: LookupEventsRequest, account = "111122223333") => {
    const call = { account, parts: { trail } } as unknown as Call;
    const { handle } = lookupEvents.parts;
    const target = { arn: "*", account };
    return (await handle(target, input as never, call as never, () => {})) as LookupEventsResponse;
  };
}

const numbers = ({ Events = [] }: LookupEventsResponse) =>
  Events.map(({ CloudTrailEvent = "{}" }) =>
    Number((JSON.parse(CloudTrailEvent) as { requestID: string }).requestID.slice(-12)),
  );
const byName = (AttributeValue: string) => [
  { AttributeKey: "EventName" as LookupAttributeKey, AttributeValue },
];

test("an account finds its own events, the newest first, page by page", async (t) => {
  const lookup = await begin(t);
  assert.deepEqual(numbers(await lookup({})), [10, 9, 7, 6, 4, 3, 1, 0]);
  assert.deepEqual(numbers(await lookup({}, "444455556666")), [11, 8, 5, 2]);
  const seen = [];
  let page = await lookup({ MaxResults: 3 });
  for (let pages = 0; pages < 10; pages += 1) {
    seen.push(numbers(page));
    if (page.NextToken === undefined) break;
    page = await lookup({ MaxResults: 3, NextToken: page.NextToken });
  }
  assert.deepEqual(seen, [
    [10, 9, 7],
    [6, 4, 3],
    [1, 0],
  ]);
});

test("attributes and times narrow what is found", async (t) => {
  const lookup = await begin(t);
  const time = (number: number) => new Date(sampleEvent(number).eventTime);
  const cases: [string, LookupEventsRequest, number[]][] = [
    ["by name", { LookupAttributes: byName("Decrypt") }, [9, 7, 3, 1]],
    ["by a name that never was", { LookupAttributes: byName("Nothing") }, []],
    ["from a time", { StartTime: time(7) }, [10, 9, 7]],
    ["up to a time", { EndTime: time(3) }, [3, 1, 0]],
    ["within", { StartTime: time(3), EndTime: time(6) }, [6, 4, 3]],
  ];
  for (const [title, input, expected] of cases) {
    assert.deepEqual(numbers(await lookup(input)), expected, title);
  }
});

test("an event has CloudTrail's fields, and not our reasoning", async (t) => {
  const lookup = await begin(t);
  const [event] = (await lookup({ MaxResults: 1 })).Events ?? [];
  assert.deepEqual(
    { ...event, EventId: "", CloudTrailEvent: "" },
    {
      EventId: "",
      EventName: "Encrypt",
      ReadOnly: "true",
      AccessKeyId: "AKIAEXAMPLE",
      EventTime: new Date(sampleEvent(10).eventTime),
      EventSource: "kms.amazonaws.com",
      Username: "alice",
      Resources: [
        {
          ResourceType: "AWS::KMS::Key",
          ResourceName: "arn:aws:kms:us-east-1:111122223333:key/k1",
        },
      ],
      CloudTrailEvent: "",
    },
  );
  const shown = JSON.parse(event?.CloudTrailEvent ?? "") as Record<string, unknown>;
  assert.equal(shown["eventID"], event?.EventId);
  assert.ok(!("decision" in shown));
});

test("what cannot be looked up is refused in CloudTrail's words", async (t) => {
  const lookup = await begin(t);
  const { NextToken = "" } = await lookup({ MaxResults: 1 });
  const cases: [string, Parameters<typeof lookup>[0], string][] = [
    ["too many results", { MaxResults: 51 }, "InvalidMaxResultsException"],
    ["none", { MaxResults: 0 }, "InvalidMaxResultsException"],
    [
      "two attributes",
      { LookupAttributes: [...byName("a"), ...byName("b")] },
      "InvalidLookupAttributesException",
    ],
    ["an empty attribute", { LookupAttributes: byName("") }, "InvalidLookupAttributesException"],
    [
      "an end before the start",
      { StartTime: new Date(2000), EndTime: new Date(1000) },
      "InvalidTimeRangeException",
    ],
    ["insights", { EventCategory: "insight" }, "InvalidEventCategoryException"],
    ["a token made up", { NextToken: "bm90aGluZw" }, "InvalidNextTokenException"],
    [
      "a token of another question",
      { NextToken, LookupAttributes: byName("Encrypt") },
      "InvalidNextTokenException",
    ],
  ];
  for (const [title, input, code] of cases) {
    await assert.rejects(lookup(input), { code }, title);
  }
  await assert.rejects(lookup({ NextToken }, "444455556666"), {
    code: "InvalidNextTokenException",
  });
});
