import assert from "node:assert/strict";
import { test } from "node:test";
import { catalog, dev, granted, policy, project, stranger, t1 } from "./cases/scene.ts";
import { grant, revoke } from "./grants.ts";
import { putPolicy, putRolePolicy } from "./roles.ts";
import type { Change, Grant, Permissions, Refusal } from "./state.ts";

const withDev: Permissions = { ...project, roles: [dev()] };
const toDev = { to: { kind: "role", name: "dev" } } as const;
const byPolicy = { ...toDev, by: "policy" } as const;
const give = (changes: Partial<Grant>, state = withDev): Change =>
  grant(state, granted(changes), catalog);

/** [rule, change, code, what the refusal says] */
const refusals: readonly (readonly [string, Change, Refusal["code"], RegExp])[] = [
  [
    "a privilege fits its object",
    give({ privileges: ["CreateTable"] }),
    "InvalidArgument",
    /CreateTable is no privilege on a table/,
  ],
  [
    "a grant needs its object",
    give({ object: { type: "table", name: "x" } }),
    "NoSuchObject",
    /projects\/p\/tables\/x doesn't exist/,
  ],
  [
    "a grant needs its user",
    give({ to: { kind: "user", name: stranger } }),
    "NoSuchObject",
    /doesn't exist/,
  ],
  [
    "a grant needs its role",
    give({ to: { kind: "role", name: "x" } }),
    "NoSuchObject",
    /role x doesn't exist/,
  ],
  [
    "nothing is granted to administrators",
    give({ to: { kind: "role", name: "admin" } }),
    "NoPermission",
    /cannot be changed/,
  ],
  [
    "Download with a star is for roles",
    give({ object: { type: "table", name: "t*" }, privileges: ["Download"] }),
    "InvalidArgument",
    /wildcards only to roles/,
  ],
  [
    "so is any star",
    give({ object: { type: "table", name: "*" } }),
    "InvalidArgument",
    /wildcards are granted to roles by policy/,
  ],
  [
    "a deny goes by policy",
    give({ ...toDev, effect: "deny" }),
    "InvalidArgument",
    /"policy"="true"/,
  ],
  ["policy goes to roles", give({ by: "policy" }), "InvalidArgument", /roles only/],
  [
    "a condition must be readable",
    give({ ...byPolicy, condition: "acs:SourceIp ~ 1" }),
    "InvalidArgument",
    /cannot be read/,
  ],
  [
    "a condition must be known",
    give({ ...byPolicy, condition: "acs:UserAgent = 'x'" }),
    "InvalidArgument",
    /unknown Condition key/,
  ],
  [
    "a condition does not end in and",
    give({ ...byPolicy, condition: "odps:TaskType = 'SQL' and " }),
    "InvalidArgument",
    /end in `and`/,
  ],
  [
    "a column must be there",
    give({ object: { ...t1, columns: ["x"] } }),
    "NoSuchObject",
    /no column x/,
  ],
  [
    "Drop is not granted on columns",
    give({ object: { ...t1, columns: ["id"] }, privileges: ["Drop"] }),
    "InvalidArgument",
    /cannot be granted on columns/,
  ],
  [
    "the project granted on is this one",
    give({ object: { type: "project", name: "q" }, privileges: ["List"] }),
    "NoSuchObject",
    /doesn't exist/,
  ],
  [
    "a package granted on is installed",
    give({ object: { type: "package", name: "x.k" }, privileges: ["Read"] }),
    "NoSuchObject",
    /doesn't exist/,
  ],
  [
    "what is not held is not revoked",
    revoke(project, granted()),
    "NoSuchObject",
    /holds no Select/,
  ],
  [
    "a project policy gives no Download with a star",
    putPolicy(
      project,
      policy({ Action: "odps:Download", Resource: "acs:odps:*:projects/p/tables/*" }),
    ),
    "InvalidArgument",
    /wildcards only to roles/,
  ],
  [
    "a policy must be readable",
    putPolicy(project, "{"),
    "InvalidArgument",
    /failed to check policy format/,
  ],
  [
    "a role's policy names nobody",
    putRolePolicy(withDev, "dev", policy()),
    "InvalidArgument",
    /names no Principal/,
  ],
  [
    "administrators have no policy to change",
    putRolePolicy(project, "admin", policy()),
    "NoPermission",
    /cannot be changed/,
  ],
];

for (const [title, change, code, message] of refusals) {
  test(title, () => {
    assert.equal(change.refusal?.code, code);
    assert.match(change.refusal?.message ?? "", message);
  });
}
