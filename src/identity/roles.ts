import { checkTrustPolicy } from "./compiled.ts";
import { countOf, current, keyOf, revise } from "./holders.ts";
import { uniqueId } from "./ids.ts";
import { limits } from "./limits.ts";
import { type Page, type PageRequest, page } from "./pages.ts";
import { dropUse, findUsable, noteUse } from "./policy-uses.ts";
import type { RoleRecord, Tags } from "./records.ts";
import { alreadyExists, checkRoom, refuseWhile } from "./refusals.ts";
import type { AccountScope } from "./tables.ts";

export interface NewRole {
  readonly name: string;
  /** Text of the trust policy: who may assume it. */
  readonly trust: string;
  readonly path?: string | undefined;
  readonly description?: string | undefined;
  readonly maxSessionSeconds?: number | undefined;
  readonly tags?: Tags;
  readonly boundary?: string | undefined;
}

/** What may be changed about a role. */
export interface RoleChange {
  readonly description?: string | undefined;
  readonly maxSessionSeconds?: number | undefined;
}

/** Identities without credentials of their own, assumed by those whom the trust policy names. */
export interface Roles {
  find(name: string): RoleRecord | undefined;
  list(pathPrefix: string, request: PageRequest): Page<RoleRecord>;
  create(wanted: NewRole): Promise<RoleRecord>;
  update(role: RoleRecord, change: RoleChange): Promise<RoleRecord>;
  /** Replaces the trust policy. Sessions that have begun go on. */
  trust(role: RoleRecord, text: string): Promise<void>;
  /** Refuses while policies hang on it. Its sessions end with it. */
  remove(role: RoleRecord): Promise<void>;
}

/** ARN of a role with this path and name, whether there is one or not. */
export const roleArn = (account: string, path: string, name: string): string =>
  `arn:aws:iam::${account}:role${path}${name}`;

const sessionSecondsDefault = 3600;

export function createRoles(scope: AccountScope): Roles {
  const { roles } = scope.tables;

  async function create(wanted: NewRole): Promise<RoleRecord> {
    const { name, trust, path = "/", description, tags = {}, boundary } = wanted;
    checkTrustPolicy(trust);
    const made: RoleRecord = {
      kind: "role",
      id: uniqueId("AROA", scope.random),
      name,
      arn: roleArn(scope.account, path, name),
      path,
      createdAtMs: scope.clock.now(),
      attached: [],
      inline: {},
      tags,
      trust,
      maxSessionSeconds: wanted.maxSessionSeconds ?? sessionSecondsDefault,
      ...(description !== undefined && { description }),
      ...(boundary !== undefined && { boundary }),
    };
    return scope.change(() => {
      if (roles.find([keyOf(name)])) throw alreadyExists("Role", name);
      checkRoom(countOf(roles), limits.rolesPerAccount, "RolesPerAccount");
      if (boundary !== undefined) {
        findUsable(scope, boundary);
        noteUse(scope, boundary, "role-boundary", name);
      }
      roles.put([keyOf(name)], made);
      return made;
    });
  }

  const remove = (judged: RoleRecord): Promise<void> =>
    scope.change(() => {
      const role = current(scope, "role", judged);
      refuseWhile(
        role.attached.length > 0,
        "Cannot delete entity, must detach all policies first.",
      );
      refuseWhile(
        Object.keys(role.inline).length > 0,
        "Cannot delete entity, must delete policies first.",
      );
      if (role.boundary !== undefined) dropUse(scope, role.boundary, "role-boundary", role.name);
      roles.remove([keyOf(role.name)]);
    });

  return {
    find: (name) => roles.find([keyOf(name)]),
    list: (pathPrefix, request) => page(roles, request, ({ path }) => path.startsWith(pathPrefix)),
    create,
    update: (judged, { description, maxSessionSeconds }) =>
      revise(scope, "role", judged, (role) => ({
        ...role,
        ...(description !== undefined && { description }),
        ...(maxSessionSeconds !== undefined && { maxSessionSeconds }),
      })),
    async trust(judged, text) {
      checkTrustPolicy(text);
      await revise(scope, "role", judged, (role) => ({ ...role, trust: text }));
    },
    remove,
  };
}
