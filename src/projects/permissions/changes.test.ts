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
  selecting,
  t1,
} from "./cases/scene.ts";
import { clearExpiredGrants, forgetObject, grant, mayGrantAsCreator, revoke } from "./grants.ts";
import { judge } from "./judge.ts";
import { grantLabel, revokeLabel, setTableLabel } from "./labels.ts";
import {
  addToPackage,
  allowInstall,
  createPackage,
  disallowInstall,
  installPackage,
  removeFromPackage,
  uninstallPackage,
} from "./packages.ts";
import { renameColumn, renameTable } from "./renamed.ts";
import { createRole, dropRole, grantRole, revokeRole } from "./roles.ts";
import { setProtection, setSetting } from "./settings.ts";
import { type Change, type Grant, newPermissions, type Permissions } from "./state.ts";
import { addUser, purgePrivileges, removeUser } from "./users.ts";

const plain = { comment: "", type: "resource" };
const withDev: Permissions = { ...project, roles: [dev()] };
const toDev = { to: { kind: "role", name: "dev" } } as const;
const give = (changes: Partial<Grant>, state = withDev): Change =>
  grant(state, granted(changes), catalog);
const withPackage = done(createPackage(project, "k", now));

function done(change: Change): Permissions {
  assert.equal(change.refusal, undefined);
  return change.state ?? project;
}

const may = (state: Permissions, changes: object = {}): boolean =>
  judge(state, { ...selecting, ...changes }).allowed;

test("grants rest while their user is gone, and revive", () => {
  const before = done(give({}));
  const gone = done(removeUser(before, alice));
  assert.deepEqual([may(before), may(gone)], [true, false]);
  assert.equal(may(done(addUser(gone, alice, ""))), true);
});

test("what was purged does not revive", () => {
  const gone = done(purgePrivileges(done(removeUser(done(give({})), alice)), alice));
  assert.deepEqual([gone.grants, gone.roles[0]?.members], [[], []]);
  assert.equal(may(done(addUser(gone, alice, ""))), false);
});

test("administration does not revive with its user", () => {
  const risen = done(
    grantRole(done(grantRole(project, "admin", alice)), "super_administrator", alice),
  );
  assert.equal(may(risen), true);
  assert.equal(may(done(addUser(done(removeUser(risen, alice)), alice, ""))), false);
});

test("a role that is dropped and made again has neither members nor grants", () => {
  const granting = done(give(toDev));
  assert.equal(may(granting), true);
  const empty = done(dropRole(done(revokeRole(granting, "dev", alice)), "dev"));
  const again = done(grantRole(done(createRole(empty, "dev", plain)), "dev", alice));
  assert.equal(may(again), false);
});

test("a table that is dropped and made again is granted to nobody", () => {
  const labelled = done(setTableLabel(done(give({})), { table: "t1" }, 3, catalog));
  const packed = done(
    addToPackage(done(createPackage(labelled, "k", now)), "k", t1, undefined, catalog),
  );
  const forgotten = forgetObject(packed, { type: "table", name: "T1" });
  const { grants, tableLabels, packages } = forgotten;
  assert.deepEqual([grants, tableLabels, packages[0]?.items], [[], [], []]);
});

test("what is said of a table or a column is said of it under its new name", () => {
  const labelled = done(
    setTableLabel(done(give({})), { table: "t1", columns: ["salary"] }, 3, catalog),
  );
  const lent = done(
    grantLabel(
      labelled,
      { to: { kind: "user", name: alice }, table: "t1", columns: ["salary"], label: 3 },
      catalog,
    ),
  );
  const packed = done(
    addToPackage(done(createPackage(lent, "k", now)), "k", t1, undefined, catalog),
  );
  const said = renameTable(
    renameColumn(packed, { table: "T1" }, "Salary", "pay"),
    { table: "t1" },
    "u",
  );
  assert.deepEqual(said.tableLabels[0]?.columns, { pay: 3 });
  assert.deepEqual(
    [said.labelGrants[0]?.table, said.labelGrants[0]?.columns, said.tableLabels[0]?.table],
    ["u", ["pay"], "u"],
  );
  assert.deepEqual(
    [said.grants[0]?.object.name, said.packages[0]?.items[0]?.object.name],
    ["u", "u"],
  );
  assert.deepEqual(renameTable(packed, { table: "t2" }, "u"), packed);
});

test("who made a thing grants on it, and nobody else, unless that is switched off", () => {
  const creators = [{ object: t1, user: bob }];
  assert.equal(mayGrantAsCreator(project, alice, t1, creators), false);
  assert.equal(mayGrantAsCreator(project, bob, t1, creators), true);
  assert.equal(mayGrantAsCreator(project, bob, { ...t1, name: "t2" }, creators), false);
  const off = done(setSetting(project, "ObjectCreatorHasGrantPermission", false));
  assert.equal(mayGrantAsCreator(off, bob, t1, creators), false);
});

test("privileges granted twice are joined, other terms are kept apart", () => {
  const twice = done(give({ privileges: ["Describe", "Select"] }, done(give({}))));
  assert.deepEqual(
    twice.grants.map(({ privileges }) => privileges),
    [["Select", "Describe"]],
  );
  const apart = done(give({ expiresMs: now + 1 }, twice));
  assert.equal(apart.grants.length, 2);
});

test("revoking takes one privilege and leaves the others", () => {
  const left = done(revoke(done(give({ privileges: ["Describe", "Select"] })), granted()));
  assert.deepEqual([may(left), may(left, { action: "Describe" })], [false, true]);
});

test("revoking from All leaves the rest of it", () => {
  const left = done(revoke(done(give({ privileges: ["All"] })), granted()));
  assert.deepEqual([may(left), may(left, { action: "Update" })], [false, true]);
  assert.equal(may(left, { action: "Download" }), false);
});

test("revoking a column leaves the others, revoking the table takes columns too", () => {
  const columns = done(give({ object: { ...t1, columns: ["id", "name"] } }));
  const one = done(revoke(columns, { ...granted(), object: { ...t1, columns: ["NAME"] } }));
  assert.deepEqual([may(columns), may(one), may(one, { columns: ["id"] })], [true, false, true]);
  assert.equal(may(done(revoke(columns, granted())), { columns: ["id"] }), false);
});

test("revoking from a user leaves a role of the name", () => {
  const state = done(give({}, done(give({ ...toDev, privileges: ["Select"] }))));
  const left = done(revoke(state, granted()));
  assert.deepEqual(
    left.grants.map(({ to }) => to.kind),
    ["role"],
  );
});

test("expired grants are cleared, others stay", () => {
  const state = done(
    give({ expiresMs: now }, done(give({ privileges: ["Update"], expiresMs: now + 1 }))),
  );
  assert.equal(done(clearExpiredGrants(state, now)).grants.length, 1);
});

test("leave for a label is granted and taken back by column", () => {
  const to = { kind: "user", name: alice } as const;
  const some = { to, table: "t1", columns: ["id", "salary"], label: 4 };
  const state = done(grantLabel(project, some, catalog));
  const left = done(revokeLabel(state, to, { table: "T1", columns: ["Salary"] }));
  assert.deepEqual(
    left.labelGrants.map(({ columns }) => columns),
    [["id"]],
  );
  assert.deepEqual(done(revokeLabel(left, to, { table: "t1" })).labelGrants, []);
});

test("a package goes from making to uninstalling", () => {
  const filled = done(addToPackage(withPackage, "k", t1, undefined, catalog));
  assert.deepEqual(filled.packages[0]?.items[0]?.privileges, ["Describe", "Select"]);
  assert.equal(
    addToPackage(filled, "k", t1, ["Select"], catalog).refusal?.code,
    "ObjectAlreadyExists",
  );
  const open = done(allowInstall(filled, "k", { project: "q", label: 0 }));
  const q = done(
    installPackage(newPermissions("q", owner), open, { project: "P", name: "K" }, now),
  );
  const there = { ...selecting, principal: owner, current: q };
  assert.equal(judge({ ...open, owner: bob }, there).because, "package");
  const taken = [done(disallowInstall(open, "k", "Q")), done(removeFromPackage(open, "k", t1))];
  for (const state of taken) assert.equal(judge({ ...state, owner: bob }, there).allowed, false);
  const current = done(uninstallPackage(q, "p", "k"));
  assert.equal(judge({ ...open, owner: bob }, { ...there, current }).allowed, false);
});

test("protection set again without exceptions has none", () => {
  const text = policy();
  const state = done(setProtection(project, true, text));
  assert.equal(state.exceptions, text);
  assert.equal(done(setProtection(state, true)).exceptions, undefined);
});
