import type { AccessDemand } from "../access/authorize.ts";
import type { ServiceError } from "../lib/service-error.ts";
import type { Decision } from "../policy/question.ts";
import type { WantedFlow } from "../projects/projects.ts";
import type { Call, Parts } from "./call.ts";

export { ServiceError } from "../lib/service-error.ts";

/** Input as the wire has checked it: what the model requires is there. */
export type Checked<Input> = {
  [Member in keyof Input]: object extends Pick<Input, Member>
    ? Input[Member]
    : Exclude<Input[Member], undefined>;
};

/** What an operation acts on, found once by `resolve`. Services make their own objects of this shape. */
export interface Target extends AccessDemandTarget {
  /** Type for the trail's resources: `AWS::KMS::Key`. Without it the trail names no resource. */
  readonly type?: string;
  /**
   * Set when the thing does not exist. The pipeline first judges access to `arn`, then refuses with this error, so
   * that a stranger learns nothing. `visible` is a further demand: without it the caller gets AccessDenied instead.
   */
  readonly absent?: { readonly refusal: ServiceError; readonly visible?: AccessDemand } | undefined;
  /** ARN of the application that a service keeps this for: it is where that is. */
  readonly keptFor?: string | undefined;
}

type AccessDemandTarget = AccessDemand["target"];

/** What an answer carries away, as far as it is known when the answer begins. */
export interface Carried {
  readonly rows?: number;
  readonly bytes?: number;
  /** The member of the answer that is a stream: its bytes are counted as they go. */
  readonly stream?: "body" | "Body";
}

export interface OperationParts<Input, Output, On extends Target, Own> {
  /** Finds what the call acts on. A list or create operation resolves to its parent (see `accountTarget`). */
  resolve(input: Input, call: Call<Own>): On | Promise<On>;
  /**
   * Does it, to the very thing that was judged. `judgeAgain` throws what would be refused by now: for work that lasts,
   * in the transaction that ends it.
   */
  handle(
    target: On,
    input: Input,
    call: Call<Own>,
    judgeAgain: () => void,
  ): Output | Promise<Output>;
  /** The IAM action without prefix where it is not the operation's name: `GetObject` for HeadObject. */
  readonly action?: string | ((input: NoInfer<Input>, target: NoInfer<On>) => string);
  /** Further things the caller must be allowed to do: the source of a copy, `iam:PassRole`. */
  also?(input: NoInfer<Input>, target: NoInfer<On>, call: Call<Own>): readonly AccessDemand[];
  /**
   * Condition keys of the service, by their names in lower case: `kms:encryptioncontextkeys`. Called only where a
   * policy asks for one of them.
   */
  context?(
    input: NoInfer<Input>,
    target: NoInfer<On>,
    call: Call<Own>,
  ): Record<string, string | readonly string[] | undefined>;
  /** Data of projects that would move, and where to: judged once access is. */
  flows?(input: NoInfer<Input>, target: NoInfer<On>, call: Call<Own>): readonly WantedFlow[];
  /**
   * What the answer carries away, for operations with `flows`: undefined where nothing does. Without it, it is not
   * known how much.
   */
  carries?(output: Output, target: NoInfer<On>): Carried | undefined;
  /** What CloudTrail shows of the answer; null by default. */
  responseElements?(output: Output): unknown;
  /** Facts for the trail's additionalEventData. */
  additional?(
    target: On | undefined,
    input: Input | undefined,
    output: Output | undefined,
  ): Record<string, unknown> | undefined;
  /** True: only reads (CloudTrail's readOnly). By default from the name: Get, List, Describe, Head, Lookup … */
  readonly readOnly?: boolean;
  /** True: a data event; successes are not in the trail, refusals are. Where it differs, it is said of the target. */
  readonly data?: boolean | ((target: NoInfer<On>) => boolean);
  /** True: everyone who is authenticated may call it, whatever policies say (sts:GetCallerIdentity). */
  readonly open?: boolean;
  /**
   * True: words that it is asked with are told to who may look, and judged as no rows: texts of statements, comments.
   * Code that has read data says none of it in them.
   */
  readonly told?: boolean;
  /** True: not reachable from outside; only a service of this Bondstore invokes it, by this principal. */
  readonly internal?: string;
  /** True: a step of another operation, not reachable from outside; it is judged as the caller of that one. */
  readonly step?: boolean;
}

/** An operation with its types forgotten, as the pipeline holds it. */
export interface Operation {
  readonly name: string;
  readonly parts: OperationParts<unknown, unknown, Target, unknown>;
}

/** Declares an operation of the model with its two parts; the pipeline authorizes between them. */
export function operation<Input, Output, On extends Target, Own>(
  name: string,
  parts: OperationParts<Input, Output, On, Own>,
): Operation {
  // The one place where the types are forgotten: `run` hands `handle` what this operation's own `resolve` found.
  return { name, parts: parts as unknown as Operation["parts"] };
}

/** Permissions that a service keeps itself. */
export interface Permissions<Own> {
  judge(demand: AccessDemand, call: Call<Own>): Decision;
  /** Why the caller may not even call what is open to everyone; undefined: it may. */
  closedTo(call: Call<Own>): ServiceError | undefined;
  /** What the caller is told of what was not allowed. */
  refusal(demand: AccessDemand, decision: Decision): ServiceError;
}

/** A service as data: `services/index.ts` has one line for each. */
export interface Service<Own = unknown> {
  /** Name of its model table, as in SigV4's credential scope: `kms`. */
  readonly name: string;
  /** Prefix of its IAM actions: `kms`, `kinesisanalytics`. */
  readonly prefix: string;
  /** As in CloudTrail's eventSource: `kms.amazonaws.com`. */
  readonly eventSource: string;
  readonly operations: readonly Operation[];
  /** Code of a refusal by policy; `AccessDeniedException` unless said. */
  readonly denied?: "AccessDenied";
  /** For a service that has permissions of its own, in the place of policies (MaxCompute's projects). */
  readonly permissions?: Permissions<Own>;
  /** True: requests without a signature are judged too (S3). */
  readonly anonymous?: boolean;
  /** True: it is once for all Regions. A service is in the home Region only, unless this or `inRegion` is there. */
  readonly global?: true;
  /** For a service that is in every Region: what it keeps in one of the further ones. */
  inRegion?(own: Own, region: string): Own;
  /** Makes what the service keeps while it runs; every call has it as `call.own`. */
  start(parts: Parts): Own | Promise<Own>;
  stop?(own: Own): Promise<void>;
}
