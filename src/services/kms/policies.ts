import type {
  GetKeyPolicyRequest,
  GetKeyPolicyResponse,
  ListKeyPoliciesRequest,
  ListKeyPoliciesResponse,
  PutKeyPolicyRequest,
} from "@aws-sdk/client-kms";
import { type Checked, operation, ServiceError } from "../../pipeline/operation.ts";
import { factsOf, findOwnKey, type KmsCall, keyOf, plainFacts } from "./find-key.ts";
import { checkLockout, checkPolicy } from "./key-policy.ts";

/** Shows the key policy: the root of authority over the key. */
export const readKeyPolicy = operation("GetKeyPolicy", {
  resolve: ({ KeyId }: Checked<GetKeyPolicyRequest>, call: KmsCall) =>
    findOwnKey(KeyId, call, "GetKeyPolicy"),
  context: plainFacts,
  handle(target, { PolicyName = "default" }): GetKeyPolicyResponse {
    checkName(PolicyName);
    return { Policy: keyOf(target).record.policy, PolicyName };
  },
});

/** Replaces the key policy. It counts for the very next call. */
export const putKeyPolicy = operation("PutKeyPolicy", {
  resolve: ({ KeyId }: Checked<PutKeyPolicyRequest>, call: KmsCall) =>
    findOwnKey(KeyId, call, "PutKeyPolicy"),
  context: ({ BypassPolicyLockoutSafetyCheck }, { reference }, call) => ({
    ...factsOf(reference, call),
    "kms:bypasspolicylockoutsafetycheck": String(BypassPolicyLockoutSafetyCheck ?? false),
  }),
  async handle(target, input, call): Promise<void> {
    const { Policy, PolicyName = "default", BypassPolicyLockoutSafetyCheck } = input;
    checkName(PolicyName);
    checkPolicy(Policy);
    const key = keyOf(target);
    if (!BypassPolicyLockoutSafetyCheck) checkLockout(Policy, key.arn, call);
    await call.own.change(key, (record) => ({ ...record, policy: Policy }));
  },
});

/** Names the policies of a key: always `default`. */
export const listKeyPolicies = operation("ListKeyPolicies", {
  resolve: ({ KeyId }: Checked<ListKeyPoliciesRequest>, call: KmsCall) =>
    findOwnKey(KeyId, call, "ListKeyPolicies"),
  context: plainFacts,
  handle: (): ListKeyPoliciesResponse => ({ PolicyNames: ["default"], Truncated: false }),
});

function checkName(name: string): void {
  if (name !== "default") {
    throw new ServiceError("NotFoundException", `No such policy exists: ${name}`);
  }
}
