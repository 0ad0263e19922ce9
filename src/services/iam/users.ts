import type {
  CreateUserRequest,
  CreateUserResponse,
  DeleteUserRequest,
  GetUserRequest,
  GetUserResponse,
  ListUsersRequest,
  ListUsersResponse,
  UpdateUserRequest,
  User,
} from "@aws-sdk/client-iam";
import { rootArn } from "../../identity/principals.ts";
import type { UserRecord } from "../../identity/records.ts";
import { userArn } from "../../identity/users.ts";
import type { Call } from "../../pipeline/call.ts";
import { type Checked, operation } from "../../pipeline/operation.ts";
import { pageEnd, pageRequest, readTags, tagFacts, toBoundary, toTagList } from "./answers.ts";
import { checkPolicyArn, everything, findUser, findUserOrCaller, making } from "./find.ts";

/** A user as lists show it: without tags and boundary. */
export const toUser = (user: UserRecord): User => ({
  Path: user.path,
  UserName: user.name,
  UserId: user.id,
  Arn: user.arn,
  CreateDate: new Date(user.createdAtMs),
});

const toWholeUser = (user: UserRecord): User => ({
  ...toUser(user),
  ...toBoundary(user),
  ...toTagList(user),
});

export const createUser = operation("CreateUser", {
  resolve(input: Checked<CreateUserRequest>, call: Call) {
    const arn = userArn(call.account, input.Path ?? "/", input.UserName);
    return making("AWS::IAM::User", arn, call);
  },

  context: ({ Tags, PermissionsBoundary }) => ({
    ...tagFacts(Tags),
    "iam:permissionsboundary": PermissionsBoundary,
  }),

  async handle({ home }, input): Promise<CreateUserResponse> {
    const { UserName, Path, PermissionsBoundary } = input;
    if (PermissionsBoundary !== undefined) checkPolicyArn(PermissionsBoundary);
    const user = await home.users.create({
      name: UserName,
      path: Path,
      tags: readTags(input.Tags),
      boundary: PermissionsBoundary,
    });
    return { User: toWholeUser(user) };
  },

  responseElements: ({ User }) => ({
    user: { userName: User?.UserName ?? "", userId: User?.UserId ?? "", arn: User?.Arn ?? "" },
  }),
});

/** Shows a user; without a name the caller, be it a user or root. */
export const getUser = operation("GetUser", {
  resolve({ UserName }: Checked<GetUserRequest>, call: Call) {
    const { principal } = call;
    if (UserName !== undefined || principal.kind !== "root")
      return findUserOrCaller(UserName, call);
    return { ...making("AWS::IAM::User", rootArn(call.account), call), record: undefined };
  },

  handle({ record, account }, _input, { parts }): GetUserResponse {
    if (record) return { User: toWholeUser(record) };
    const createdAtMs = parts.directory.findAccount(account)?.createdAtMs ?? 0;
    return {
      User: {
        Path: "/",
        UserName: "root",
        UserId: account,
        Arn: rootArn(account),
        CreateDate: new Date(createdAtMs),
      },
    };
  },
});

export const listUsers = operation("ListUsers", {
  resolve: (input: Checked<ListUsersRequest>, call: Call) => everything(input, call),

  handle({ home }, input): ListUsersResponse {
    const page = home.users.list(input.PathPrefix ?? "/", pageRequest(input));
    return { Users: page.items.map(toUser), ...pageEnd(page) };
  },
});

/** Gives a user another name or path. The caller needs the permission on the old ARN and on the new one. */
export const updateUser = operation("UpdateUser", {
  resolve: ({ UserName }: Checked<UpdateUserRequest>, call: Call) => findUser(UserName, call),

  also(input, target, call) {
    if (target.absent) return [];
    const { name, path } = renamed(input, target.record);
    const arn = userArn(call.account, path, name);
    return [{ action: "iam:UpdateUser", target: { arn, account: call.account } }];
  },

  async handle({ home, record }, input): Promise<void> {
    const { name, path } = renamed(input, record);
    await home.users.rename(record, name, path);
  },
});

const renamed = ({ NewUserName, NewPath }: Checked<UpdateUserRequest>, user: UserRecord) => ({
  name: NewUserName ?? user.name,
  path: NewPath ?? user.path,
});

export const deleteUser = operation("DeleteUser", {
  resolve: ({ UserName }: Checked<DeleteUserRequest>, call: Call) => findUser(UserName, call),
  handle: ({ home, record }) => home.users.remove(record),
});
