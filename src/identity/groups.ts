import { ServiceError } from "../lib/service-error.ts";
import { countOf, current, keyOf } from "./holders.ts";
import { uniqueId } from "./ids.ts";
import { limits } from "./limits.ts";
import { type Page, type PageRequest, page, pageOf } from "./pages.ts";
import { dropUse, noteUse } from "./policy-uses.ts";
import type { GroupRecord, UserRecord } from "./records.ts";
import { alreadyExists, checkRoom, refuseWhile } from "./refusals.ts";
import type { AccountScope } from "./tables.ts";

/** Users who share policies. */
export interface Groups {
  find(name: string): GroupRecord | undefined;
  list(pathPrefix: string, request: PageRequest): Page<GroupRecord>;
  create(name: string, path?: string): Promise<GroupRecord>;
  rename(group: GroupRecord, name: string, path: string): Promise<GroupRecord>;
  /** Refuses while users are in it or policies hang on it. */
  remove(group: GroupRecord): Promise<void>;
  /** Joining twice is joining once. */
  join(group: GroupRecord, user: UserRecord): Promise<void>;
  leave(group: GroupRecord, user: UserRecord): Promise<void>;
  members(group: GroupRecord, request: PageRequest): Page<UserRecord>;
  /** The groups that a user is in. */
  of(user: UserRecord, request: PageRequest): Page<GroupRecord>;
}

/** ARN of a group with this path and name, whether there is one or not. */
export const groupArn = (account: string, path: string, name: string): string =>
  `arn:aws:iam::${account}:group${path}${name}`;

export function createGroups(scope: AccountScope): Groups {
  const { account, tables } = scope;
  const { groups, users, members } = tables;

  async function create(name: string, path = "/"): Promise<GroupRecord> {
    const made: GroupRecord = {
      kind: "group",
      id: uniqueId("AGPA", scope.random),
      name,
      arn: groupArn(account, path, name),
      path,
      createdAtMs: scope.clock.now(),
      attached: [],
      inline: {},
    };
    return scope.change(() => {
      if (groups.find([keyOf(name)])) throw alreadyExists("Group", name);
      checkRoom(countOf(groups), limits.groupsPerAccount, "GroupsPerAccount");
      groups.put([keyOf(name)], made);
      return made;
    });
  }

  const memberKeys = (group: string): string[] =>
    [...members.range({ prefix: [keyOf(group)] })].map(({ key }) => String(key[1]));

  const rename = (judged: GroupRecord, name: string, path: string): Promise<GroupRecord> =>
    scope.change(() => {
      const old = current(scope, "group", judged);
      const [from, to] = [keyOf(old.name), keyOf(name)];
      if (from !== to && groups.find([to])) throw alreadyExists("Group", name);
      const renamed = { ...old, name, path, arn: groupArn(account, path, name) };
      for (const member of memberKeys(old.name)) {
        members.remove([from, member]);
        members.put([to, member], true);
        const user = users.find([member]);
        if (!user) continue;
        const joined = user.groups.map((group) => (group === from ? to : group));
        users.put([member], { ...user, groups: joined });
      }
      for (const policy of old.attached) {
        dropUse(scope, policy, "group", old.name);
        noteUse(scope, policy, "group", name);
      }
      groups.remove([from]);
      groups.put([to], renamed);
      return renamed;
    });

  const remove = (judged: GroupRecord): Promise<void> =>
    scope.change(() => {
      const group = current(scope, "group", judged);
      refuseWhile(
        memberKeys(group.name).length > 0,
        "Cannot delete entity, must remove users from group first.",
      );
      refuseWhile(
        group.attached.length > 0,
        "Cannot delete entity, must detach all policies first.",
      );
      refuseWhile(
        Object.keys(group.inline).length > 0,
        "Cannot delete entity, must delete policies first.",
      );
      groups.remove([keyOf(group.name)]);
    });

  const join = (judged: GroupRecord, judgedUser: UserRecord): Promise<void> =>
    scope.change(() => {
      const group = keyOf(current(scope, "group", judged).name);
      const user = current(scope, "user", judgedUser);
      if (user.groups.includes(group)) return;
      checkRoom(user.groups.length, limits.groupsPerUser, "GroupsPerUser");
      users.put([keyOf(user.name)], { ...user, groups: [...user.groups, group] });
      members.put([group, keyOf(user.name)], true);
    });

  const leave = (judged: GroupRecord, judgedUser: UserRecord): Promise<void> =>
    scope.change(() => {
      const group = keyOf(current(scope, "group", judged).name);
      const user = current(scope, "user", judgedUser);
      if (!members.remove([group, keyOf(user.name)])) {
        throw new ServiceError("NoSuchEntity", `User ${user.name} is not in group ${judged.name}.`);
      }
      const left = user.groups.filter((each) => each !== group);
      users.put([keyOf(user.name)], { ...user, groups: left });
    });

  return {
    find: (name) => groups.find([keyOf(name)]),
    list: (pathPrefix, request) => page(groups, request, ({ path }) => path.startsWith(pathPrefix)),
    create,
    rename,
    remove,
    join,
    leave,
    members: (group, request) =>
      pageOf(
        memberKeys(group.name).flatMap((key) => users.find([key]) ?? []),
        request,
      ),
    of: (user, request) =>
      pageOf(
        user.groups.flatMap((key) => groups.find([key]) ?? []),
        request,
      ),
  };
}
