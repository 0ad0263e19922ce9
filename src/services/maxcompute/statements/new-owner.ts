import type { ProjectRecord } from "../../../projects/project.ts";
import type { Position } from "../../../sql/tree.ts";
import type { OdpsCall } from "../find-project.ts";
import { givenTo } from "../security/given-to.ts";
import { semantic } from "./names.ts";

/** Who CHANGEOWNER makes the owner, inside the transaction that does it. */
export function newOwner(
  text: string,
  project: ProjectRecord,
  call: OdpsCall,
  at: Position,
): string {
  const name = givenTo(text, project, call);
  if (name !== undefined) return name;
  throw semantic(at, `${text.slice(0, 128)} is no user of project ${project.name}`);
}
