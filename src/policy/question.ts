import type { Policy } from "./policy.ts";

/** A condition key's value. Keys are given in lower case; undefined means the key is not in the request. */
export type Fact = string | readonly string[] | undefined;

/** Who asks, as far as `Principal` elements can name them. */
export interface Asker {
  readonly kind: "root" | "user" | "session" | "service" | "anonymous";
  /** The 12-digit account; empty for services and anonymous. */
  readonly account: string;
  /** User ARN, root ARN, or the ARN of the session's role; the name of a service; empty for anonymous. */
  readonly arn: string;
  /** `arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION`, for sessions. */
  readonly sessionArn?: string;
  /** The identity provider whose token or assertion vouches for an asker who has not signed: `Federated`. */
  readonly federated?: string;
}

/** One policy that applies, with a name that `explain` shows. */
export interface Applied {
  /** Such as `inline policy orders of user alice`, or the ARN of a managed policy. */
  readonly name: string;
  readonly policy: Policy;
}

/** One thing that somebody wants to do, and every policy that has a say. */
export interface Question {
  readonly asker: Asker;
  /** `kms:Decrypt` */
  readonly action: string;
  /** ARN of the thing acted on, or `*` where the action knows no resource. */
  readonly resource: string;
  /** Account that owns it; the asker's own where there is no resource. */
  readonly resourceAccount: string;
  /** Value of a condition key (lower case), computed when asked for. */
  readonly fact: (key: string) => Fact;
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
