import { ServiceError } from "../../../pipeline/operation.ts";
import { isMember, rankOf, userName } from "../../../projects/permissions/names.ts";
import type { ProjectRecord } from "../../../projects/project.ts";
import type { Position } from "../../../sql/tree.ts";
import type { OdpsCall } from "../find-project.ts";
import { callerName } from "../projects.ts";
import { semantic } from "./names.ts";

/**
 * Who CHANGEOWNER makes the owner, inside the transaction that does it. Only the project's owner and super
 * administrators give things away: a view lends what its owner may read, and nobody chooses for others what they lend.
 */
export function newOwner(
  text: string,
  project: ProjectRecord,
  call: OdpsCall,
  at: Position,
): string {
  const state = call.parts.projects.permissionsOf(project);
  const rank = rankOf(state, callerName(call));
  if (rank !== "owner" && rank !== "super_administrator") {
    throw new ServiceError(
      "ODPS-0130013",
      `ODPS-0130013:Authorization exception - Access Denied - You are no super_administrator of project ${project.name}`,
    );
  }
  const name = userName(text);
  if (name !== undefined && isMember(state, name)) return name;
  throw semantic(at, `${text.slice(0, 128)} is no user of project ${project.name}`);
}
