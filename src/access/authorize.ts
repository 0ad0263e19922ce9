import type { Principal } from "../identity/principal.ts";
import type { Applied, Decision, Fact } from "../policy/question.ts";

/** One thing that must be allowed. */
export interface AccessDemand {
  /** `s3:GetObject` */
  readonly action: string;
  readonly target: {
    /** `*` where the action knows no resource. */
    readonly arn: string;
    readonly account: string;
    readonly policy?: Applied | undefined;
    /** See `Question.authority`; `account` unless said. */
    readonly authority?: "account" | "resource" | undefined;
    readonly tags?: Readonly<Record<string, string>> | undefined;
    /** Names of grants that allow the action (KMS). */
    readonly grants?: readonly string[] | undefined;
    /** Who made it, where its service lets that count (MaxCompute). */
    readonly creator?: string;
  };
  /** Where it is acted on, when that is not the Region of the request: a replica that is made there. */
  readonly region?: string;
  /** Condition keys of the service, names in lower case; a function is called once a policy asks for any of them. */
  readonly context?: Record<string, Fact> | (() => Record<string, Fact>) | undefined;
}

/** Facts of the request itself, for the global condition keys. */
export interface RequestFacts {
  readonly timeMs: number;
  readonly region: string;
  readonly ip: string;
  readonly userAgent: string;
  readonly secure: boolean;
  readonly via?: string | undefined;
  readonly sourceArn?: string | undefined;
  readonly sourceAccount?: string | undefined;
}

export interface Access {
  /** Judges one demand by every policy that applies. The same judge serves the pipeline and `keys/`. */
  authorize(principal: Principal, demand: AccessDemand, facts: RequestFacts): Decision;
  /** The smallest change that would allow what was refused, in lines of text; for the trail and `explain`. */
  smallestChange(
    principal: Principal,
    demand: AccessDemand,
    facts: RequestFacts,
    decision: Decision,
  ): readonly string[];
}
