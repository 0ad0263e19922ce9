import type { AccessDemand } from "../access/authorize.ts";
import type { Principal } from "../identity/principal.ts";
import type { Decision, Step } from "../policy/question.ts";
import { Corruption, StorageFull } from "../storage/store.ts";
import type { Call } from "./call.ts";
import { type Service, ServiceError } from "./operation.ts";

/** How AWS names the kind of policy that did not allow, or that denied. */
const layerWords: Readonly<Record<Step["layer"], string>> = {
  identity: "identity-based policy",
  boundary: "permissions boundary",
  session: "session policy",
  resource: "resource-based policy",
  grant: "resource-based policy",
  root: "identity-based policy",
  service: "resource-based policy",
};

/** Who, in the words of AWS's refusals. */
function nameOf(principal: Principal): string {
  if (principal.kind === "anonymous") return "anonymous";
  if (principal.kind === "service") return principal.name;
  return principal.kind === "session" ? principal.sessionArn : principal.arn;
}

/** A refusal by policy, in AWS's sentence, with the command that shows the reasoning. */
export function accessDenied(
  service: Service,
  call: Call,
  { action, target }: AccessDemand,
  decision: Decision,
): ServiceError {
  const on = target.arn === "*" ? "" : ` on resource: ${target.arn}`;
  const words = layerWords[decision.by];
  const because =
    decision.refusal === "explicit"
      ? `with an explicit deny in a ${words}`
      : `because no ${words} allows the ${action} action`;
  return new ServiceError(
    service.denied ?? "AccessDeniedException",
    `User: ${nameOf(call.principal)} is not authorized to perform: ${action}${on} ${because}` +
      ` (Explain: bondstore explain ${call.id})`,
  );
}

/** The operation exists at AWS, but not here yet. */
export function notBuilt(service: string, operation: string): ServiceError {
  return new ServiceError(
    "NotImplemented",
    `${operation} of ${service} is not built in this Bondstore yet; docs/coverage.md lists what is`,
  );
}

/** What the caller gets to see of an error. The cause stays with it for the operator's log. */
export function seenByCaller(error: unknown): ServiceError {
  if (error instanceof ServiceError) return error;
  const seen =
    error instanceof StorageFull
      ? new ServiceError("ServiceUnavailable", "The store has no room for this write")
      : error instanceof Corruption
        ? new ServiceError("InternalFailure", `Stored data is damaged: ${error.message}`)
        : new ServiceError("InternalFailure", "The request failed inside the service");
  seen.cause = error;
  return seen;
}
