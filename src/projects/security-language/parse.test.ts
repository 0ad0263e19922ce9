import assert from "node:assert/strict";
import { test } from "node:test";
import type { Command } from "./command.ts";
import { parseCommand } from "./parse.ts";

const alice = "RAM$111122223333:alice";
const t1 = { type: "table", name: "t1", columns: undefined };
const toAlice = { kind: undefined, name: alice };
const plainTerms = {
  policy: false,
  allow: true,
  conditions: undefined,
  expiresDays: undefined,
} as const;

/** [text, command] */
const commands: readonly (readonly [string, Command])[] = [
  ["whoami", { kind: "whoami" }],
  ["WhoAmI ;", { kind: "whoami" }],
  [`add user ${alice}`, { kind: "add-user", user: alice, comment: "" }],
  [
    "add user `RAM$1:a b=c` comment 'it''s \\'me\\''",
    { kind: "add-user", user: "RAM$1:a b=c", comment: "it's 'me'" },
  ],
  ["REMOVE USER ALIYUN$x@y.z;", { kind: "remove-user", user: "ALIYUN$x@y.z" }],
  ["list\n users", { kind: "list-users" }],
  ["create role dev", { kind: "create-role", role: "dev", comment: "", type: "resource" }],
  [
    'create role dev comment "for all" privilegeproperties("type"="Admin")',
    { kind: "create-role", role: "dev", comment: "for all", type: "admin" },
  ],
  ["delete role dev", { kind: "drop-role", role: "dev" }],
  ["drop role dev", { kind: "drop-role", role: "dev" }],
  ["desc role dev", { kind: "describe-role", role: "dev" }],
  ["show principals dev", { kind: "show-principals", role: "dev" }],
  ["show role grant dev", { kind: "show-role-grant", principal: { kind: undefined, name: "dev" } }],
  [`grant dev to ${alice}`, { kind: "grant-roles", roles: ["dev"], users: [alice] }],
  [
    `grant role dev, admin to user ${alice}, b@c.d`,
    { kind: "grant-roles", roles: ["dev", "admin"], users: [alice, "b@c.d"] },
  ],
  [`revoke dev from ${alice}`, { kind: "revoke-roles", roles: ["dev"], users: [alice] }],
  [
    `grant Select, Describe on table t1 to user ${alice}`,
    {
      kind: "grant",
      privileges: ["Select", "Describe"],
      object: t1,
      principal: { kind: "user", name: alice },
      ...plainTerms,
    },
  ],
  [
    `grant select on t1(a, b) to ${alice};`,
    {
      kind: "grant",
      privileges: ["select"],
      object: { ...t1, columns: ["a", "b"] },
      principal: toAlice,
      ...plainTerms,
    },
  ],
  [
    `grant select(a), describe(a) on table p.s.t1 to ${alice}`,
    {
      kind: "grant",
      privileges: ["select", "describe"],
      object: { type: "table", name: "p.s.t1", columns: ["a"] },
      principal: toAlice,
      ...plainTerms,
    },
  ],
  [
    `grant Select on function to ${alice}`,
    {
      kind: "grant",
      privileges: ["Select"],
      object: { ...t1, name: "function" },
      principal: toAlice,
      ...plainTerms,
    },
  ],
  [
    "grant CreateTable on project p to role dev",
    {
      kind: "grant",
      privileges: ["CreateTable"],
      object: { type: "project", name: "p", columns: undefined },
      principal: { kind: "role", name: "dev" },
      ...plainTerms,
    },
  ],
  [
    'grant Download on table tb_* to role dev privilegeproperties("policy"="true", "allow"="FALSE", "conditions"="acs:SourceIp = \'10.0.0.0/8\'", "expires"="30")',
    {
      kind: "grant",
      privileges: ["Download"],
      object: { ...t1, name: "tb_*" },
      principal: { kind: "role", name: "dev" },
      policy: true,
      allow: false,
      conditions: "acs:SourceIp = '10.0.0.0/8'",
      expiresDays: 30,
    },
  ],
  [
    `revoke Select on table t1 from ${alice}`,
    { kind: "revoke", privileges: ["Select"], object: t1, principal: toAlice, ...plainTerms },
  ],
  [`purge privileges from user ${alice}`, { kind: "purge-privileges", user: alice }],
  ["clear expired grants", { kind: "clear-expired-grants" }],
  ["show grants", { kind: "show-grants", principal: undefined, object: undefined }],
  [`show grants for ${alice}`, { kind: "show-grants", principal: toAlice, object: undefined }],
  [`show grants ${alice};`, { kind: "show-grants", principal: toAlice, object: undefined }],
  [
    "show grants for role dev",
    { kind: "show-grants", principal: { kind: "role", name: "dev" }, object: undefined },
  ],
  ["show grants on table t1", { kind: "show-grants", principal: undefined, object: t1 }],
  ["show acl for t1", { kind: "show-acl", object: t1 }],
  [
    "show acl for a.jar on type RESOURCE",
    { kind: "show-acl", object: { type: "resource", name: "a.jar", columns: undefined } },
  ],
  [
    `set label 3 to user ${alice}`,
    { kind: "set-principal-label", principal: { kind: "user", name: alice }, label: 3 },
  ],
  [
    "set label 3 to table t1(a)",
    { kind: "set-table-label", table: { name: "t1", columns: ["a"] }, label: 3 },
  ],
  [
    "unset label from table t1",
    { kind: "set-table-label", table: { name: "t1", columns: undefined }, label: 0 },
  ],
  [
    `grant label 4 on table t1(a) to user ${alice} with exp 7`,
    {
      kind: "grant-label",
      table: { name: "t1", columns: ["a"] },
      principal: { kind: "user", name: alice },
      label: 4,
      expiresDays: 7,
    },
  ],
  [
    `revoke label on table t1 from ${alice}`,
    { kind: "revoke-label", table: { name: "t1", columns: undefined }, principal: toAlice },
  ],
  [
    "show label grants",
    { kind: "show-label-grants", label: undefined, table: undefined, principal: undefined },
  ],
  [
    `show label 3 grants on table t1 for user ${alice}`,
    {
      kind: "show-label-grants",
      label: 3,
      table: { name: "t1", columns: undefined },
      principal: { kind: "user", name: alice },
    },
  ],
  ["create package k", { kind: "create-package", name: "k" }],
  ["drop package k", { kind: "delete-package", name: "k" }],
  [
    "add table t1 to package k with privileges Select, Describe",
    { kind: "add-to-package", package: "k", object: t1, privileges: ["Select", "Describe"] },
  ],
  ["remove table t1 from package k", { kind: "remove-from-package", package: "k", object: t1 }],
  [
    "allow project q to install package k with privilege Select using label 2 exp 5",
    {
      kind: "allow-install",
      package: "k",
      project: "q",
      privileges: ["Select"],
      label: 2,
      expiresDays: 5,
    },
  ],
  [
    "allow project * to install package k",
    {
      kind: "allow-install",
      package: "k",
      project: "*",
      privileges: undefined,
      label: 0,
      expiresDays: undefined,
    },
  ],
  [
    "disallow project q to install package k",
    { kind: "disallow-install", package: "k", project: "q" },
  ],
  ["install package q.k", { kind: "install-package", package: { project: "q", name: "k" } }],
  ["uninstall package q.k", { kind: "uninstall-package", package: { project: "q", name: "k" } }],
  ["show packages", { kind: "show-packages" }],
  ["describe package q.k", { kind: "describe-package", package: { project: "q", name: "k" } }],
  ["show package k", { kind: "describe-package", package: { project: undefined, name: "k" } }],
  ["add trustedproject q", { kind: "add-trusted-project", project: "q" }],
  ["remove trustedproject q", { kind: "remove-trusted-project", project: "q" }],
  ["list trustedprojects", { kind: "list-trusted-projects" }],
  ["LIST ACCOUNTPROVIDERS", { kind: "list-account-providers" }],
  ["get policy on role dev", { kind: "get-policy", role: "dev" }],
  ["set ProjectProtection=true", { kind: "set-protection", on: true, exceptions: undefined }],
  ["set projectprotection = false;", { kind: "set-protection", on: false, exceptions: undefined }],
  [
    `set ProjectProtection=true with exception '{"a":"b"}'`,
    { kind: "set-protection", on: true, exceptions: '{"a":"b"}' },
  ],
  [
    "set CheckPermissionUsingACL=false",
    { kind: "set-setting", name: "checkPermissionUsingAcl", value: false },
  ],
  [
    "setproject odps.security.enabledownloadprivilege=true",
    { kind: "set-setting", name: "enableDownloadPrivilege", value: true },
  ],
  ["show SecurityConfiguration", { kind: "show-security-configuration" }],
];

for (const [text, command] of commands)
  test(`reads ${text}`, () => {
    assert.deepEqual(parseCommand(text), command);
  });

/** [text, place, what the refusal says] */
const refusals: readonly (readonly [string, string, RegExp])[] = [
  ["", "1,1", /expected whoami or add or .*, found the end/],
  ["select 1", "1,1", /found 'select'/],
  ["whoami now", "1,8", /unexpected 'now'/],
  ["whoami; whoami", "1,9", /unexpected 'whoami'/],
  ["grant Select on table t1", "1,25", /expected to, found the end/],
  ["grant Select\non table t1 from x", "2,13", /expected to, found 'from'/],
  ["grant 'role' dev to x", "1,14", /expected to, found 'dev'/],
  ["add user", "1,9", /expected a user, found the end/],
  ["add user ''", "1,10", /a user is empty/],
  ["add user 'x", "1,10", /quote is not closed/],
  ["add user ünal", "1,10", /unexpected character 'ü'/],
  ["add user a\u0000", "1,11", /unexpected character '\\u0000'/],
  ["list tenant users", "1,6", /tenants and groups/],
  ["grant Select on t1 to group g", "1,23", /no groups/],
  ["grant super x to y", "1,7", /super_administrator instead/],
  ["grant Select on table t1 partition(a='b') to x", "1,26", /partitions are not known/],
  ["grant Select on table t1 to x with grant option", "1,31", /grant option/],
  ["grant Select(a), Update(b) on t1 to x", "1,34", /the same columns/],
  ["grant Select(a) on t1(a) to x", "1,26", /columns stand there twice/],
  ["grant dev(a) to x", "1,14", /only privileges have columns/],
  [
    'grant Select on t1 to x privilegeproperties("policy"="maybe")',
    "1,62",
    /"policy" is true or false/,
  ],
  [
    'grant Select on t1 to x privilegeproperties("policy"="true","policy"="false")',
    "1,69",
    /stands there twice/,
  ],
  [
    'grant Select on t1 to x privilegeproperties("who"="me")',
    "1,50",
    /property `who` is not known/,
  ],
  ['grant Select on t1 to x privilegeproperties("expires"="0")', "1,59", /1 to 36500 days/],
  ['grant Select on t1 to x privilegeproperties("expires"="1e3")', "1,61", /number of days/],
  ["set label x to user y", "1,11", /expected a label, found 'x'/],
  ["set LabelSecurity=maybe", "1,19", /expected true or false/],
  ["set odps.sql.x=true", "1,16", /is no security setting/],
  ["setproject constructor=true", "1,24", /no security property/],
  ["add accountprovider ram", "1,5", /ALIYUN and RAM, and stay/],
  ["show acl for t1 on type ship", "1,29", /no type of object `ship`/],
  [`grant ${"a,".repeat(1001)}b to c`, "1,2007", /longer than 1000/],
  [`add user ${"x".repeat(66_000)}`, "1,1", /longer than 65536/],
];

for (const [text, place, why] of refusals)
  test(`refuses ${text.slice(0, 60)}`, () => {
    assert.throws(
      () => parseCommand(text),
      (error: unknown) => {
        assert.ok(error instanceof Error);
        assert.equal(error.name, "ODPS-0130161");
        const [, at = "", said = ""] =
          /^ODPS-0130161:\[(\d+,\d+)\] Parse exception - (.*)$/s.exec(error.message) ?? [];
        assert.match(said, why);
        assert.equal(at, place, error.message);
        return true;
      },
    );
  });
