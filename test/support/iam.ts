import { iam } from "../../src/services/iam/service.ts";
import { document, startIdentity } from "./identity.ts";

/** What an operation answers, read member by member without its type. */
export interface Answer {
  readonly User: UserShown;
  readonly Users: readonly UserShown[];
  readonly Groups: readonly object[];
  readonly Role: { readonly AssumeRolePolicyDocument: string; readonly MaxSessionDuration: number };
  readonly RoleName: string;
  readonly Policy: Readonly<Record<string, unknown>>;
  readonly Policies: readonly object[];
  readonly PolicyDocument: string;
  readonly PolicyVersion: { readonly Document: string };
  readonly Versions: readonly { readonly VersionId: string; readonly IsDefaultVersion: boolean }[];
  readonly PolicyUsers: readonly { readonly UserName: string }[];
  readonly Tags: readonly object[];
  readonly AccessKey: { readonly AccessKeyId: string };
  readonly AccessKeyMetadata: readonly { readonly AccessKeyId: string }[];
  readonly AccessKeyLastUsed: { readonly ServiceName: string };
  readonly SummaryMap: Readonly<Record<string, number>>;
  readonly AccountAliases: readonly string[];
  readonly EvaluationResults: readonly {
    readonly EvalDecision: string;
    readonly MatchedStatements: readonly { readonly SourcePolicyId: string }[];
    readonly MissingContextValues: readonly string[];
  }[];
  readonly UserDetailList: readonly { readonly AttachedManagedPolicies: readonly object[] }[];
  readonly RoleDetailList: readonly object[];
  readonly IsTruncated: boolean;
  readonly Marker?: string;
}

interface UserShown {
  readonly UserName: string;
  readonly UserId: string;
  readonly Arn: string;
  readonly PermissionsBoundary?: object;
}

/** A trust policy that leaves it to the account. */
export const trustRoot = (account: string) =>
  document({
    Effect: "Allow",
    Principal: { AWS: `arn:aws:iam::${account}:root` },
    Action: "sts:AssumeRole",
  });

/** IAM with one account: calls as its root, and as users that are made with an inline policy. */
export async function startIam() {
  const { tenant, directory, events } = await startIdentity<Answer>(iam);
  const { id, root, user } = await tenant("acme");
  return {
    account: id,
    root,
    directory,
    events,
    user: async (name: string, policy?: string) => (await user(name, policy)).call,
  };
}

/** An ARN of IAM in an account. */
export const arnOf = (account: string, name: string) => `arn:aws:iam::${account}:${name}`;
