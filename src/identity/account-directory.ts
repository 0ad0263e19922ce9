import { type AccessKeys, createAccessKeys } from "./access-keys.ts";
import { createGroups, type Groups } from "./groups.ts";
import { createHolderPolicies, type HolderPolicies } from "./holder-policies.ts";
import { countOf } from "./holders.ts";
import { createIdentities, type Identities } from "./identities.ts";
import { createManagedPolicies, type ManagedPolicies } from "./managed-policies.ts";
import { countUses, type PolicyUse, usesOf } from "./policy-uses.ts";
import type { HolderKind, KeyUse, PolicyRecord } from "./records.ts";
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
  /** Who uses a managed policy. */
  usesOf(policy: PolicyRecord): readonly { readonly use: PolicyUse; readonly name: string }[];
  /** How many there are of each. */
  counts(): Readonly<Record<"users" | "groups" | "roles" | "policies" | "versions", number>>;
  countUses(policy: PolicyRecord): { readonly attachments: number; readonly boundaries: number };
}

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
    usesOf: ({ arn }) => usesOf(scope, arn),
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
