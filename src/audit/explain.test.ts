import assert from "node:assert/strict";
import { test } from "node:test";
import { sampleEvent } from "../../test/support/trail.ts";
import { explainEvent } from "./explain.ts";
import type { Json, TrailEvent } from "./trail.ts";

const key = "arn:aws:kms:us-east-1:111122223333:key/k1";
const silent: Json = {
  layer: "identity",
  policy: "inline policy little of user bob",
  outcome: "silent",
  why: "no statement allows kms:Decrypt",
};
const allows: Json = {
  layer: "resource",
  policy: "key policy",
  outcome: "allow",
  statement: "statement 1",
  why: "delegates to the account",
};
const demand = (over: { readonly [key: string]: Json }): Json => ({
  demands: [{ action: "kms:Decrypt", resource: key, change: [], ...over }],
});
const lastLines = (event: TrailEvent, count: number) => explainEvent(event).slice(-count - 1, -1);

test("an explanation names who, what, when, and how it ended", () => {
  const refused = { errorCode: "AccessDeniedException", errorMessage: "bob may not" };
  assert.deepEqual(explainEvent(sampleEvent(0, { eventName: "Decrypt", ...refused })).slice(0, 4), [
    "kms.amazonaws.com Decrypt by IAMUser alice (arn:aws:iam::111122223333:user/alice)",
    "at 2026-11-18T11:06:40Z in us-east-1, from 127.0.0.1, request 00000000-0000-4000-8000-000000000000",
    `on ${key} (AWS::KMS::Key)`,
    "It was refused: AccessDeniedException: bob may not",
  ]);
});

test("who is judged beside the caller is told by role", () => {
  const setter = "arn:aws:iam::111122223333:user/mallory";
  const decision: Json = { allowed: true, by: "resource", steps: [] };
  const refused: Json = { allowed: false, refusal: "implicit", by: "identity", steps: [] };
  const asked = { action: "s3:GetObject", resource: "arn:aws:s3:::b/k", change: [] };
  const event = sampleEvent(0, {
    errorCode: "AccessDenied",
    decision: {
      demands: [
        { ...asked, decision },
        { ...asked, of: setter, decision: refused },
      ],
    },
  });
  const lines = explainEvent(event);
  assert.ok(
    lines.includes(
      `Not for who runs the statement: ${setter} has set the location, and must be allowed the same, too.`,
    ),
  );
  assert.deepEqual(
    lines.filter((line) => line.startsWith("s3:GetObject")),
    [
      "s3:GetObject on arn:aws:s3:::b/k, asked of who runs the statement (arn:aws:iam::111122223333:user/alice): allowed by the resource policy",
      `s3:GetObject on arn:aws:s3:::b/k, asked of who has set the location (${setter}): refused: nothing allows it, and the identity policy was decisive`,
    ],
  );
});

test("where data would go is told with the rule that judged it", () => {
  const flow = {
    ...{ project: "sales", schema: "default", table: "orders", id: "t1", version: "3" },
    ...{ columns: ["id", "price"], taskType: "SQL", action: "Select" },
  };
  const into = (destination: Json, decision: Json): Json => ({ ...flow, destination, decision });
  const outside = { kind: "external", location: "s3://lake/" };
  const decision: Json = {
    demands: [],
    flows: [
      into({ kind: "project", project: "reports" }, { allowed: false, reason: "protected" }),
      into(outside, { allowed: true, reason: "exception:SQL", statement: "statement 2" }),
    ],
  };
  const refused = sampleEvent(0, { errorCode: "ODPS-0130013", decision });
  assert.deepEqual(lastLines(refused, 2), [
    "data of sales.orders version 3 (id, price) to project reports, as SQL: is kept in, by the rule protected: the project is protected, and no trusted project, package or exception as approved lets it go there",
    "data of sales.orders version 3 (id, price) to external s3://lake/, as SQL: goes, by the rule exception:SQL, statement 2: an exception of the project lets it go, as it was approved",
  ]);
});

test("the end of a release says what went", () => {
  const released = { projects: ["sales", "ledger"], bytes: 4096, complete: true };
  const ended = sampleEvent(0, { eventName: "EndRelease", additionalEventData: { released } });
  assert.deepEqual(lastLines(ended, 1), [
    "4096 bytes went out of sales, ledger, all of it: the end of the request that stands above.",
  ]);
  const broken = { released: { ...released, complete: false } };
  assert.match(
    String(lastLines(sampleEvent(0, { eventName: "EndRelease", additionalEventData: broken }), 1)),
    /and was broken off before its end/,
  );
});

test("the reasoning is told step by step, with the smallest change", () => {
  const cases: [string, TrailEvent, string[]][] = [
    [
      "a refusal because nobody allows it",
      sampleEvent(0, {
        errorCode: "AccessDeniedException",
        decision: demand({
          decision: {
            allowed: false,
            refusal: "implicit",
            by: "identity",
            steps: [allows, silent],
          },
          change: ["attach to user bob: Allow kms:Decrypt"],
        }),
      }),
      [
        `kms:Decrypt on ${key}: refused: nothing allows it, and the identity policy was decisive`,
        "  1. resource policy (key policy) allows, statement 1: delegates to the account",
        "  2. identity policy (inline policy little of user bob) is silent: no statement allows kms:Decrypt",
        "  The smallest change that would allow it:",
        "     attach to user bob: Allow kms:Decrypt",
      ],
    ],
    [
      "a refusal because a statement says no",
      sampleEvent(0, {
        errorCode: "AccessDeniedException",
        decision: demand({
          decision: {
            allowed: false,
            refusal: "explicit",
            by: "boundary",
            steps: [
              { layer: "boundary", policy: "", outcome: "deny", statement: "NoKeys", why: "w" },
            ],
          },
        }),
      }),
      [
        `kms:Decrypt on ${key}: refused: the permissions boundary says no`,
        "  1. permissions boundary DENIES, NoKeys: w",
      ],
    ],
    [
      "an allowed call",
      sampleEvent(0, {
        decision: demand({ decision: { allowed: true, by: "resource", steps: [allows] } }),
      }),
      [
        `kms:Decrypt on ${key}: allowed by the resource policy`,
        "  1. resource policy (key policy) allows, statement 1: delegates to the account",
      ],
    ],
    [
      "a call that no policy was asked for",
      sampleEvent(0),
      ["No policy had to be asked: everyone who is authenticated may do this."],
    ],
    [
      "a request that was refused itself",
      sampleEvent(0, { errorCode: "SignatureDoesNotMatch" }),
      ["It ended before a policy was asked: the request itself was refused."],
    ],
  ];
  for (const [title, event, expected] of cases) {
    assert.deepEqual(lastLines(event, expected.length), expected, title);
  }
});
