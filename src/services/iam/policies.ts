import type {
  CreatePolicyRequest,
  CreatePolicyResponse,
  DeletePolicyRequest,
  GetPolicyRequest,
  GetPolicyResponse,
  ListEntitiesForPolicyRequest,
  ListEntitiesForPolicyResponse,
  ListPoliciesRequest,
  ListPoliciesResponse,
  Policy,
} from "@aws-sdk/client-iam";
import type { AccountDirectory } from "../../identity/account-directory.ts";
import { policyArn } from "../../identity/managed-policies.ts";
import { pageOf } from "../../identity/pages.ts";
import type { PolicyRecord } from "../../identity/records.ts";
import type { Call } from "../../pipeline/call.ts";
import { type Checked, operation } from "../../pipeline/operation.ts";
import { pageEnd, pageRequest, readTags, tagFacts, toTagList } from "./answers.ts";
import { everything, findOwnPolicy, findPolicy, making } from "./find.ts";

/** A policy as lists show it: without description and tags. */
export function toPolicy(policy: PolicyRecord, home: AccountDirectory): Policy {
  const { attachments, boundaries } = home.countUses(policy);
  return {
    PolicyName: policy.name,
    PolicyId: policy.id,
    Arn: policy.arn,
    Path: policy.path,
    DefaultVersionId: policy.defaultVersion,
    AttachmentCount: attachments,
    PermissionsBoundaryUsageCount: boundaries,
    IsAttachable: true,
    CreateDate: new Date(policy.createdAtMs),
    UpdateDate: new Date(policy.updatedAtMs),
  };
}

const toWholePolicy = (policy: PolicyRecord, home: AccountDirectory): Policy => ({
  ...toPolicy(policy, home),
  ...(policy.description !== undefined && { Description: policy.description }),
  ...toTagList(policy),
});

export const createPolicy = operation("CreatePolicy", {
  resolve({ PolicyName, Path = "/" }: Checked<CreatePolicyRequest>, call: Call) {
    return making("AWS::IAM::ManagedPolicy", policyArn(call.account, Path, PolicyName), call);
  },

  context: ({ Tags }) => tagFacts(Tags),

  async handle({ home }, input): Promise<CreatePolicyResponse> {
    const policy = await home.policies.create({
      name: input.PolicyName,
      document: input.PolicyDocument,
      path: input.Path,
      description: input.Description,
      tags: readTags(input.Tags),
    });
    return { Policy: toWholePolicy(policy, home) };
  },

  responseElements: ({ Policy }) => ({
    policy: { policyName: Policy?.PolicyName ?? "", arn: Policy?.Arn ?? "" },
  }),
});

export const getPolicy = operation("GetPolicy", {
  resolve: ({ PolicyArn }: Checked<GetPolicyRequest>, call: Call) => findPolicy(PolicyArn, call),
  handle: ({ home, record }): GetPolicyResponse => ({ Policy: toWholePolicy(record, home) }),
});

export const listPolicies = operation("ListPolicies", {
  resolve: (input: Checked<ListPoliciesRequest>, call: Call) => everything(input, call),

  handle({ home }, input): ListPoliciesResponse {
    const { Scope = "All", OnlyAttached = false, PathPrefix = "/", PolicyUsageFilter } = input;
    const wanted = (policy: PolicyRecord): boolean => {
      if (!policy.path.startsWith(PathPrefix)) return false;
      if (!OnlyAttached && PolicyUsageFilter === undefined) return true;
      const { attachments, boundaries } = home.countUses(policy);
      if (PolicyUsageFilter === "PermissionsBoundary") return boundaries > 0;
      return PolicyUsageFilter === "PermissionsPolicy"
        ? attachments > 0
        : attachments + boundaries > 0;
    };
    const page = home.policies.list(Scope, wanted, pageRequest(input));
    return { Policies: page.items.map((policy) => toPolicy(policy, home)), ...pageEnd(page) };
  },
});

export const deletePolicy = operation("DeletePolicy", {
  resolve: ({ PolicyArn }: Checked<DeletePolicyRequest>, call: Call) =>
    findOwnPolicy(PolicyArn, call),
  handle: ({ home, record }) => home.policies.remove(record),
});

/** Shows the users, groups and roles that a policy is attached to or bounds. */
export const listEntitiesForPolicy = operation("ListEntitiesForPolicy", {
  resolve: ({ PolicyArn }: Checked<ListEntitiesForPolicyRequest>, call: Call) =>
    findPolicy(PolicyArn, call),

  handle({ home, record }, input): ListEntitiesForPolicyResponse {
    const { EntityFilter, PathPrefix = "/", PolicyUsageFilter } = input;
    const uses = home.usesOf(record).flatMap(({ use, name }) => {
      const bounds = use.endsWith("-boundary");
      if (
        PolicyUsageFilter !== undefined &&
        bounds !== (PolicyUsageFilter === "PermissionsBoundary")
      )
        return [];
      const holder = use.startsWith("user")
        ? home.users.find(name)
        : use === "group"
          ? home.groups.find(name)
          : home.roles.find(name);
      if (!holder?.path.startsWith(PathPrefix)) return [];
      return EntityFilter === undefined || EntityFilter.toLowerCase() === holder.kind
        ? [holder]
        : [];
    });
    const once = [...new Map(uses.map((holder) => [holder.id, holder])).values()];
    const page = pageOf(once, pageRequest(input));
    const of = (kind: string) => page.items.filter((holder) => holder.kind === kind);
    return {
      PolicyUsers: of("user").map(({ name, id }) => ({ UserName: name, UserId: id })),
      PolicyGroups: of("group").map(({ name, id }) => ({ GroupName: name, GroupId: id })),
      PolicyRoles: of("role").map(({ name, id }) => ({ RoleName: name, RoleId: id })),
      ...pageEnd(page),
    };
  },
});
