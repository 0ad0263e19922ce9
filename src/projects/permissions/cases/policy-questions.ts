import type { Permissions } from "../state.ts";
import {
  all,
  dayLater,
  download,
  has,
  made,
  type QuestionRow,
  settings,
  withSalary,
} from "./question-parts.ts";
import { alice, bob, dev, now, policy, rolePolicy, stranger } from "./scene.ts";
/** Creators and policies. */
export const policyRows: readonly QuestionRow[] = [
  ["who made a thing may use it", {}, made, "object-creator"],
  [
    "unless that is switched off",
    settings({ objectCreatorHasAccessPermission: false }),
    made,
    "silent",
  ],
  ["a creator is denied like anybody", { policy: policy({ Effect: "Deny" }) }, made, "denied"],
  ["a creator downloads only what is granted", {}, { ...made, ...download }, "silent"],
  [
    "a creator who was removed is a stranger",
    {},
    { principal: stranger, creator: stranger },
    "stranger",
  ],
  ["a project's policy allows its users", { policy: policy() }, {}, "policy"],
  [
    "and no strangers, though it says everyone",
    { policy: policy() },
    { principal: stranger },
    "stranger",
  ],
  ["one that names another does not", { policy: policy({ Principal: bob }) }, {}, "silent"],
  [
    "one for another project does not",
    { policy: policy({ Resource: "acs:odps:*:projects/q/tables/t1" }) },
    {},
    "silent",
  ],
  ["its star is no Download", { policy: policy({ Action: "odps:*" }) }, download, "silent"],
  [
    "not even beside another action with a D",
    { policy: policy({ Action: ["odps:*", "odps:Describe"] }) },
    download,
    "silent",
  ],
  [
    "Download that is named counts in a policy",
    { policy: policy({ Action: "odps:Download" }) },
    download,
    "policy",
  ],
  [
    "a star denies Download",
    { ...has({ privileges: ["Download"] }), policy: policy({ Effect: "Deny", Action: "odps:*" }) },
    download,
    "denied",
  ],
  [
    "a deny on the project with a star reaches its tables",
    {
      ...has({}),
      policy: policy({ Effect: "Deny", Action: "odps:*", Resource: "acs:odps:*:projects/*" }),
    },
    {},
    "denied",
  ],
  ["a role's policy is its members'", { roles: [dev({ policy: rolePolicy() })] }, {}, "policy"],
  ["and no other's", { roles: [dev({ policy: rolePolicy() })] }, { principal: bob }, "silent"],
  [
    "policies can be switched off",
    { policy: policy(), ...settings({ checkPermissionUsingPolicy: false }) },
    {},
    "silent",
  ],
  [
    "a deny of a column by policy",
    {
      ...has({}),
      policy: policy({
        Effect: "Deny",
        Condition: { StringEquals: { "odps:SelectColumns": "salary" } },
      }),
    },
    withSalary,
    "denied",
  ],
  [
    "spares other columns",
    {
      ...has({}),
      policy: policy({
        Effect: "Deny",
        Condition: { StringEquals: { "odps:SelectColumns": "salary" } },
      }),
    },
    {},
    "acl",
  ],
  [
    "and meets the whole table",
    {
      ...has({}),
      policy: policy({
        Effect: "Deny",
        Condition: { StringEquals: { "odps:SelectColumns": "salary" } },
      }),
    },
    all,
    "denied",
  ],
  [
    "a policy's time",
    {
      policy: policy({
        Condition: { DateLessThan: { "odps:CurrentTime": "2026-11-28T12:00:00Z" } },
      }),
    },
    {},
    "policy",
  ],
  [
    "is over some day",
    {
      policy: policy({
        Condition: { DateLessThan: { "odps:CurrentTime": "2026-11-28T12:00:00Z" } },
      }),
    },
    dayLater,
    "silent",
  ],
];

const labelled = (changes: Partial<Permissions> = {}): Partial<Permissions> => ({
  ...has({ privileges: ["Select", "Describe"] }),
  ...settings({ labelSecurity: true }),
  tableLabels: [{ table: "t1", label: 1, columns: { salary: 4 } }],
  principalLabels: [{ to: { kind: "user", name: alice }, label: 1 }],
  ...changes,
});
const opened = (changes: object) => ({
  labelGrants: [{ to: { kind: "user", name: alice } as const, table: "t1", label: 4, ...changes }],
});

/** Labels of what is read against labels of who reads. */
export const labelRows: readonly QuestionRow[] = [
  ["columns up to one's label", labelled(), {}, "acl"],
  ["no column beyond it", labelled(), withSalary, "label"],
  ["nor the whole table that has one", labelled(), all, "label"],
  [
    "nor the count of a table beyond it",
    labelled({ principalLabels: [] }),
    { columns: [] },
    "label",
  ],
  ["a description has no rows", labelled(), { ...all, action: "Describe" }, "acl"],
  ["labels rest while label security is off", labelled(settings({})), withSalary, "acl"],
  [
    "a role's label is its members'",
    labelled({
      roles: [dev()],
      principalLabels: [{ to: { kind: "role", name: "dev" }, label: 4 }],
    }),
    withSalary,
    "acl",
  ],
  [
    "another's label is not",
    labelled({ principalLabels: [{ to: { kind: "user", name: bob }, label: 9 }] }),
    {},
    "label",
  ],
  ["leave to read the table", labelled(opened({})), withSalary, "acl"],
  ["leave for a lower label is not enough", labelled(opened({ label: 3 })), withSalary, "label"],
  ["leave to read the column", labelled(opened({ columns: ["Salary"] })), withSalary, "acl"],
  ["leave to read another column", labelled(opened({ columns: ["name"] })), withSalary, "label"],
  ["leave for another table", labelled(opened({ table: "t2" })), withSalary, "label"],
  ["leave that is over", labelled(opened({ expiresMs: now })), withSalary, "label"],
  ["a label replaces no privilege", labelled({ ...opened({}), grants: [] }), {}, "silent"],
  ["administrators are held to labels", labelled({ administrators: [alice] }), withSalary, "label"],
  [
    "super administrators are not",
    labelled({ superAdministrators: [alice] }),
    withSalary,
    "super_administrator",
  ],
];
