import type { Step } from "../question.ts";
import {
  admits,
  alice,
  allowAll,
  anonymous,
  bob,
  bucket,
  denyAll,
  eve,
  foreignRoot,
  home,
  root,
  type Scene,
  type Source,
  service,
  session,
} from "./scene.ts";

/** Whether it is allowed, or how it is refused, and the layer that decides. */
export type Verdict = readonly ["allowed" | "explicit" | "implicit", Step["layer"]];

const other: Source = { Effect: "Allow", Action: "ec2:*", Resource: "*" };
const read: Source = { Effect: "Allow", Action: "s3:GetObject", Resource: "*" };
const whenSecure = (value: string): Source => ({
  Condition: { Bool: { "aws:SecureTransport": value } },
});
const [allow, boundary, limits] = [[allowAll], [other], [other]];

/** [rule, scene, verdict]: resources whose account may allow alone, such as buckets and streams. */
export const accountRows: readonly (readonly [string, Scene, Verdict])[] = [
  ["silence means no", { asker: alice }, ["implicit", "identity"]],
  ["an identity policy allows", { asker: alice, identity: allow }, ["allowed", "identity"]],
  [
    "an identity policy for other things does not",
    { asker: alice, identity: [other] },
    ["implicit", "identity"],
  ],
  [
    "a deny outweighs an allow",
    { asker: alice, identity: [allowAll, denyAll] },
    ["explicit", "identity"],
  ],
  [
    "a deny outweighs an allow that comes later",
    { asker: alice, identity: [denyAll, allowAll] },
    ["explicit", "identity"],
  ],
  [
    "a deny whose condition fails does not count",
    {
      asker: alice,
      identity: [allowAll, { ...denyAll, ...whenSecure("false") }],
      facts: { "aws:SecureTransport": "true" },
    },
    ["allowed", "identity"],
  ],
  [
    "a deny whose condition holds counts",
    {
      asker: alice,
      identity: [allowAll, { ...denyAll, ...whenSecure("false") }],
      facts: { "aws:SecureTransport": "false" },
    },
    ["explicit", "identity"],
  ],
  [
    "an allow whose condition fails does not count",
    {
      asker: alice,
      identity: [{ ...allowAll, ...whenSecure("true") }],
      facts: { "aws:SecureTransport": "false" },
    },
    ["implicit", "identity"],
  ],
  [
    "all conditions must hold",
    {
      asker: alice,
      identity: [
        {
          ...allowAll,
          Condition: {
            Bool: { "aws:SecureTransport": "true" },
            StringEquals: { "aws:username": "bob" },
          },
        },
      ],
      facts: { "aws:SecureTransport": "true", "aws:username": "alice" },
    },
    ["implicit", "identity"],
  ],
  [
    "all keys of an operator must hold",
    {
      asker: alice,
      identity: [
        {
          ...allowAll,
          Condition: {
            StringEquals: { "aws:username": "alice", "aws:RequestedRegion": "eu-west-1" },
          },
        },
      ],
      facts: { "aws:username": "alice", "aws:RequestedRegion": "us-east-1" },
    },
    ["implicit", "identity"],
  ],
  [
    "condition keys ignore case",
    {
      asker: alice,
      identity: [{ ...allowAll, Condition: { StringEquals: { "AWS:UserName": "alice" } } }],
      facts: { "aws:username": "alice" },
    },
    ["allowed", "identity"],
  ],
  [
    "the name of a resource's tag in a key ignores case",
    {
      asker: alice,
      identity: [{ ...allowAll, Condition: { StringEquals: { "aws:ResourceTag/Team": "blue" } } }],
      facts: { "aws:resourcetag/team": "blue" },
    },
    ["allowed", "identity"],
  ],
  [
    "the name of a principal's tag in a key ignores case",
    {
      asker: alice,
      identity: [{ ...allowAll, Condition: { StringEquals: { "aws:PrincipalTag/Team": "blue" } } }],
      facts: { "aws:PrincipalTag/team": "blue" },
    },
    ["allowed", "identity"],
  ],
  [
    "an encryption context's key ignores case, its value does not",
    {
      asker: alice,
      identity: [
        { ...allowAll, Condition: { StringEquals: { "kms:EncryptionContext:Stage": "Prod" } } },
      ],
      facts: { "kms:encryptioncontext:stage": "prod" },
    },
    ["implicit", "identity"],
  ],
  ["the root may do everything in its account", { asker: root }, ["allowed", "root"]],
  [
    "the root is bound by a deny in a resource policy",
    { asker: root, resourcePolicy: [admits("*", { Effect: "Deny" })] },
    ["explicit", "resource"],
  ],
  [
    "the root of another account may nothing here",
    { asker: foreignRoot },
    ["implicit", "resource"],
  ],
  [
    "the root of another account is let in by the resource policy alone",
    { asker: foreignRoot, resourcePolicy: [admits(foreignRoot.account)] },
    ["allowed", "resource"],
  ],

  [
    "a boundary that is silent limits",
    { asker: alice, identity: allow, boundary },
    ["implicit", "boundary"],
  ],
  ["a boundary never grants", { asker: alice, boundary: allow }, ["implicit", "identity"]],
  [
    "a boundary that allows lets the identity policy through",
    { asker: alice, identity: allow, boundary: [read] },
    ["allowed", "identity"],
  ],
  [
    "a deny in a boundary counts",
    { asker: alice, identity: allow, boundary: [allowAll, denyAll] },
    ["explicit", "boundary"],
  ],
  [
    "a session policy that is silent limits",
    { asker: session, identity: allow, session: limits },
    ["implicit", "session"],
  ],
  [
    "a session made with policies that allow nothing may nothing",
    { asker: session, identity: allow, session: [] },
    ["implicit", "session"],
  ],
  ["a session policy never grants", { asker: session, session: allow }, ["implicit", "identity"]],
  [
    "a session policy that allows lets the role's through",
    { asker: session, identity: allow, session: [read] },
    ["allowed", "identity"],
  ],
  [
    "a deny in a session policy counts",
    { asker: session, identity: allow, session: [allowAll, denyAll] },
    ["explicit", "session"],
  ],
  [
    "boundary and session must both allow",
    { asker: session, identity: allow, boundary, session: [read] },
    ["implicit", "boundary"],
  ],

  [
    "a resource policy that names the user grants",
    { asker: alice, resourcePolicy: [admits(alice.arn)] },
    ["allowed", "resource"],
  ],
  [
    "a resource policy that names the user outweighs a silent boundary",
    { asker: alice, boundary, resourcePolicy: [admits(alice.arn)] },
    ["allowed", "resource"],
  ],
  [
    "a deny in the boundary outweighs a resource policy that names the user",
    { asker: alice, boundary: [denyAll], resourcePolicy: [admits(alice.arn)] },
    ["explicit", "boundary"],
  ],
  [
    "a deny in an identity policy outweighs a resource policy that names the user",
    { asker: alice, identity: [denyAll], resourcePolicy: [admits(alice.arn)] },
    ["explicit", "identity"],
  ],
  [
    "a resource policy that names the session grants",
    { asker: session, resourcePolicy: [admits(session.sessionArn ?? "")] },
    ["allowed", "resource"],
  ],
  [
    "a resource policy that names the session outweighs a silent boundary and session policy",
    {
      asker: session,
      boundary,
      session: limits,
      resourcePolicy: [admits(session.sessionArn ?? "")],
    },
    ["allowed", "resource"],
  ],
  [
    "a resource policy that names the role grants",
    { asker: session, resourcePolicy: [admits(session.arn)] },
    ["allowed", "resource"],
  ],
  [
    "a resource policy that names the role stays within the boundary",
    { asker: session, identity: allow, boundary, resourcePolicy: [admits(session.arn)] },
    ["implicit", "boundary"],
  ],
  [
    "a resource policy that names the role stays within the session policy",
    { asker: session, identity: allow, session: limits, resourcePolicy: [admits(session.arn)] },
    ["implicit", "session"],
  ],
  [
    "the closest naming counts: role and session",
    {
      asker: session,
      boundary,
      resourcePolicy: [admits(session.arn), admits(session.sessionArn ?? "")],
    },
    ["allowed", "resource"],
  ],
  [
    "a resource policy for everyone grants the session itself",
    { asker: session, boundary, resourcePolicy: [admits("*")] },
    ["allowed", "resource"],
  ],
  [
    "a resource policy that names the account grants nothing by itself",
    { asker: alice, resourcePolicy: [admits(home)] },
    ["implicit", "identity"],
  ],
  [
    "a resource policy that names the account leaves it to identity policies",
    { asker: alice, identity: allow, resourcePolicy: [admits(home)] },
    ["allowed", "identity"],
  ],
  [
    "a silent resource policy leaves it to identity policies",
    { asker: alice, identity: allow, resourcePolicy: [admits(bob.arn)] },
    ["allowed", "identity"],
  ],
  [
    "a deny in a resource policy outweighs identity policies",
    { asker: alice, identity: allow, resourcePolicy: [admits(alice.arn, { Effect: "Deny" })] },
    ["explicit", "resource"],
  ],
  [
    "a resource policy for another action grants nothing",
    { asker: alice, resourcePolicy: [admits(alice.arn, { Action: "s3:PutObject" })] },
    ["implicit", "identity"],
  ],
  [
    "a resource policy for another resource grants nothing",
    { asker: alice, resourcePolicy: [admits(alice.arn, { Resource: bucket })] },
    ["implicit", "identity"],
  ],

  [
    "another account's user needs the resource policy",
    { asker: eve, identity: allow },
    ["implicit", "resource"],
  ],
  [
    "another account's user needs its own policies, too",
    { asker: eve, resourcePolicy: [admits(eve.arn)] },
    ["implicit", "identity"],
  ],
  [
    "another account's user needs both sides",
    { asker: eve, identity: allow, resourcePolicy: [admits(eve.arn)] },
    ["allowed", "resource"],
  ],
  [
    "another account may be admitted as a whole",
    { asker: eve, identity: allow, resourcePolicy: [admits(eve.account)] },
    ["allowed", "resource"],
  ],
  [
    "another account's user is not admitted by our account's name",
    { asker: eve, identity: allow, resourcePolicy: [admits(home)] },
    ["implicit", "resource"],
  ],
  [
    "everyone does not spare another account's user its own policies",
    { asker: eve, resourcePolicy: [admits("*")] },
    ["implicit", "identity"],
  ],
  [
    "another account's boundary limits",
    { asker: eve, identity: allow, boundary, resourcePolicy: [admits(eve.arn)] },
    ["implicit", "boundary"],
  ],
  [
    "another account's session policy limits, even when its session is named",
    {
      asker: { ...session, account: eve.account },
      identity: allow,
      session: limits,
      resourcePolicy: [admits(session.sessionArn ?? "")],
    },
    ["implicit", "session"],
  ],
  [
    "another account's own deny counts",
    { asker: eve, identity: [denyAll], resourcePolicy: [admits(eve.arn)] },
    ["explicit", "identity"],
  ],

  ["a stranger may nothing", { asker: anonymous }, ["implicit", "resource"]],
  [
    "a stranger may what everyone may",
    { asker: anonymous, resourcePolicy: [admits("*")] },
    ["allowed", "resource"],
  ],
  [
    "a stranger is no principal of an account",
    { asker: anonymous, resourcePolicy: [admits(home)] },
    ["implicit", "resource"],
  ],
  [
    "identity policies do not speak for a stranger",
    { asker: anonymous, identity: allow },
    ["implicit", "resource"],
  ],
  ["a service may nothing by itself", { asker: service }, ["implicit", "resource"]],
  [
    "a service is admitted by the resource policy alone",
    { asker: service, resourcePolicy: [admits("*", { Principal: { Service: service.arn } })] },
    ["allowed", "resource"],
  ],
  [
    "identity policies do not speak for a service",
    { asker: service, identity: allow },
    ["implicit", "resource"],
  ],
  [
    "a service acts for the source it was admitted for",
    {
      asker: service,
      resourcePolicy: [
        admits("*", {
          Principal: { Service: service.arn },
          Condition: { ArnLike: { "aws:SourceArn": "arn:aws:logs:*:111122223333:*" } },
        }),
      ],
      facts: { "aws:SourceArn": "arn:aws:logs:us-east-1:111122223333:x" },
    },
    ["allowed", "resource"],
  ],
  [
    "a service is no deputy for another account's source",
    {
      asker: service,
      resourcePolicy: [
        admits("*", {
          Principal: { Service: service.arn },
          Condition: { ArnLike: { "aws:SourceArn": "arn:aws:logs:*:111122223333:*" } },
        }),
      ],
      facts: { "aws:SourceArn": "arn:aws:logs:us-east-1:444455556666:x" },
    },
    ["implicit", "resource"],
  ],
  [
    "a service that names no source is no deputy",
    {
      asker: service,
      resourcePolicy: [
        admits("*", {
          Principal: { Service: service.arn },
          Condition: { StringEquals: { "aws:SourceAccount": home } },
        }),
      ],
    },
    ["implicit", "resource"],
  ],
];
