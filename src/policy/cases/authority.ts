import type { Verdict } from "./combination.ts";
import {
  admits,
  alice,
  allowAll,
  anonymous,
  bob,
  denyAll,
  eve,
  foreignRoot,
  foreignSession,
  home,
  key,
  root,
  type Scene,
  type Source,
  service,
  session,
  trusts,
} from "./scene.ts";

const other: Source = { Effect: "Allow", Action: "ec2:*", Resource: "*" };
const [allow, boundary, limits] = [[allowAll], [other], [other]];
const delegates = admits(`arn:aws:iam::${home}:root`);

/** A key asked to decrypt. */
const kms = (scene: Scene): Scene => ({
  action: "kms:Decrypt",
  resource: key,
  authority: "resource",
  ...scene,
});

const roleArn = `arn:aws:iam::${home}:role/target`;

/** A role asked to be assumed. */
const assume = (scene: Scene): Scene => ({
  action: "sts:AssumeRole",
  resource: roleArn,
  authority: "resource",
  ...scene,
});

const mfa: Source = { Condition: { Bool: { "aws:MultiFactorAuthPresent": "true" } } };
const external: Source = { Condition: { StringEquals: { "sts:ExternalId": "42" } } };

/** [rule, scene, verdict]: resources whose own policy is the root of authority, keys and roles. */
export const authorityRows: readonly (readonly [string, Scene, Verdict])[] = [
  [
    "identity policies alone open no key",
    kms({ asker: alice, identity: allow }),
    ["implicit", "resource"],
  ],
  [
    "identity policies open no key whose policy names others",
    kms({ asker: alice, identity: allow, resourcePolicy: [admits(bob.arn)] }),
    ["implicit", "resource"],
  ],
  [
    "identity policies count where the key policy delegates to the account",
    kms({ asker: alice, identity: allow, resourcePolicy: [delegates] }),
    ["allowed", "identity"],
  ],
  [
    "the account's number delegates, too",
    kms({ asker: alice, identity: allow, resourcePolicy: [admits(home)] }),
    ["allowed", "identity"],
  ],
  [
    "a key policy that delegates allows nothing by itself",
    kms({ asker: alice, resourcePolicy: [delegates] }),
    ["implicit", "identity"],
  ],
  [
    "a key policy delegates only the actions it names",
    kms({
      asker: alice,
      identity: allow,
      resourcePolicy: [admits(home, { Action: "kms:Describe*" })],
    }),
    ["implicit", "resource"],
  ],
  [
    "a key policy delegates only where its conditions hold",
    kms({
      asker: alice,
      identity: allow,
      resourcePolicy: [
        admits(home, {
          Condition: { StringEquals: { "kms:ViaService": "s3.us-east-1.amazonaws.com" } },
        }),
      ],
    }),
    ["implicit", "resource"],
  ],
  [
    "a key policy delegates where its conditions hold",
    kms({
      asker: alice,
      identity: allow,
      resourcePolicy: [
        admits(home, {
          Condition: { StringEquals: { "kms:ViaService": "s3.us-east-1.amazonaws.com" } },
        }),
      ],
      facts: { "kms:ViaService": "s3.us-east-1.amazonaws.com" },
    }),
    ["allowed", "identity"],
  ],
  [
    "delegation stays within the boundary",
    kms({ asker: alice, identity: allow, boundary, resourcePolicy: [delegates] }),
    ["implicit", "boundary"],
  ],
  [
    "delegation stays within the session policy",
    kms({ asker: session, identity: allow, session: limits, resourcePolicy: [delegates] }),
    ["implicit", "session"],
  ],
  [
    "a key policy that names the user opens the key",
    kms({ asker: alice, resourcePolicy: [admits(alice.arn)] }),
    ["allowed", "resource"],
  ],
  [
    "a key policy that names the role opens the key to its sessions",
    kms({ asker: session, resourcePolicy: [admits(session.arn)] }),
    ["allowed", "resource"],
  ],
  [
    "a key policy that names the role stays within the boundary",
    kms({ asker: session, boundary, resourcePolicy: [admits(session.arn)] }),
    ["implicit", "boundary"],
  ],
  [
    "a key policy that names the role stays within the session policy",
    kms({ asker: session, session: limits, resourcePolicy: [admits(session.arn)] }),
    ["implicit", "session"],
  ],
  [
    "a key policy that names the session does not mind boundary or session policy",
    kms({
      asker: session,
      boundary,
      session: limits,
      resourcePolicy: [admits(session.sessionArn ?? "")],
    }),
    ["allowed", "resource"],
  ],
  ["the root opens no key without the key policy", kms({ asker: root }), ["implicit", "resource"]],
  [
    "the root opens no key whose policy names others",
    kms({ asker: root, resourcePolicy: [admits(bob.arn)] }),
    ["implicit", "resource"],
  ],
  [
    "the root opens a key whose policy names the account",
    kms({ asker: root, resourcePolicy: [delegates] }),
    ["allowed", "resource"],
  ],
  [
    "a deny in an identity policy closes the key",
    kms({ asker: alice, identity: [denyAll], resourcePolicy: [admits(alice.arn)] }),
    ["explicit", "identity"],
  ],
  [
    "a deny in the key policy closes the key",
    kms({
      asker: alice,
      identity: allow,
      resourcePolicy: [delegates, admits(alice.arn, { Effect: "Deny" })],
    }),
    ["explicit", "resource"],
  ],
  [
    "a deny in the key policy binds the root",
    kms({ asker: root, resourcePolicy: [delegates, admits("*", { Effect: "Deny" })] }),
    ["explicit", "resource"],
  ],
  [
    "a stranger opens a key only where everyone may",
    kms({ asker: anonymous, resourcePolicy: [delegates] }),
    ["implicit", "resource"],
  ],
  [
    "a service opens a key whose policy names it",
    kms({ asker: service, resourcePolicy: [admits("*", { Principal: { Service: service.arn } })] }),
    ["allowed", "resource"],
  ],
  [
    "a service opens no key whose policy names others",
    kms({ asker: service, resourcePolicy: [delegates] }),
    ["implicit", "resource"],
  ],

  [
    "a grant opens the key",
    kms({ asker: alice, grants: ["g1"], resourcePolicy: [admits(bob.arn)] }),
    ["allowed", "grant"],
  ],
  [
    "a grant opens a key that has no word for the asker's policies",
    kms({ asker: session, grants: ["g1"] }),
    ["allowed", "grant"],
  ],
  [
    "no grant opens nothing",
    kms({ asker: alice, grants: [], resourcePolicy: [admits(bob.arn)] }),
    ["implicit", "resource"],
  ],
  [
    "a grant opens the key to a service",
    kms({ asker: service, grants: ["g1"] }),
    ["allowed", "grant"],
  ],
  [
    "a deny in an identity policy outweighs a grant",
    kms({ asker: alice, grants: ["g1"], identity: [denyAll] }),
    ["explicit", "identity"],
  ],
  [
    "a deny in the key policy outweighs a grant",
    kms({ asker: alice, grants: ["g1"], resourcePolicy: [admits("*", { Effect: "Deny" })] }),
    ["explicit", "resource"],
  ],
  [
    "a grant to a role stays within the session policy",
    kms({ asker: session, grants: ["g1"], session: limits }),
    ["implicit", "session"],
  ],
  [
    "a grant to a role stays within the boundary",
    kms({ asker: session, grants: ["g1"], boundary }),
    ["implicit", "boundary"],
  ],
  [
    "a grant to another account needs that account's word",
    kms({ asker: eve, grants: ["g1"] }),
    ["implicit", "identity"],
  ],
  [
    "a grant to another account with that account's word",
    kms({ asker: eve, grants: ["g1"], identity: allow }),
    ["allowed", "grant"],
  ],

  [
    "another account's user needs the key policy",
    kms({ asker: eve, identity: allow, resourcePolicy: [delegates] }),
    ["implicit", "resource"],
  ],
  [
    "another account's user needs its own policies",
    kms({ asker: eve, resourcePolicy: [admits(eve.account)] }),
    ["implicit", "identity"],
  ],
  [
    "another account's user with both: its account is named",
    kms({ asker: eve, identity: allow, resourcePolicy: [admits(eve.account)] }),
    ["allowed", "resource"],
  ],
  [
    "another account's user with both: it is named itself",
    kms({ asker: eve, identity: allow, resourcePolicy: [admits(eve.arn)] }),
    ["allowed", "resource"],
  ],
  [
    "another account's session with both: its role is named",
    kms({ asker: foreignSession, identity: allow, resourcePolicy: [admits(foreignSession.arn)] }),
    ["allowed", "resource"],
  ],
  [
    "another account's root is admitted by the key policy alone",
    kms({ asker: foreignRoot, resourcePolicy: [admits(foreignRoot.arn)] }),
    ["allowed", "resource"],
  ],

  [
    "an identity policy alone assumes no role",
    assume({ asker: alice, identity: allow, trust: [trusts(bob.arn)] }),
    ["implicit", "resource"],
  ],
  [
    "a role trusts a user that it names",
    assume({ asker: alice, trust: [trusts(alice.arn)] }),
    ["allowed", "resource"],
  ],
  [
    "a role that trusts the account leaves it to identity policies",
    assume({ asker: alice, trust: [trusts(home)] }),
    ["implicit", "identity"],
  ],
  [
    "a role that trusts the account, with an identity policy",
    assume({ asker: alice, identity: allow, trust: [trusts(home)] }),
    ["allowed", "identity"],
  ],
  [
    "a role trusts a session of a role that it names",
    assume({ asker: session, trust: [trusts(session.arn)] }),
    ["allowed", "resource"],
  ],
  [
    "a role trusts a service that it names",
    assume({ asker: service, trust: [trusts("*", { Principal: { Service: service.arn } })] }),
    ["allowed", "resource"],
  ],
  [
    "a role that trusts a service trusts no user",
    assume({
      asker: alice,
      identity: allow,
      trust: [trusts("*", { Principal: { Service: service.arn } })],
    }),
    ["implicit", "resource"],
  ],
  [
    "another account's user needs both sides to assume a role",
    assume({ asker: eve, trust: [trusts(eve.account)] }),
    ["implicit", "identity"],
  ],
  [
    "another account's user with both sides assumes a role",
    assume({ asker: eve, identity: allow, trust: [trusts(eve.account)] }),
    ["allowed", "resource"],
  ],
  [
    "the external id must be right",
    assume({
      asker: eve,
      identity: allow,
      trust: [trusts(eve.account, external)],
      facts: { "sts:ExternalId": "43" },
    }),
    ["implicit", "resource"],
  ],
  [
    "the external id must be there",
    assume({ asker: eve, identity: allow, trust: [trusts(eve.account, external)] }),
    ["implicit", "resource"],
  ],
  [
    "the right external id opens",
    assume({
      asker: eve,
      identity: allow,
      trust: [trusts(eve.account, external)],
      facts: { "sts:ExternalId": "42" },
    }),
    ["allowed", "resource"],
  ],
  [
    "a trust that asks for MFA refuses who says nothing of it",
    assume({ asker: alice, trust: [trusts(alice.arn, mfa)] }),
    ["implicit", "resource"],
  ],
  [
    "a deny in the trust policy counts",
    assume({ asker: alice, trust: [trusts(alice.arn), trusts(alice.arn, { Effect: "Deny" })] }),
    ["explicit", "resource"],
  ],
  [
    "a trust for another action is none",
    assume({ asker: alice, trust: [trusts(alice.arn, { Action: "sts:TagSession" })] }),
    ["implicit", "resource"],
  ],
];
