import type {
  GetAccountAuthorizationDetailsRequest,
  GetAccountAuthorizationDetailsResponse,
  GroupDetail,
  ManagedPolicyDetail,
  PolicyDetail,
  RoleDetail,
  UserDetail,
} from "@aws-sdk/client-iam";
import type { AccountDirectory } from "../../identity/account-directory.ts";
import { pageOf } from "../../identity/pages.ts";
import type { GroupRecord, PolicyRecord, RoleRecord, UserRecord } from "../../identity/records.ts";
import type { Call } from "../../pipeline/call.ts";
import { type Checked, operation } from "../../pipeline/operation.ts";
import { encodeDocument, pageEnd, pageRequest, toBoundary, toTags } from "./answers.ts";
import { toAttached } from "./attachments.ts";
import { everything } from "./find.ts";
import { toGroup } from "./groups.ts";
import { toPolicy } from "./policies.ts";
import { toRole } from "./roles.ts";
import { toUser } from "./users.ts";

type Detailed =
  | { readonly kind: "user"; readonly of: UserRecord }
  | { readonly kind: "group"; readonly of: GroupRecord }
  | { readonly kind: "role"; readonly of: RoleRecord }
  | { readonly kind: "policy"; readonly of: PolicyRecord };

/** Everything that says who may do what in the account, in one answer. */
export const getAccountAuthorizationDetails = operation("GetAccountAuthorizationDetails", {
  resolve: (input: Checked<GetAccountAuthorizationDetailsRequest>, call: Call) =>
    everything(input, call),

  handle({ home }, input): GetAccountAuthorizationDetailsResponse {
    const page = pageOf(details(home, input.Filter), pageRequest(input));
    const users: UserDetail[] = [];
    const groups: GroupDetail[] = [];
    const roles: RoleDetail[] = [];
    const policies: ManagedPolicyDetail[] = [];
    for (const { kind, of } of page.items) {
      if (kind === "user") users.push(userDetail(of, home));
      else if (kind === "group") groups.push(groupDetail(of, home));
      else if (kind === "role") roles.push(roleDetail(of, home));
      else policies.push(policyDetail(of, home));
    }
    return {
      UserDetailList: users,
      GroupDetailList: groups,
      RoleDetailList: roles,
      Policies: policies,
      ...pageEnd(page),
    };
  },
});

function details(home: AccountDirectory, filter: readonly string[] | undefined): Detailed[] {
  const wants = (name: string) => !filter || filter.length === 0 || filter.includes(name);
  const { users, groups, roles, policies } = home.everyone();
  return [
    ...(wants("User") ? users.map((of) => ({ kind: "user" as const, of })) : []),
    ...(wants("Group") ? groups.map((of) => ({ kind: "group" as const, of })) : []),
    ...(wants("Role") ? roles.map((of) => ({ kind: "role" as const, of })) : []),
    ...policies
      .filter(({ arn }) =>
        wants(arn.startsWith("arn:aws:iam::aws:") ? "AWSManagedPolicy" : "LocalManagedPolicy"),
      )
      .map((of) => ({ kind: "policy" as const, of })),
  ];
}

const inlineOf = (inline: Readonly<Record<string, string>>): PolicyDetail[] =>
  Object.entries(inline).map(([PolicyName, text]) => ({
    PolicyName,
    PolicyDocument: encodeDocument(text),
  }));

const userDetail = (user: UserRecord, home: AccountDirectory): UserDetail => ({
  ...toUser(user),
  UserPolicyList: inlineOf(user.inline),
  GroupList: user.groups.flatMap((name) => home.groups.find(name)?.name ?? []),
  AttachedManagedPolicies: toAttached(user.attached, home),
  Tags: toTags(user.tags),
  ...toBoundary(user),
});

const groupDetail = (group: GroupRecord, home: AccountDirectory): GroupDetail => ({
  ...toGroup(group),
  GroupPolicyList: inlineOf(group.inline),
  AttachedManagedPolicies: toAttached(group.attached, home),
});

function roleDetail(role: RoleRecord, home: AccountDirectory): RoleDetail {
  const { Path, RoleName, RoleId, Arn, CreateDate, AssumeRolePolicyDocument } = toRole(role);
  return {
    Path,
    RoleName,
    RoleId,
    Arn,
    CreateDate,
    AssumeRolePolicyDocument,
    InstanceProfileList: [],
    RolePolicyList: inlineOf(role.inline),
    AttachedManagedPolicies: toAttached(role.attached, home),
    Tags: toTags(role.tags),
    ...toBoundary(role),
  };
}

const policyDetail = (policy: PolicyRecord, home: AccountDirectory): ManagedPolicyDetail => ({
  ...toPolicy(policy, home),
  PolicyVersionList: policy.versions.map(({ id, document, createdAtMs }) => ({
    VersionId: id,
    Document: encodeDocument(document),
    IsDefaultVersion: id === policy.defaultVersion,
    CreateDate: new Date(createdAtMs),
  })),
});
