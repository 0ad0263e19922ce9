import assert from "node:assert/strict";
import { test } from "node:test";
import { alice, bob, dev, granted, project, t1 } from "./cases/scene.ts";
import { openingsOf } from "./openings.ts";
import type { Package, Permissions } from "./state.ts";

const closed: Permissions = { ...project, protection: true, roles: [dev()] };
const controlled: Permissions = {
  ...closed,
  settings: { ...closed.settings, enableDownloadPrivilege: true },
};
const k: Package = { name: "k", createdMs: 0, items: [], admitted: [] };
const filled: Package = { ...k, items: [{ object: t1, privileges: ["Select"] }] };
const admitted: Package = { ...k, admitted: [{ project: "q", label: 0 }] };
const download = granted({ privileges: ["Download"] });

const denied = granted({ privileges: ["Download"], effect: "deny" });
const deny = `{"Version":"1","Statement":[{"Effect":"Deny","Action":"*","Resource":"*"}]}`;
const denying = dev({ policy: deny });
const labelled = { table: "t1", label: 2, columns: {} };
const lent: Permissions = {
  ...closed,
  packages: [{ ...filled, admitted: admitted.admitted }],
  tableLabels: [labelled],
  settings: { ...closed.settings, labelSecurity: true },
};

/** [rule, before, what changes, how many ways are opened] */
const rows: readonly (readonly [string, Permissions, Partial<Permissions>, number])[] = [
  ["nothing changes", closed, {}, 0],
  ["protection ends", closed, { protection: false }, 1],
  ["protection begins", { ...closed, protection: false }, { protection: true }, 0],
  ["exceptions are set", closed, { exceptions: "{}" }, 1],
  ["exceptions go", { ...closed, exceptions: "{}" }, { exceptions: undefined }, 0],
  ["trust is given", closed, { trustedProjects: ["q"] }, 1],
  ["trust is taken", { ...closed, trustedProjects: ["q"] }, { trustedProjects: [] }, 0],
  ["more rows of a display", closed, { display: { rows: 10_001 } }, 1],
  ["fewer rows of a display", closed, { display: { rows: 0 } }, 0],
  ["a limit for the day", closed, { display: { rows: 10_000, rowsPerDay: 1 } }, 0],
  [
    "no limit for the day any more",
    { ...closed, display: { rows: 10_000, rowsPerDay: 1 } },
    { display: { rows: 10_000 } },
    1,
  ],
  ["download control begins", closed, { settings: controlled.settings }, 1],
  ["download control ends", controlled, { settings: closed.settings }, 1],
  ["a super administrator", closed, { superAdministrators: [alice] }, 1],
  ["an administrator", closed, { administrators: [bob] }, 0],
  ["an administrator who may grant Download", controlled, { administrators: [bob] }, 1],
  ["an empty package", closed, { packages: [k] }, 0],
  ["a package is filled", { ...closed, packages: [k] }, { packages: [filled] }, 1],
  ["a package is emptied", { ...closed, packages: [filled] }, { packages: [k] }, 0],
  ["a project is admitted", { ...closed, packages: [k] }, { packages: [admitted] }, 1],
  ["Download where it says nothing", closed, { grants: [download] }, 0],
  ["Download where it decides", controlled, { grants: [download] }, 1],
  ["Download is denied", controlled, { grants: [{ ...download, effect: "deny" }] }, 0],
  ["Select is granted", controlled, { grants: [granted()] }, 0],
  ["a policy where Download decides", controlled, { policy: "{}" }, 1],
  ["a role's policy where Download decides", controlled, { roles: [dev({ policy: "{}" })] }, 1],
  [
    "a member of a role where Download decides",
    controlled,
    { roles: [dev({ members: [bob] })] },
    1,
  ],
  ["a role loses its member", controlled, { roles: [dev({ members: [] })] }, 0],
  ["a deny of Download goes", { ...controlled, grants: [denied] }, { grants: [] }, 1],
  ["a role that denies goes", { ...controlled, roles: [denying] }, { roles: [] }, 1],
  [
    "somebody leaves a role that denies",
    { ...controlled, roles: [denying] },
    { roles: [{ ...denying, members: [] }] },
    1,
  ],
  ["the policy that denies goes", { ...controlled, policy: deny }, { policy: undefined }, 1],
  ["somebody new", { ...controlled, users: [], roles: [] }, { users: controlled.users }, 0],
  [
    "somebody comes back to what was granted",
    { ...controlled, users: [], grants: [download] },
    { users: controlled.users },
    1,
  ],
  [
    "policies are not heard any more",
    controlled,
    { settings: { ...controlled.settings, checkPermissionUsingPolicy: false } },
    1,
  ],
  ["labels are no more", lent, { settings: { ...lent.settings, labelSecurity: false } }, 1],
  ["a label is lowered", lent, { tableLabels: [{ ...labelled, label: 1 }] }, 1],
  ["a column's label is below", lent, { tableLabels: [{ ...labelled, columns: { id: 0 } }] }, 1],
  ["a label is raised", lent, { tableLabels: [{ ...labelled, label: 4 }] }, 0],
  ["a label with no package", { ...lent, packages: [] }, { tableLabels: [] }, 0],
];

test("what opens a project is told, what closes it is not", () => {
  for (const [rule, before, change, count] of rows) {
    assert.equal(openingsOf(before, { ...before, ...change }).length, count, rule);
  }
});

test("one person alone is an opening", () => {
  const asked = { ...closed, settings: { ...closed.settings, secondApprover: true } };
  assert.equal(openingsOf(asked, closed).length, 1);
  assert.equal(openingsOf(closed, asked).length, 0);
});
