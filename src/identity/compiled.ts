import { ServiceError } from "../lib/service-error.ts";
import { compilePolicy, type Policy, PolicyError, type PolicyKind } from "../policy/policy.ts";
import type { Applied } from "../policy/question.ts";
import { limits } from "./limits.ts";

const cacheMax = 10_000;
const caches: Readonly<Record<PolicyKind, Map<string, Policy>>> = {
  identity: new Map(),
  resource: new Map(),
  trust: new Map(),
  session: new Map(),
  boundary: new Map(),
};

/** The policy of this text, compiled once for all who hold the same text. Throws `PolicyError`. */
export function compiled(text: string, kind: PolicyKind): Policy {
  const cache = caches[kind];
  const known = cache.get(text);
  if (known) return known;
  const policy = compilePolicy(text, kind);
  if (cache.size >= cacheMax) cache.clear();
  cache.set(text, policy);
  return policy;
}

/** The policy as one that applies, under the name that `explain` shows. */
export const applied = (name: string, text: string, kind: PolicyKind): Applied => ({
  name,
  policy: compiled(text, kind),
});

/** Characters of a policy that count against IAM's limits: all but white space. */
export const policySize = (text: string): number => text.replace(/\s/g, "").length;

/** Refuses a text that is no policy of this kind, in IAM's words. */
export function checkPolicy(text: string, kind: PolicyKind): void {
  try {
    compiled(text, kind);
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error;
    throw new ServiceError("MalformedPolicyDocument", error.message);
  }
}

/** Refuses what cannot say who may assume a role. */
export function checkTrustPolicy(text: string): void {
  checkPolicy(text, "trust");
  if (policySize(text) <= limits.trustPolicySize) return;
  throw new ServiceError(
    "LimitExceeded",
    `Cannot exceed quota for ACLSizePerRole: ${limits.trustPolicySize}`,
  );
}
