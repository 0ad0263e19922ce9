import type { Access } from "../../access/authorize.ts";
import { ServiceError } from "../../pipeline/operation.ts";
import { factsOf as requestFacts } from "../../pipeline/run.ts";
import type { Policy } from "../../policy/policy.ts";
import { compilePolicy, PolicyError } from "../../policy/policy.ts";
import type { KmsCall } from "./find-key.ts";

/** Compiles a key policy. Throws KMS's refusal of one that is malformed. */
export function checkPolicy(text: string): Policy {
  try {
    return compilePolicy(text, "resource");
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error;
    throw new ServiceError("MalformedPolicyDocumentException", error.message);
  }
}

/** Refuses a policy under which its author could not change it again. */
export function checkLockout(text: string, arn: string, call: KmsCall): void {
  const { principal, account } = call;
  const access: Access = call.parts.access;
  const decision = access.authorize(
    principal,
    {
      action: "kms:PutKeyPolicy",
      target: {
        arn,
        account,
        authority: "resource",
        policy: { name: `new key policy of ${arn}`, policy: checkPolicy(text) },
      },
      context: { "kms:calleraccount": account },
    },
    requestFacts(call),
  );
  if (!decision.allowed) {
    throw new ServiceError(
      "MalformedPolicyDocumentException",
      "The new key policy will not allow you to update the key policy in the future.",
    );
  }
}
