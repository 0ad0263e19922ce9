import type { Applied } from "../policy/question.ts";
import { applied } from "./compiled.ts";
import { findManaged } from "./policy-uses.ts";
import type { Principal, PrincipalPolicies } from "./principal.ts";
import type { HolderKind, HolderRecords, PolicyRecord } from "./records.ts";
import type { AccountScope } from "./tables.ts";

/** Stands for a policy that is named and not there. */
const nothing = JSON.stringify({
  Version: "2012-10-17",
  Statement: [{ Sid: "PolicyIsMissing", Effect: "Deny", Action: "*", Resource: "*" }],
});

/** Text of the policy's default version. */
export function documentOf(policy: PolicyRecord): string {
  const version = policy.versions.find(({ id }) => id === policy.defaultVersion);
  return version?.document ?? nothing;
}

function ofHolder(scope: AccountScope, kind: HolderKind, holder: HolderRecords[HolderKind]) {
  const found: Applied[] = [];
  for (const arn of holder.attached) {
    const policy = findManaged(scope, arn);
    if (policy) found.push(applied(arn, documentOf(policy), "identity"));
  }
  for (const [name, text] of Object.entries(holder.inline)) {
    found.push(applied(`inline policy ${name} of ${kind} ${holder.name}`, text, "identity"));
  }
  return found;
}

function boundaryOf(scope: AccountScope, { boundary }: { readonly boundary?: string }) {
  if (boundary === undefined) return {};
  const policy = findManaged(scope, boundary);
  return { boundary: applied(boundary, policy ? documentOf(policy) : nothing, "boundary") };
}

function sessionPolicies(scope: AccountScope, texts: readonly string[]): Applied[] {
  return texts.map((text, index) => {
    if (!text.startsWith("arn:")) return applied(`session policy ${index + 1}`, text, "session");
    const policy = findManaged(scope, text);
    return applied(text, policy ? documentOf(policy) : nothing, "session");
  });
}

/** The policies that speak about a user with its groups, a group, or a role. */
export function policiesFor(
  scope: AccountScope,
  holder: HolderRecords[HolderKind],
): PrincipalPolicies {
  if (holder.kind === "group") return { identity: ofHolder(scope, "group", holder) };
  const groups =
    holder.kind === "user"
      ? holder.groups.flatMap((name) => scope.tables.groups.find([name]) ?? [])
      : [];
  const identity = [holder, ...groups].flatMap((each) => ofHolder(scope, each.kind, each));
  return { identity, ...boundaryOf(scope, holder) };
}

/** Reads the policies that speak about a principal, as they are now. */
export function readPolicies(scope: AccountScope, principal: Principal): PrincipalPolicies {
  const { tables } = scope;
  if (principal.kind === "user") {
    const user = tables.users.find([principal.name.toLowerCase()]);
    return user?.id === principal.id ? policiesFor(scope, user) : { identity: [] };
  }
  if (principal.kind !== "session") return { identity: [] };
  const role = tables.roles.find([principal.roleName.toLowerCase()]);
  if (role?.id !== principal.roleId) return { identity: [] };
  const { policies } = principal.session;
  return {
    ...policiesFor(scope, role),
    ...(policies.length > 0 && { session: sessionPolicies(scope, policies) }),
  };
}
