import type { Asked } from "./asked.ts";
import type { Policy } from "./policy.ts";

export type { Asker, Fact } from "./asked.ts";

/** One policy that applies, with a name that `explain` shows. */
export interface Applied {
  /** Such as `inline policy orders of user alice`, or the ARN of a managed policy. */
  readonly name: string;
  readonly policy: Policy;
}

/** One thing that somebody wants to do, and every policy that has a say. */
export interface Question extends Asked {
  /** Account that owns it; the asker's own where there is no resource. */
  readonly resourceAccount: string;
  /** Policies of the user, its groups, or the role. */
  readonly identity: readonly Applied[];
  readonly boundary?: Applied | undefined;
  /** Set (even when empty) if the session was made with session policies. */
  readonly session?: readonly Applied[] | undefined;
  /** Policy of the resource: bucket policy, key policy, trust policy. */
  readonly resourcePolicy?: Applied | undefined;
  /**
   * Where authority begins. `account`: the account's identity policies may allow alone (S3, IAM, Kinesis).
   * `resource`: nothing is allowed unless the resource policy or a grant says so, and identity policies count only
   * where it delegates to the account (KMS keys, trust policies).
   */
  readonly authority: "account" | "resource";
  /** Grants that allow it (KMS), by their names. They do not outweigh a deny. */
  readonly grants?: readonly string[] | undefined;
}

/** One step of the reasoning, in the order in which it is judged. */
export interface Step {
  readonly layer: "identity" | "boundary" | "session" | "resource" | "grant" | "root" | "service";
  /** Name of the policy, empty where the layer has none. */
  readonly policy: string;
  readonly outcome: "deny" | "allow" | "silent";
  /** The statement that decided: its Sid, or its number from 1, such as `statement 2`. */
  readonly statement?: string;
  /** Why, in words: `no statement allows kms:Decrypt on arn:…`, `condition StringEquals aws:username failed: "bob"`. */
  readonly why: string;
}

export interface Decision {
  readonly allowed: boolean;
  /** Whether a statement said no, or nobody said yes. */
  readonly refusal?: "explicit" | "implicit";
  /** The layer whose word was decisive. */
  readonly by: Step["layer"];
  readonly steps: readonly Step[];
}
