import type { OdpsInput } from "../../../pipeline/document.ts";
import { ServiceError } from "../../../pipeline/operation.ts";
import { rankOf } from "../../../projects/permissions/names.ts";
import type { Permissions, Refusal } from "../../../projects/permissions/state.ts";
import { type Need, reaches } from "../../../projects/security-language/authority.ts";
import { type OdpsCall, type ProjectTarget, projectOf } from "../find-project.ts";
import { callerName } from "../projects.ts";

/** The project whose security is asked for or changed: who may, the rank in it decides. */
export interface SecurityTarget extends ProjectTarget {
  readonly state: Permissions;
}

/** A refusal in the words and codes of clients. */
export const worded = ({ code, message }: Refusal): ServiceError =>
  new ServiceError(
    code === "NoPermission" ? "ODPS-0130013" : code,
    code === "NoPermission" ? `ODPS-0130013:Authorization exception - ${message}` : message,
  );

/** Judged by rank: the language of a project's security knows no privilege that could be granted for it. */
export const ranked = (need: Need) => ({
  resolve(input: OdpsInput, call: OdpsCall): SecurityTarget {
    const target = projectOf(input, call);
    const state = call.parts.projects.permissionsOf(target.project);
    const rank = rankOf(state, callerName(call));
    if (reaches(rank, need)) return { ...target, state };
    const what = rank === "stranger" ? "You don't exist in" : `You are no ${need} of`;
    const message = `Access Denied - ${what} project ${target.project.name}`;
    return { ...target, state, absent: { refusal: worded({ code: "NoPermission", message }) } };
  },
  action: "Read",
});
