import { countOf, current, keyOf } from "./holders.ts";
import { uniqueId } from "./ids.ts";
import { limits } from "./limits.ts";
import { type Page, type PageRequest, page } from "./pages.ts";
import { dropUse, findUsable, noteUse } from "./policy-uses.ts";
import type { Tags, UserRecord } from "./records.ts";
import { alreadyExists, checkRoom, refuseWhile } from "./refusals.ts";
import type { AccountScope } from "./tables.ts";

export interface NewUser {
  readonly name: string;
  readonly path?: string | undefined;
  readonly tags?: Tags;
  readonly boundary?: string | undefined;
}

/** People and programs of an account, each with long-term credentials of its own. */
export interface Users {
  find(name: string): UserRecord | undefined;
  list(pathPrefix: string, request: PageRequest): Page<UserRecord>;
  create(wanted: NewUser): Promise<UserRecord>;
  /** Gives the user another name or path; policies that name the old ARN no longer mean it. */
  rename(user: UserRecord, name: string, path: string): Promise<UserRecord>;
  /** Refuses while keys, policies or groups hang on the user. */
  remove(user: UserRecord): Promise<void>;
}

/** ARN of a user with this path and name, whether there is one or not. */
export const userArn = (account: string, path: string, name: string): string =>
  `arn:aws:iam::${account}:user${path}${name}`;

export function createUsers(scope: AccountScope): Users {
  const { account, tables } = scope;
  const { users } = tables;

  async function create({ name, path = "/", tags = {}, boundary }: NewUser): Promise<UserRecord> {
    const made: UserRecord = {
      kind: "user",
      id: uniqueId("AIDA", scope.random),
      name,
      arn: userArn(account, path, name),
      path,
      createdAtMs: scope.clock.now(),
      attached: [],
      inline: {},
      tags,
      groups: [],
      keys: [],
      ...(boundary !== undefined && { boundary }),
    };
    return scope.change(() => {
      if (users.find([keyOf(name)])) throw alreadyExists("User", name);
      checkRoom(countOf(users), limits.usersPerAccount, "UsersPerAccount");
      if (boundary !== undefined) {
        findUsable(scope, boundary);
        noteUse(scope, boundary, "user-boundary", name);
      }
      users.put([keyOf(name)], made);
      return made;
    });
  }

  const rename = (user: UserRecord, name: string, path: string): Promise<UserRecord> =>
    scope.change(() => {
      const old = current(scope, "user", user);
      if (keyOf(name) !== keyOf(old.name) && users.find([keyOf(name)])) {
        throw alreadyExists("User", name);
      }
      const renamed = { ...old, name, path, arn: userArn(account, path, name) };
      users.remove([keyOf(old.name)]);
      users.put([keyOf(name)], renamed);
      for (const group of old.groups) {
        tables.members.remove([group, keyOf(old.name)]);
        tables.members.put([group, keyOf(name)], true);
      }
      for (const policy of old.attached) {
        dropUse(scope, policy, "user", old.name);
        noteUse(scope, policy, "user", name);
      }
      if (old.boundary !== undefined) {
        dropUse(scope, old.boundary, "user-boundary", old.name);
        noteUse(scope, old.boundary, "user-boundary", name);
      }
      for (const id of old.keys) {
        const key = tables.accessKeys.find([id]);
        if (key) tables.accessKeys.put([id], { ...key, user: keyOf(name) });
      }
      return renamed;
    });

  const remove = (user: UserRecord): Promise<void> =>
    scope.change(() => {
      const now = current(scope, "user", user);
      refuseWhile(now.keys.length > 0, "Cannot delete entity, must delete access keys first.");
      refuseWhile(
        now.groups.length > 0,
        "Cannot delete entity, must remove users from group first.",
      );
      refuseWhile(now.attached.length > 0, "Cannot delete entity, must detach all policies first.");
      refuseWhile(
        Object.keys(now.inline).length > 0,
        "Cannot delete entity, must delete policies first.",
      );
      if (now.boundary !== undefined) dropUse(scope, now.boundary, "user-boundary", now.name);
      users.remove([keyOf(now.name)]);
    });

  return {
    find: (name) => users.find([keyOf(name)]),
    list: (pathPrefix, request) => page(users, request, ({ path }) => path.startsWith(pathPrefix)),
    create,
    rename,
    remove,
  };
}
