import { isMember, userName } from "../../../projects/permissions/names.ts";
import type { ProjectRecord } from "../../../projects/project.ts";
import { checkAdministers } from "../check-administers.ts";
import type { OdpsCall } from "../find-project.ts";

/**
 * The user to whom something of a project is given, inside the transaction that does it; undefined: there is none of the
 * name. Only the project's owner and super administrators give things away: nobody chooses for others what they lend.
 */
export function givenTo(text: string, project: ProjectRecord, call: OdpsCall): string | undefined {
  checkAdministers(project, call);
  const name = userName(text);
  const state = call.parts.projects.permissionsOf(project);
  return name !== undefined && isMember(state, name) ? name : undefined;
}
