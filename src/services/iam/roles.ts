import type {
  CreateRoleRequest,
  CreateRoleResponse,
  DeleteRoleRequest,
  GetRoleRequest,
  GetRoleResponse,
  ListRolesRequest,
  ListRolesResponse,
  Role,
  UpdateAssumeRolePolicyRequest,
  UpdateRoleDescriptionRequest,
  UpdateRoleDescriptionResponse,
  UpdateRoleRequest,
  UpdateRoleResponse,
} from "@aws-sdk/client-iam";
import type { RoleRecord } from "../../identity/records.ts";
import { roleArn } from "../../identity/roles.ts";
import type { Call } from "../../pipeline/call.ts";
import { type Checked, operation } from "../../pipeline/operation.ts";
import {
  encodeDocument,
  pageEnd,
  pageRequest,
  readTags,
  tagFacts,
  toBoundary,
  toTagList,
} from "./answers.ts";
import { checkPolicyArn, everything, findRole, making } from "./find.ts";

/** A role as lists show it: without tags and boundary. */
export const toRole = (role: RoleRecord): Role => ({
  Path: role.path,
  RoleName: role.name,
  RoleId: role.id,
  Arn: role.arn,
  CreateDate: new Date(role.createdAtMs),
  AssumeRolePolicyDocument: encodeDocument(role.trust),
  ...(role.description !== undefined && { Description: role.description }),
  MaxSessionDuration: role.maxSessionSeconds,
});

const toWholeRole = (role: RoleRecord): Role => ({
  ...toRole(role),
  ...toBoundary(role),
  ...toTagList(role),
});

export const createRole = operation("CreateRole", {
  resolve({ RoleName, Path = "/" }: Checked<CreateRoleRequest>, call: Call) {
    return making("AWS::IAM::Role", roleArn(call.account, Path, RoleName), call);
  },

  context: ({ Tags, PermissionsBoundary }) => ({
    ...tagFacts(Tags),
    "iam:permissionsboundary": PermissionsBoundary,
  }),

  async handle({ home }, input): Promise<CreateRoleResponse> {
    const { PermissionsBoundary } = input;
    if (PermissionsBoundary !== undefined) checkPolicyArn(PermissionsBoundary);
    const role = await home.roles.create({
      name: input.RoleName,
      trust: input.AssumeRolePolicyDocument,
      path: input.Path,
      description: input.Description,
      maxSessionSeconds: input.MaxSessionDuration,
      tags: readTags(input.Tags),
      boundary: PermissionsBoundary,
    });
    return { Role: toWholeRole(role) };
  },

  responseElements: ({ Role }) => ({
    role: { roleName: Role?.RoleName ?? "", roleId: Role?.RoleId ?? "", arn: Role?.Arn ?? "" },
  }),
});

export const getRole = operation("GetRole", {
  resolve: ({ RoleName }: Checked<GetRoleRequest>, call: Call) => findRole(RoleName, call),
  handle: ({ record }): GetRoleResponse => ({ Role: toWholeRole(record) }),
});

export const listRoles = operation("ListRoles", {
  resolve: (input: Checked<ListRolesRequest>, call: Call) => everything(input, call),

  handle({ home }, input): ListRolesResponse {
    const page = home.roles.list(input.PathPrefix ?? "/", pageRequest(input));
    return { Roles: page.items.map(toRole), ...pageEnd(page) };
  },
});

export const updateRole = operation("UpdateRole", {
  resolve: ({ RoleName }: Checked<UpdateRoleRequest>, call: Call) => findRole(RoleName, call),

  async handle({ home, record }, input): Promise<UpdateRoleResponse> {
    const { Description: description, MaxSessionDuration: maxSessionSeconds } = input;
    await home.roles.update(record, { description, maxSessionSeconds });
    return {};
  },
});

export const updateRoleDescription = operation("UpdateRoleDescription", {
  resolve: ({ RoleName }: Checked<UpdateRoleDescriptionRequest>, call: Call) =>
    findRole(RoleName, call),

  async handle({ home, record }, input): Promise<UpdateRoleDescriptionResponse> {
    const role = await home.roles.update(record, { description: input.Description });
    return { Role: toWholeRole(role) };
  },
});

/** Says anew who may assume the role. */
export const updateAssumeRolePolicy = operation("UpdateAssumeRolePolicy", {
  resolve: ({ RoleName }: Checked<UpdateAssumeRolePolicyRequest>, call: Call) =>
    findRole(RoleName, call),

  context: (_input, { boundary }) => ({ "iam:permissionsboundary": boundary }),
  handle: ({ home, record }, { PolicyDocument }) => home.roles.trust(record, PolicyDocument),
});

export const deleteRole = operation("DeleteRole", {
  resolve: ({ RoleName }: Checked<DeleteRoleRequest>, call: Call) => findRole(RoleName, call),
  context: (_input, { boundary }) => ({ "iam:permissionsboundary": boundary }),
  handle: ({ home, record }) => home.roles.remove(record),
});
