import type { Table } from "../storage/store.ts";
import { type AccessKeys, createAccessKeys } from "./access-keys.ts";
import { awsManagedPolicies } from "./aws-managed.ts";
import { createGroups, type Groups } from "./groups.ts";
import { createHolderPolicies, type HolderPolicies } from "./holder-policies.ts";
import { countOf } from "./holders.ts";
import { createIdentities, type Identities } from "./identities.ts";
import { createManagedPolicies, type ManagedPolicies } from "./managed-policies.ts";
import { countUses, type PolicyUse, usesOf } from "./policy-uses.ts";
import type { PrincipalPolicies } from "./principal.ts";
import { policiesFor } from "./principal-policies.ts";
import type {
  GroupRecord,
  HolderKind,
  HolderRecords,
  KeyUse,
  PolicyRecord,
  RoleRecord,
  UserRecord,
} from "./records.ts";
import { createRoles, type Roles } from "./roles.ts";
import type { AccountScope } from "./tables.ts";
import { createUsers, type Users } from "./users.ts";

/** Who and what is in one account. */
export interface AccountDirectory {
  readonly account: string;
  readonly users: Users;
  readonly groups: Groups;
  readonly roles: Roles;
  readonly policies: ManagedPolicies;
  readonly accessKeys: AccessKeys;
  /** Tags and boundaries of users and roles. */
  readonly identities: Identities;
  /** Attached and inline policies of users, groups or roles. */
  readonly policiesOf: Readonly<Record<HolderKind, HolderPolicies>>;
  /** The policies that speak about a user with its groups, a group, or a role. */
  policiesFor(holder: HolderRecords[HolderKind]): PrincipalPolicies;
  /** Who uses a managed policy. */
  usesOf(policy: PolicyRecord): readonly { readonly use: PolicyUse; readonly name: string }[];
  /** All of them, in the order of their names, with AWS's policies that are in use. */
  everyone(): Everyone;
  /** How many there are of each. */
  counts(): Readonly<Record<"users" | "groups" | "roles" | "policies" | "versions", number>>;
  countUses(policy: PolicyRecord): { readonly attachments: number; readonly boundaries: number };
}

/** Everything that says who may do what in an account. */
export interface Everyone {
  readonly users: readonly UserRecord[];
  readonly groups: readonly GroupRecord[];
  readonly roles: readonly RoleRecord[];
  readonly policies: readonly PolicyRecord[];
}

const valuesOf = <Value>(table: Table<Value>): Value[] =>
  [...table.range()].map(({ value }) => value);

export function createAccountDirectory(
  scope: AccountScope,
  recentUse: (accessKeyId: string) => KeyUse | undefined,
): AccountDirectory {
  const { tables } = scope;
  return {
    account: scope.account,
    users: createUsers(scope),
    groups: createGroups(scope),
    roles: createRoles(scope),
    policies: createManagedPolicies(scope),
    accessKeys: createAccessKeys(scope, recentUse),
    identities: createIdentities(scope),
    policiesOf: {
      user: createHolderPolicies(scope, "user"),
      group: createHolderPolicies(scope, "group"),
      role: createHolderPolicies(scope, "role"),
    },
    policiesFor: (holder) => policiesFor(scope, holder),
    usesOf: ({ arn }) => usesOf(scope, arn),
    everyone: () => ({
      users: valuesOf(tables.users),
      groups: valuesOf(tables.groups),
      roles: valuesOf(tables.roles),
      policies: [
        ...valuesOf(tables.policies),
        ...awsManagedPolicies.filter(({ arn }) => usesOf(scope, arn).length > 0),
      ],
    }),
    counts: () => ({
      users: countOf(tables.users),
      groups: countOf(tables.groups),
      roles: countOf(tables.roles),
      policies: countOf(tables.policies),
      versions: [...tables.policies.range()].reduce(
        (sum, { value }) => sum + value.versions.length,
        0,
      ),
    }),
    countUses: ({ arn }) => countUses(scope, arn),
  };
}
