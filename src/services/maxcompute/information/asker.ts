import { rankOf, rolesOf } from "../../../projects/permissions/names.ts";
import type { Permissions } from "../../../projects/permissions/state.ts";
import type { ProjectRecord } from "../../../projects/project.ts";
import { reaches } from "../../../projects/security-language/authority.ts";
import type { AccountStore } from "../../../storage/store.ts";
import type { OdpsCall } from "../find-project.ts";
import { callerName } from "../projects.ts";
import { permissions } from "../security/permissions.ts";

/** Who looks at a project's catalog: each row is shown only of what this one may see without it. */
export interface InformationAsker {
  readonly project: ProjectRecord;
  readonly store: AccountStore;
  readonly state: Permissions;
  readonly timeMs: number;
  /** Administers the project: sees its users, roles and grants. */
  readonly administers: boolean;
  /** Whether it is the asker, or a role of theirs. */
  isOwn(name: string): boolean;
  /** Whether the asker may do something with a thing of the project. */
  may(verb: string, arn: string, creator: string): boolean;
}

/** The caller, with what the project says of them at this moment. */
export function informationAsker(
  project: ProjectRecord,
  store: AccountStore,
  call: OdpsCall,
): InformationAsker {
  const state = call.parts.projects.permissionsOf(project);
  const name = callerName(call);
  const own = new Set([name, ...rolesOf(state, name)].map((one) => one.toLowerCase()));
  return {
    ...{ project, store, state, timeMs: call.timeMs },
    administers: reaches(rankOf(state, name), "admin"),
    isOwn: (other) => own.has(other.toLowerCase()),
    may: (verb, arn, creator) =>
      permissions.judge(
        { action: `odps:${verb}`, target: { arn, account: project.account, creator } },
        call,
      ).allowed,
  };
}
