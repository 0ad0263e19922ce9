import type { ServiceError } from "../lib/service-error.ts";
import type { Decision } from "../policy/question.ts";
import type { CodeJob } from "../projects/code-jobs.ts";
import type { WantedFlow } from "../projects/projects.ts";
import type { FlowDecision } from "../protection/judge-flow.ts";
import type { Arrival } from "./arrival.ts";
import type { Call } from "./call.ts";
import type { Operation, Service, Target } from "./operation.ts";

/** What is known of a call when it ends. */
export interface Judged {
  readonly call: Call;
  readonly service: Service;
  readonly arrival: Arrival;
  readonly demands: {
    action: string;
    resource: string;
    /** ARN of who must be allowed it besides the caller. */
    of?: string;
    decision: Decision;
    change: readonly string[];
  }[];
  readonly flows: { readonly flow: WantedFlow; readonly decision: FlowDecision }[];
  operation: Operation["parts"] | undefined;
  /** The job whose code makes the call. */
  job: CodeJob | undefined;
  input: unknown;
  target: Target | undefined;
  output: unknown;
  refusal: ServiceError | undefined;
}
