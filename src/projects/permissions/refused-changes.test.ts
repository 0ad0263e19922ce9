import assert from "node:assert/strict";
import { test } from "node:test";
import { alice, bob, catalog, dev, now, owner, policy, project, stranger } from "./cases/scene.ts";
import { revokeLabel, setPrincipalLabel, setTableLabel } from "./labels.ts";
import { addToPackage, allowInstall, createPackage, installPackage } from "./packages.ts";
import { createRole, dropRole, grantRole, revokeRole } from "./roles.ts";
import { addTrustedProject, removeTrustedProject, setProtection, setSetting } from "./settings.ts";
import { type Change, newPermissions, type Permissions, type Refusal } from "./state.ts";
import { addUser, purgePrivileges, removeUser } from "./users.ts";

const plain = { comment: "", type: "resource" };
const withDev: Permissions = { ...project, roles: [dev()] };
const withPackage = done(createPackage(project, "k", now));

function done(change: Change): Permissions {
  assert.equal(change.refusal, undefined);
  return change.state ?? project;
}

/** [rule, change, code, what the refusal says] */
const refusals: readonly (readonly [string, Change, Refusal["code"], RegExp])[] = [
  [
    "a user needs a provider",
    addUser(project, "alice", ""),
    "InvalidArgument",
    /Invalid account Name alice/,
  ],
  [
    "a user is no role in disguise",
    addUser(project, "RAM$1:x y", ""),
    "InvalidArgument",
    /Invalid account/,
  ],
  [
    "a user is added once, in whatever letters",
    addUser(project, alice.toUpperCase(), ""),
    "ObjectAlreadyExists",
    /already exists/,
  ],
  [
    "the owner is there already",
    addUser(project, owner, ""),
    "ObjectAlreadyExists",
    /already exists/,
  ],
  ["the owner stays", removeUser(project, owner), "InvalidArgument", /owns project p/],
  [
    "who is not there cannot be removed",
    removeUser(project, stranger),
    "NoSuchObject",
    /doesn't exist/,
  ],
  [
    "who is there is not purged",
    purgePrivileges(project, alice),
    "InvalidArgument",
    /remove the user first/,
  ],
  [
    "no role looks like a user",
    createRole(project, alice, plain),
    "InvalidArgument",
    /invalid role name/,
  ],
  [
    "no role looks like an account",
    createRole(project, "a@b.c", plain),
    "InvalidArgument",
    /invalid role name/,
  ],
  [
    "no role is called admin",
    createRole(project, "Admin", plain),
    "ObjectAlreadyExists",
    /already exists/,
  ],
  [
    "nor super_administrator",
    createRole(project, "SUPER_ADMINISTRATOR", plain),
    "ObjectAlreadyExists",
    /already/,
  ],
  [
    "nor with a letter that looks alike",
    createRole(project, "admın", plain),
    "InvalidArgument",
    /invalid role name/,
  ],
  ["nor user", createRole(project, "User", plain), "InvalidArgument", /reserved/],
  [
    "a role is made once",
    createRole(withDev, "DEV", plain),
    "ObjectAlreadyExists",
    /already exists/,
  ],
  [
    "a role that administers cannot be made",
    createRole(project, "x", { comment: "", type: "admin" }),
    "InvalidArgument",
    /use admin or super_administrator/,
  ],
  [
    "a role that somebody has stays",
    dropRole(withDev, "dev"),
    "InvalidArgument",
    /revoke it first/,
  ],
  ["a built-in role stays", dropRole(project, "admin"), "InvalidArgument", /built in/],
  [
    "what is not there cannot be dropped",
    dropRole(project, "x"),
    "NoSuchObject",
    /role x doesn't exist/,
  ],
  [
    "a role goes to users of the project",
    grantRole(withDev, "dev", stranger),
    "NoSuchObject",
    /doesn't exist in project p/,
  ],
  [
    "a role does not go to a role",
    grantRole(withDev, "dev", "dev"),
    "InvalidArgument",
    /Invalid account Name dev/,
  ],
  ["a role goes once", grantRole(withDev, "dev", alice), "ObjectAlreadyExists", /already/],
  [
    "a role that somebody has not is not taken",
    revokeRole(withDev, "dev", bob),
    "NoSuchObject",
    /doesn't have role/,
  ],
  [
    "labels end at 9",
    setPrincipalLabel(project, { kind: "user", name: alice }, 10),
    "InvalidArgument",
    /invalid label 10/,
  ],
  [
    "labels are whole",
    setTableLabel(project, { table: "t1" }, 1.5, catalog),
    "InvalidArgument",
    /invalid label/,
  ],
  [
    "a label needs its column",
    setTableLabel(project, { table: "t1", columns: ["x"] }, 1, catalog),
    "NoSuchObject",
    /no column x/,
  ],
  [
    "a label that was not granted is not revoked",
    revokeLabel(project, { kind: "user", name: alice }, { table: "t1" }),
    "NoSuchObject",
    /no label/,
  ],
  [
    "a package is made once",
    createPackage(withPackage, "K", now),
    "ObjectAlreadyExists",
    /already exists/,
  ],
  [
    "projects are not shared in packages",
    addToPackage(withPackage, "k", { type: "project", name: "p" }, ["List"], catalog),
    "InvalidArgument",
    /cannot be put/,
  ],
  [
    "a package's thing must be there",
    addToPackage(withPackage, "k", { type: "table", name: "x" }, undefined, catalog),
    "NoSuchObject",
    /doesn't exist/,
  ],
  [
    "a package that does not admit one does not exist",
    installPackage(newPermissions("q", owner), withPackage, { project: "p", name: "k" }, now),
    "NoSuchObject",
    /or project q may not install it/,
  ],
  [
    "a project does not install its own",
    installPackage(
      project,
      done(allowInstall(withPackage, "k", { project: "*", label: 0 })),
      { project: "p", name: "k" },
      now,
    ),
    "NoSuchObject",
    /doesn't exist/,
  ],
  [
    "a setting must be known",
    setSetting(project, "constructor", true),
    "InvalidArgument",
    /no security setting/,
  ],
  [
    "exceptions need protection",
    setProtection(project, false, "{}"),
    "InvalidArgument",
    /belong to a project that is protected/,
  ],
  [
    "exceptions must be readable",
    setProtection(project, true, policy({ Effect: "Deny" })),
    "InvalidArgument",
    /invalid Effect value - Deny/,
  ],
  ["a project need not trust itself", addTrustedProject(project, "P"), "InvalidArgument", /itself/],
  [
    "trust names projects",
    addTrustedProject(project, "*"),
    "InvalidArgument",
    /invalid project name/,
  ],
  [
    "what is not trusted is not removed",
    removeTrustedProject(project, "q"),
    "NoSuchObject",
    /not trusted/,
  ],
];

for (const [title, change, code, message] of refusals) {
  test(title, () => {
    assert.equal(change.refusal?.code, code);
    assert.match(change.refusal?.message ?? "", message);
  });
}
