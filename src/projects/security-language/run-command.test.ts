import assert from "node:assert/strict";
import { test } from "node:test";
import {
  alice,
  bob,
  catalog,
  dev,
  granted,
  now,
  owner,
  policy,
  project,
  rolePolicy,
  t1,
} from "../permissions/cases/scene.ts";
import { newPermissions, type Permissions } from "../permissions/state.ts";
import { parseCommand } from "./parse.ts";
import { type Asker, runCommand } from "./run-command.ts";

const other = newPermissions("q", "ALIYUN$other@example.com");
const ask = (principal: string): Asker => ({
  principal,
  id: "42",
  timeMs: now,
  catalog,
  creators: [{ object: { type: "table", name: "t2" }, user: alice }],
  holderOf: () => undefined,
  findProject: (name) => (name === "q" ? other : undefined),
});

const answer = (text: string, state: Permissions, principal = owner) => {
  const given = runCommand(parseCommand(text), state, ask(principal));
  assert.equal(given.refusal, undefined, given.refusal?.message);
  return given.refusal ? { text: "", json: undefined, state: undefined } : given;
};

const k = {
  name: "k",
  createdMs: now,
  items: [{ object: { ...t1, columns: ["id"] }, privileges: ["Select", "Describe"] }],
  admitted: [{ project: "q", label: 2 }],
};

/** Project `p` with a bit of everything. */
const full: Permissions = {
  ...project,
  administrators: [bob],
  roles: [dev({ policy: rolePolicy({ Action: ["odps:Update", "odps:Alter"] }) })],
  grants: [
    granted({ object: { type: "project", name: "p" }, privileges: ["List", "CreateTable"] }),
    granted({
      to: { kind: "role", name: "dev" },
      privileges: ["Select", "Describe"],
      expiresMs: now + 1000,
    }),
    granted({
      to: { kind: "role", name: "dev" },
      by: "policy",
      effect: "deny",
      condition: "odps:TaskType = 'DT'",
      object: { type: "table", name: "x*" },
    }),
  ],
  policy: policy({ Principal: alice, Condition: { Bool: { "acs:SecureTransport": "true" } } }),
  tableLabels: [{ table: "t1", label: 3, columns: { salary: 4 } }],
  principalLabels: [{ to: { kind: "user", name: alice }, label: 2 }],
  labelGrants: [{ to: { kind: "user", name: alice }, table: "t1", label: 4, expiresMs: now }],
  packages: [k],
  installed: [{ project: "q", name: "k2", installedMs: now }],
  trustedProjects: ["q"],
};

/** [command, text of the answer] */
const texts: readonly (readonly [string, string])[] = [
  ["whoami", `{"DisplayName":"${owner}","ID":"42"}`],
  ["list users", `${owner}\n${alice}\n${bob}`],
  ["list roles", "super_administrator\nadmin\ndev"],
  ["list trustedprojects", "q"],
  ["list accountproviders", "ALIYUN, RAM"],
  ["show principals dev", alice],
  ["show grants", `[${owner}]\nprojects/p: Project Owner`],
  [
    `show grants for ${alice}`,
    `[roles]
dev

Authorization Type: ACL
[role/dev]
A projects/p/tables/t1: Describe | Select\tExpires:2026-11-28T00:00:01+0000
[user/${alice}]
A projects/p: CreateTable | List

Authorization Type: Policy
[role/dev]
DC projects/p/tables/x*: Select
A projects/p/tables/t1: Alter | Update
[user/${alice}]
AC projects/p/tables/t1: Select

Authorization Type: ObjectCreator
[user/${alice}]
AG projects/p/tables/t2: All`,
  ],
  [
    "describe role dev",
    `[users]
${alice}

Authorization Type: ACL
A projects/p/tables/t1: Describe | Select\tExpires:2026-11-28T00:00:01+0000

Authorization Type: Policy
DC projects/p/tables/x*: Select
A projects/p/tables/t1: Alter | Update`,
  ],
  [
    "show acl for T2",
    `Authorization Type: Implicit
AG project_owner/${owner}: All
AG admin/${bob}: All
AG object_creator/${alice}: All`,
  ],
  [
    "show acl for p on type project",
    `Authorization Type: Implicit
AG project_owner/${owner}: All
AG admin/${bob}: All

Authorization Type: ACL
A user/${alice}(acs:odps:*:projects/p): CreateTable | List`,
  ],
  [
    `show label grants for ${alice}`,
    `User Label: 2

+-----------+--------------+--------------------------+
| TableName | GrantedLabel | Expires                  |
+-----------+--------------+--------------------------+
| t1        | 4            | 2026-11-28T00:00:00+0000 |
+-----------+--------------+--------------------------+`,
  ],
  [
    "show label grants on table t1",
    `Sensitive Label Range: [3, 4]

+------------------------+--------------+--------------------------+
| UserName               | GrantedLabel | Expires                  |
+------------------------+--------------+--------------------------+
| ${alice} | 4            | 2026-11-28T00:00:00+0000 |
+------------------------+--------------+--------------------------+`,
  ],
  [
    "describe package p.k",
    `CreateTime: 2026-11-28T00:00:00+0000
PackageName: k
SourceProject: p
Object List
+------------+------------+------------------+
| ObjectType | ObjectName | ObjectPrivileges |
+------------+------------+------------------+
| TABLE      | t1(id)     | Describe,Select  |
+------------+------------+------------------+
Allowed Project List
+-------------+-----------+
| ProjectName | UserLabel |
+-------------+-----------+
| q           | 2         |
+-------------+-----------+`,
  ],
  [
    "show packages",
    `+-------------+--------------------------+
| PackageName | CreateTime               |
+-------------+--------------------------+
| k           | 2026-11-28T00:00:00+0000 |
+-------------+--------------------------+
+-------------+---------------+--------------------------+
| PackageName | SourceProject | InstallTime              |
+-------------+---------------+--------------------------+
| k2          | q             | 2026-11-28T00:00:00+0000 |
+-------------+---------------+--------------------------+`,
  ],
  [
    "show SecurityConfiguration",
    `CheckPermissionUsingAcl=true
CheckPermissionUsingPolicy=true
ObjectCreatorHasAccessPermission=true
ObjectCreatorHasGrantPermission=true
LabelSecurity=false
ProjectProtection=false
ExternalResourceAccessControl=false
EnableDownloadPrivilege=false`,
  ],
];

for (const [command, text] of texts)
  test(`answers ${command}`, () => {
    const given = answer(command, full);
    assert.equal(given.text, text);
    assert.equal(given.state, undefined);
    // A client that asks for JSON reads whatever comes.
    assert.notEqual(JSON.stringify(given.json), undefined);
  });

test("the configuration shows exceptions as they were written", () => {
  const exceptions = policy();
  const state = answer(`set ProjectProtection=true with exception '${exceptions}'`, full).state;
  const lines = answer("show SecurityConfiguration", state ?? full).text.split("\n");
  assert.deepEqual(lines.slice(5, 7), [
    "ProjectProtection=true",
    `ProjectProtection with Exception:${exceptions}`,
  ]);
});

/** Runs commands one after the other as the owner. */
function play(...commands: readonly string[]): Permissions {
  let state = project;
  for (const command of commands) {
    const given = answer(command, state);
    assert.deepEqual([given.text, given.json], ["OK", "OK"], command);
    state = given.state ?? state;
  }
  return state;
}

test("a project is set up by commands", () => {
  const state = play(
    "add user RAM$111122223333:carol comment 'new'",
    "create role dev",
    `grant dev, admin to ${alice}, RAM$111122223333:carol`,
    'grant Select on table p.T1(id) to role dev privilegeproperties("expires"="1")',
    "grant Download on table t* to role dev",
    'grant Update on table t1 to role dev privilegeproperties("policy"="true","allow"="false")',
    `set label 2 to user ${alice}`,
    "set label 3 to table t1(salary)",
    `grant label 3 on table t1(salary) to user ${alice} with exp 1`,
    "create package k",
    "add table t1 to package k",
    "allow project q to install package k using label 1",
    "add trustedproject q",
    "setproject odps.security.enabledownloadprivilege=true",
    "set LabelSecurity=true",
  );
  assert.equal(state.users.at(-1)?.comment, "new");
  assert.equal(state.administrators.length, 2);
  assert.deepEqual(
    state.grants.map(({ by, effect, object, privileges, expiresMs }) => [
      by,
      effect,
      object.name,
      privileges[0],
      expiresMs,
    ]),
    [
      ["acl", "allow", "T1", "Select", now + 86_400_000],
      ["policy", "allow", "t*", "Download", undefined],
      ["policy", "deny", "t1", "Update", undefined],
    ],
  );
  assert.deepEqual(state.packages[0]?.admitted, [
    { project: "q", label: 1, privileges: undefined, expiresMs: undefined },
  ]);
  assert.deepEqual(state.trustedProjects, ["q"]);
  assert.equal(state.settings.labelSecurity && state.settings.enableDownloadPrivilege, true);
});

test("what is granted by a command is taken by one", () => {
  const state = play(
    "create role dev",
    `grant dev to ${alice}`,
    `grant Select on table t1 to ${alice}`,
    `revoke Select on table t1 from ${alice}`,
    `revoke dev from ${alice}`,
    "drop role dev",
  );
  assert.deepEqual([state.grants, state.roles], [[], []]);
});

test("several roles are granted all or not at all", () => {
  const state = { ...project, roles: [dev({ members: [] })] };
  const given = runCommand(parseCommand(`grant dev, nobody to ${alice}`), state, ask(owner));
  assert.equal(given.refusal?.code, "NoSuchObject");
});

test("packages are installed by a command", () => {
  const command = parseCommand("install package p.k");
  const source = { ...full, packages: [{ ...k, admitted: [{ project: "q", label: 0 }] }] };
  const asker = { ...ask(other.owner), findProject: () => source };
  const given = runCommand(command, other, asker);
  assert.deepEqual(given.refusal ? [] : given.state?.installed, [
    { project: "p", name: "k", installedMs: now },
  ]);
  const described = runCommand(
    parseCommand("describe package p.k"),
    given.refusal ? other : (given.state ?? other),
    asker,
  );
  // Whom else it is open to is its owner's matter.
  assert.doesNotMatch(described.refusal ? "" : described.text, /Allowed Project List/);
});
