import { deniedMessage } from "../access/access-denied.ts";
import type { AccessDemand } from "../access/authorize.ts";
import type { Decision } from "../policy/question.ts";
import { principalName } from "../projects/project.ts";
import type { WantedFlow } from "../projects/projects.ts";
import type { FlowDecision } from "../protection/judge-flow.ts";
import { Corruption, StorageFull } from "../storage/store.ts";
import type { Call, Pointer } from "./call.ts";
import { type Service, ServiceError } from "./operation.ts";

/** A refusal by policy, in AWS's sentence and the service's code: of the caller, or of who has pointed it there. */
export const accessDenied = (
  service: Service,
  call: Call,
  wanted: AccessDemand,
  decision: Decision,
  by?: Pointer,
): ServiceError =>
  new ServiceError(
    service.denied ?? "AccessDeniedException",
    deniedMessage(by?.principal ?? call.principal, wanted, decision, call.id) +
      (by ? `; ${by.remedy}` : ""),
  );

/** A refusal by the protection of a project, where the service has no words of its own for it. */
export function staysInside(
  service: Service,
  { id, principal, operation }: Call,
  { project, source, statement }: WantedFlow,
  { reason }: FlowDecision,
): ServiceError {
  const code = service.permissions ? "ODPS-0130013" : (service.denied ?? "AccessDeniedException");
  const who = principal.kind === "session" ? principal.sessionArn : principalName(principal);
  const why = reason === "no-download-privilege" ? "Download is a privilege" : "is protected";
  const by = statement === undefined ? "" : `, by ${statement}`;
  return new ServiceError(
    code,
    `User: ${who} is not authorized to perform: ${service.prefix}:${operation} with data of ${source.store} ${source.table}: project ${project.name} ${why}${by} (Explain: bondstore explain ${id})`,
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
