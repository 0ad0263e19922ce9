import { isMember, userName } from "../../../projects/permissions/names.ts";
import type { ProjectRecord } from "../../../projects/project.ts";
import type { Position } from "../../../sql/tree.ts";
import { checkAdministers } from "../check-administers.ts";
import type { OdpsCall } from "../find-project.ts";
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
  checkAdministers(project, call);
  const state = call.parts.projects.permissionsOf(project);
  const name = userName(text);
  if (name !== undefined && isMember(state, name)) return name;
  throw semantic(at, `${text.slice(0, 128)} is no user of project ${project.name}`);
}
