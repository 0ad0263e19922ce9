import type {
  GetAccountSummaryResponse,
  ListAccountAliasesRequest,
  ListAccountAliasesResponse,
} from "@aws-sdk/client-iam";
import { limits } from "../../identity/limits.ts";
import type { Call } from "../../pipeline/call.ts";
import { type Checked, operation } from "../../pipeline/operation.ts";
import { everything } from "./find.ts";

/** How much there is of everything, and how much there may be. */
export const getAccountSummary = operation("GetAccountSummary", {
  resolve: (input: unknown, call: Call) => everything(input, call),

  handle({ home }): GetAccountSummaryResponse {
    const { users, groups, roles, policies, versions } = home.counts();
    return {
      SummaryMap: {
        Users: users,
        UsersQuota: limits.usersPerAccount,
        Groups: groups,
        GroupsQuota: limits.groupsPerAccount,
        Roles: roles,
        RolesQuota: limits.rolesPerAccount,
        Policies: policies,
        PoliciesQuota: limits.policiesPerAccount,
        PolicyVersionsInUse: versions,
        PolicyVersionsInUseQuota: limits.policiesPerAccount * limits.versionsPerPolicy,
        AccountAccessKeysPresent: home.accessKeys.of().length > 0 ? 1 : 0,
        AccountMFAEnabled: 0,
        AccountSigningCertificatesPresent: 0,
        AccountPasswordPresent: 0,
        MFADevices: 0,
        MFADevicesInUse: 0,
        InstanceProfiles: 0,
        Providers: 0,
        ServerCertificates: 0,
        AccessKeysPerUserQuota: limits.accessKeysPerUser,
        GroupsPerUserQuota: limits.groupsPerUser,
        AttachedPoliciesPerUserQuota: limits.attachedPerHolder,
        AttachedPoliciesPerGroupQuota: limits.attachedPerHolder,
        AttachedPoliciesPerRoleQuota: limits.attachedPerHolder,
        VersionsPerPolicyQuota: limits.versionsPerPolicy,
        PolicySizeQuota: limits.policySize,
        AssumeRolePolicySizeQuota: limits.trustPolicySize,
        UserPolicySizeQuota: limits.inlineSize.user,
        GroupPolicySizeQuota: limits.inlineSize.group,
        RolePolicySizeQuota: limits.inlineSize.role,
      },
    };
  },
});

/** An account has no alias here: its name is the installation's business. */
export const listAccountAliases = operation("ListAccountAliases", {
  resolve: (input: Checked<ListAccountAliasesRequest>, call: Call) => everything(input, call),
  handle: (): ListAccountAliasesResponse => ({ AccountAliases: [], IsTruncated: false }),
});
