import { ServiceError } from "../../pipeline/operation.ts";
import { rankOf } from "../../projects/permissions/names.ts";
import { type ProjectRecord, principalName } from "../../projects/project.ts";
import type { OdpsCall } from "./find-project.ts";

/** Refuses who is neither the owner of a project nor a super administrator of it. */
export function checkAdministers(project: ProjectRecord, call: OdpsCall): void {
  const rank = rankOf(call.parts.projects.permissionsOf(project), principalName(call.principal));
  if (rank === "owner" || rank === "super_administrator") return;
  throw new ServiceError(
    "ODPS-0130013",
    `ODPS-0130013:Authorization exception - Access Denied - You are no super_administrator of project ${project.name}`,
  );
}
