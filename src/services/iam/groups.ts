import type {
  AddUserToGroupRequest,
  CreateGroupRequest,
  CreateGroupResponse,
  DeleteGroupRequest,
  GetGroupRequest,
  GetGroupResponse,
  Group,
  ListGroupsForUserRequest,
  ListGroupsForUserResponse,
  ListGroupsRequest,
  ListGroupsResponse,
  RemoveUserFromGroupRequest,
  UpdateGroupRequest,
} from "@aws-sdk/client-iam";
import { groupArn } from "../../identity/groups.ts";
import type { GroupRecord } from "../../identity/records.ts";
import type { Call } from "../../pipeline/call.ts";
import { type Checked, operation } from "../../pipeline/operation.ts";
import { pageEnd, pageRequest } from "./answers.ts";
import { everything, findGroup, findUser, making } from "./find.ts";
import { toUser } from "./users.ts";

export const toGroup = (group: GroupRecord): Group => ({
  Path: group.path,
  GroupName: group.name,
  GroupId: group.id,
  Arn: group.arn,
  CreateDate: new Date(group.createdAtMs),
});

export const createGroup = operation("CreateGroup", {
  resolve({ GroupName, Path = "/" }: Checked<CreateGroupRequest>, call: Call) {
    return making("AWS::IAM::Group", groupArn(call.account, Path, GroupName), call);
  },

  async handle({ home }, { GroupName, Path }): Promise<CreateGroupResponse> {
    return { Group: toGroup(await home.groups.create(GroupName, Path)) };
  },

  responseElements: ({ Group }) => ({
    group: {
      groupName: Group?.GroupName ?? "",
      groupId: Group?.GroupId ?? "",
      arn: Group?.Arn ?? "",
    },
  }),
});

/** Shows a group with its users. */
export const getGroup = operation("GetGroup", {
  resolve: ({ GroupName }: Checked<GetGroupRequest>, call: Call) => findGroup(GroupName, call),

  handle({ home, record }, input): GetGroupResponse {
    const page = home.groups.members(record, pageRequest(input));
    return { Group: toGroup(record), Users: page.items.map(toUser), ...pageEnd(page) };
  },
});

export const listGroups = operation("ListGroups", {
  resolve: (input: Checked<ListGroupsRequest>, call: Call) => everything(input, call),

  handle({ home }, input): ListGroupsResponse {
    const page = home.groups.list(input.PathPrefix ?? "/", pageRequest(input));
    return { Groups: page.items.map(toGroup), ...pageEnd(page) };
  },
});

/** Gives a group another name or path. The caller needs the permission on the old ARN and on the new one. */
export const updateGroup = operation("UpdateGroup", {
  resolve: ({ GroupName }: Checked<UpdateGroupRequest>, call: Call) => findGroup(GroupName, call),

  also(input, target, call) {
    if (target.absent) return [];
    const { name, path } = renamed(input, target.record);
    const arn = groupArn(call.account, path, name);
    return [{ action: "iam:UpdateGroup", target: { arn, account: call.account } }];
  },

  async handle({ home, record }, input): Promise<void> {
    const { name, path } = renamed(input, record);
    await home.groups.rename(record, name, path);
  },
});

const renamed = ({ NewGroupName, NewPath }: Checked<UpdateGroupRequest>, group: GroupRecord) => ({
  name: NewGroupName ?? group.name,
  path: NewPath ?? group.path,
});

export const deleteGroup = operation("DeleteGroup", {
  resolve: ({ GroupName }: Checked<DeleteGroupRequest>, call: Call) => findGroup(GroupName, call),
  handle: ({ home, record }) => home.groups.remove(record),
});

/** The group, which is judged, and the user found beside it. */
function findMembership(names: { GroupName: string; UserName: string }, call: Call) {
  const group = findGroup(names.GroupName, call);
  const user = findUser(names.UserName, call);
  // Judged on the group alone, as IAM does; a missing user is said only after that.
  return user.absent && !group.absent
    ? { ...group, user, absent: user.absent }
    : Object.assign(group, { user });
}

export const addUserToGroup = operation("AddUserToGroup", {
  resolve: (input: Checked<AddUserToGroupRequest>, call: Call) => findMembership(input, call),
  handle: ({ home, record, user }) => home.groups.join(record, user.record),
});

export const removeUserFromGroup = operation("RemoveUserFromGroup", {
  resolve: (input: Checked<RemoveUserFromGroupRequest>, call: Call) => findMembership(input, call),
  handle: ({ home, record, user }) => home.groups.leave(record, user.record),
});

export const listGroupsForUser = operation("ListGroupsForUser", {
  resolve: ({ UserName }: Checked<ListGroupsForUserRequest>, call: Call) =>
    findUser(UserName, call),

  handle({ home, record }, input): ListGroupsForUserResponse {
    const page = home.groups.of(record, pageRequest(input));
    return { Groups: page.items.map(toGroup), ...pageEnd(page) };
  },
});
