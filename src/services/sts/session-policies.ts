import type { AssumeRoleRequest } from "@aws-sdk/client-sts";
import type { AccountDirectory } from "../../identity/account-directory.ts";
import { checkPolicy, policySize } from "../../identity/compiled.ts";
import { type Checked, ServiceError } from "../../pipeline/operation.ts";
import type { SessionTags } from "./session-tags.ts";

/** What limits a session that begins. */
export interface SessionPolicies {
  /** The inline policy's text and the ARNs of managed ones. */
  readonly texts: readonly string[];
  /** How much of the room for policies and tags is taken; 0 when there are none. */
  readonly packedPercent: number;
}

const inlineSizeMax = 2048;
const packedSizeMax = 8192;

/** Reads and checks the session policies; managed ones must be the role's account's own, or AWS's. */
export function readSessionPolicies(
  input: Checked<AssumeRoleRequest>,
  { tags }: SessionTags,
  home: AccountDirectory,
): SessionPolicies {
  const texts: string[] = [];
  if (input.Policy !== undefined) {
    checkPolicy(input.Policy, "session");
    if (policySize(input.Policy) > inlineSizeMax) throw tooLarge(100);
    texts.push(input.Policy);
  }
  for (const { arn = "" } of input.PolicyArns ?? []) {
    if (!home.policies.find(arn)) {
      throw new ServiceError("InvalidParameterValue", `Policy ${arn} does not exist.`);
    }
    texts.push(arn);
  }
  const all = [...texts, ...Object.entries(tags).flat()];
  const size = all.reduce((sum, text) => sum + policySize(text), 0);
  const packedPercent = Math.ceil((100 * size) / packedSizeMax);
  if (packedPercent > 100) throw tooLarge(packedPercent);
  return { texts, packedPercent };
}

const tooLarge = (percent: number): ServiceError =>
  new ServiceError(
    "PackedPolicyTooLarge",
    `Packed policy consumes ${percent}% of allotted space, please use smaller policy.`,
  );
