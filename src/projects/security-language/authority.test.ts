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
  project,
  stranger,
  t1,
} from "../permissions/cases/scene.ts";
import { newPermissions, type Permissions } from "../permissions/state.ts";
import { parseCommand } from "./parse.ts";
import { type Asker, runCommand } from "./run-command.ts";

const carol = "RAM$111122223333:carol";
const dave = "RAM$111122223333:dave";

/** Alice is a user, bob an administrator, carol a super administrator, dave another administrator. */
const state: Permissions = {
  ...project,
  users: [...project.users, { name: carol, comment: "" }, { name: dave, comment: "" }],
  administrators: [bob, dave],
  superAdministrators: [carol],
  roles: [dev({ members: [] })],
  packages: [{ name: "k", createdMs: 0, items: [], admitted: [] }],
};

type Changes = Partial<Permissions> & Partial<Pick<Asker, "creators">>;

function run(command: string, principal: string, { creators = [], ...changes }: Changes = {}) {
  const other = newPermissions("q", owner);
  return runCommand(
    parseCommand(command),
    { ...state, ...changes },
    {
      principal,
      id: "1",
      timeMs: now,
      catalog,
      creators,
      holderOf: () => undefined,
      findProject: (name) => (name === "q" ? other : undefined),
    },
  );
}

const ranks = { user: alice, admin: bob, super_administrator: carol, owner };

/** [command, least rank that may run it] */
const rows: readonly (readonly [string, keyof typeof ranks])[] = [
  ["whoami", "user"],
  ["show grants", "user"],
  [`show grants for ${alice}`, "admin"],
  ["show grants for role dev", "admin"],
  ["show label grants", "user"],
  ["list accountproviders", "user"],
  ["list users", "admin"],
  ["list roles", "admin"],
  ["describe role dev", "admin"],
  ["show acl for t1", "admin"],
  ["get policy", "admin"],
  ["show SecurityConfiguration", "admin"],
  ["add user b@example.com", "admin"],
  ["create role x", "admin"],
  [`grant dev to ${alice}`, "admin"],
  [`grant Select on table t1 to ${alice}`, "admin"],
  ["grant Download on table t1 to role dev", "admin"],
  [`set label 9 to user ${alice}`, "admin"],
  ["create package k2", "admin"],
  ["allow project q to install package k", "admin"],
  [`grant admin to ${alice}`, "super_administrator"],
  [`grant dev, ADMIN to ${alice}`, "super_administrator"],
  [`revoke admin from ${dave}`, "super_administrator"],
  [`remove user ${dave}`, "super_administrator"],
  ["set ProjectProtection=false", "super_administrator"],
  ["set LabelSecurity=false", "super_administrator"],
  ["setproject odps.security.enabledownloadprivilege=false", "super_administrator"],
  ["add trustedproject q", "super_administrator"],
  [`grant super_administrator to ${alice}`, "owner"],
  [`grant dev, Super_Administrator to ${alice}`, "owner"],
];

for (const [command, least] of rows)
  test(`${command} takes ${least}`, () => {
    let enough = false;
    for (const [rank, principal] of Object.entries(ranks)) {
      enough ||= rank === least;
      // Whoever asks of themselves need not ask an administrator.
      if (command === `show grants for ${principal}`) continue;
      const { refusal } = run(command, principal);
      assert.equal(
        refusal?.code,
        enough ? undefined : "NoPermission",
        `${rank}: ${refusal?.message}`,
      );
    }
    assert.match(
      run(command, stranger).refusal?.message ?? "",
      /\[4002\], You don't exist in project p/,
    );
  });

/** [attack, command, who, state, what the refusal says] */
const attacks: readonly (readonly [string, string, string, Changes, RegExp])[] = [
  [
    "a user makes itself an administrator",
    `grant admin to ${alice}`,
    alice,
    {},
    /owner or super_administrator/,
  ],
  [
    "an administrator makes itself more",
    `grant super_administrator to ${bob}`,
    bob,
    {},
    /be its owner/,
  ],
  ["an administrator removes the one above", `remove user ${carol}`, bob, {}, /be its owner/],
  ["and one beside", `remove user ${dave}`, bob, {}, /owner or super_administrator/],
  ["a super administrator removes the owner", `remove user ${owner}`, carol, {}, /be its owner/],
  [
    "a super administrator removes another",
    `revoke super_administrator from ${carol}`,
    carol,
    {},
    /be its owner/,
  ],
  [
    "an administrator opens a package of a protected project",
    "allow project q to install package k",
    bob,
    { protection: true },
    /owner or super_administrator/,
  ],
  [
    "or fills one that is open",
    "add table t1 to package k",
    bob,
    { protection: true },
    /owner or super_administrator/,
  ],
  [
    "an administrator grants to its own role",
    "grant Download on table t1 to role admin",
    bob,
    {},
    /cannot be changed/,
  ],
  [
    "a role is made that is called like one above",
    "create role `super_administrator`",
    bob,
    {},
    /already exists/,
  ],
  [
    "a role is made that is called like a user",
    `create role \`${alice}\``,
    bob,
    {},
    /invalid role name/,
  ],
  [
    "a user is added who is called like a role",
    "add user admin",
    bob,
    {},
    /Invalid account Name admin/,
  ],
  ["a role is given to a role", "grant dev to dev", bob, {}, /Invalid account Name dev/],
  [
    "a user with a star is granted to",
    "grant Select on table t1 to user `RAM$111122223333:*`",
    bob,
    {},
    /Invalid account Name/,
  ],
  [
    "Download with a star goes to a user",
    `grant Download on table t* to user ${alice}`,
    bob,
    {},
    /wildcards only to roles/,
  ],
  [
    "a maker grants on what another made",
    `grant Select on table t1 to ${alice}`,
    alice,
    { creators: [{ object: t1, user: bob }] },
    /owner, super_administrator or admin/,
  ],
  [
    "a maker grants Download",
    `grant Download on table t1 to ${alice}`,
    alice,
    { creators: [{ object: t1, user: alice }] },
    /owner, super_administrator or admin/,
  ],
  [
    "a maker grants Download among others",
    `grant Select, download on table t1 to ${alice}`,
    alice,
    { creators: [{ object: t1, user: alice }] },
    /owner, super_administrator or admin/,
  ],
  [
    "a maker denies",
    'grant Select on table t1 to role dev privilegeproperties("policy"="true","allow"="false")',
    alice,
    { creators: [{ object: t1, user: alice }] },
    /owner, super_administrator or admin/,
  ],
  [
    "a maker grants on the project",
    `grant List on project p to ${alice}`,
    alice,
    { creators: [{ object: t1, user: alice }] },
    /owner, super_administrator or admin/,
  ],
  [
    "a maker who was removed grants",
    `grant Select on table t1 to ${alice}`,
    stranger,
    { creators: [{ object: t1, user: stranger }] },
    /don't exist in project/,
  ],
  [
    "trust goes to a project that somebody may yet make",
    "add trustedproject later",
    owner,
    {},
    /Project not found - 'later'/,
  ],
  [
    "a package goes to such a project",
    "allow project later to install package k",
    owner,
    {},
    /Project not found/,
  ],
  [
    "exceptions deny",
    `set ProjectProtection=true with exception '{"Version":"1","Statement":[{"Effect":"Deny"}]}'`,
    owner,
    {},
    /invalid Effect value - Deny/,
  ],
  [
    "a table of another project is granted on",
    `grant Select on table q.t1 to ${alice}`,
    owner,
    {},
    /doesn't exist/,
  ],
  [
    "a path climbs",
    "grant Select on table `../q/tables/t1` to user x@y.z",
    owner,
    {},
    /invalid table name/,
  ],
  [
    "a resource climbs",
    "grant Read on resource `../t1` to user x@y.z",
    owner,
    {},
    /invalid resource name/,
  ],
];

for (const [title, command, principal, changes, message] of attacks)
  test(`refused: ${title}`, () => {
    assert.match(run(command, principal, changes).refusal?.message ?? "allowed", message);
  });

test("a maker grants what it made", () => {
  const creators = [{ object: t1, user: alice }];
  const given = run(`grant Select on table t1 to ${bob}`, alice, { creators });
  assert.deepEqual(given.refusal ? given.refusal : given.state?.grants, [
    {
      ...granted({ to: { kind: "user", name: bob } }),
      object: { type: "table", name: "t1", columns: undefined },
      condition: undefined,
      expiresMs: undefined,
    },
  ]);
});

test("a maker's grants end with the setting", () => {
  const creators = [{ object: t1, user: alice }];
  const settings = { ...state.settings, objectCreatorHasGrantPermission: false };
  const given = run(`grant Select on table t1 to ${bob}`, alice, { creators, settings });
  assert.equal(given.refusal?.code, "NoPermission");
});
