import { awsManagedPolicy } from "./aws-managed.ts";
import { keyOf } from "./holders.ts";
import type { PolicyRecord } from "./records.ts";
import { noSuchPolicy } from "./refusals.ts";
import type { AccountScope } from "./tables.ts";

/** How a managed policy is used: attached to a holder, or as a boundary. */
export type PolicyUse = "user" | "group" | "role" | "user-boundary" | "role-boundary";

/** The managed policy of this ARN, if this account may use it: its own, or one of AWS's. */
export function findManaged(scope: AccountScope, arn: string): PolicyRecord | undefined {
  const [, , , account, resource = ""] = splitArn(arn);
  if (account === "aws") return awsManagedPolicy(arn);
  if (account !== scope.account) return undefined;
  const found = scope.tables.policies.find([keyOf(resource.slice(resource.lastIndexOf("/") + 1))]);
  return found?.arn === arn ? found : undefined;
}

function splitArn(arn: string): readonly string[] {
  const [head, partition, service, , account, ...rest] = arn.split(":");
  return head === "arn" && partition === "aws" && service === "iam"
    ? [head, partition, service, account ?? "", rest.join(":")]
    : [];
}

/** The policy, inside a change that will use it; refuses when there is none. */
export function findUsable(scope: AccountScope, arn: string): PolicyRecord {
  const found = findManaged(scope, arn);
  if (!found) throw noSuchPolicy(arn);
  return found;
}

/** Remembers that a holder uses a policy, so that the policy is not deleted under it. */
export function noteUse(scope: AccountScope, arn: string, use: PolicyUse, name: string): void {
  scope.tables.policyUses.put([arn, use, keyOf(name)], true);
}

/** Forgets it. */
export function dropUse(scope: AccountScope, arn: string, use: PolicyUse, name: string): void {
  scope.tables.policyUses.remove([arn, use, keyOf(name)]);
}

/** Who uses a policy: names in lower case, with how. */
export function usesOf(
  scope: AccountScope,
  arn: string,
): readonly { readonly use: PolicyUse; readonly name: string }[] {
  const uses: { use: PolicyUse; name: string }[] = [];
  for (const { key } of scope.tables.policyUses.range({ prefix: [arn] })) {
    const [, use, name] = key;
    uses.push({ use: use as PolicyUse, name: String(name) });
  }
  return uses;
}

/** How many holders have it attached, and how many are bounded by it. */
export function countUses(
  scope: AccountScope,
  arn: string,
): { readonly attachments: number; readonly boundaries: number } {
  const uses = usesOf(scope, arn);
  const boundaries = uses.filter(({ use }) => use.endsWith("-boundary")).length;
  return { attachments: uses.length - boundaries, boundaries };
}
