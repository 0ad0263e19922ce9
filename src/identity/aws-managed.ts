import { fixedId } from "./ids.ts";
import type { PolicyRecord } from "./records.ts";

interface Statement {
  readonly Action?: readonly string[] | string;
  readonly NotAction?: readonly string[];
}

type Row = readonly [
  name: string,
  version: number,
  date: string,
  description: string,
  ...statements: Statement[],
];

/** The default versions of AWS's policies for what Bondstore serves; each allows on every resource. */
const rows: readonly Row[] = [
  [
    "AdministratorAccess",
    1,
    "2015-02-06T18:39:46Z",
    "Provides full access to AWS services and resources.",
    { Action: "*" },
  ],
  [
    "PowerUserAccess",
    12,
    "2026-02-12T17:59:14Z",
    "Provides full access to AWS services and resources, but does not allow management of Users and groups.",
    { NotAction: ["iam:*", "organizations:*", "account:*"] },
    {
      Action: [
        "account:GetAccountInformation",
        "account:GetGovCloudAccountInformation",
        "account:GetPrimaryEmail",
        "account:ListRegions",
        "iam:CreateServiceLinkedRole",
        "iam:DeleteServiceLinkedRole",
        "iam:ListRoles",
        "organizations:DescribeEffectivePolicy",
        "organizations:DescribeOrganization",
      ],
    },
  ],
  [
    "IAMFullAccess",
    2,
    "2019-06-21T19:40:00Z",
    "Provides full access to IAM via the AWS Management Console.",
    {
      Action: [
        "iam:*",
        "organizations:DescribeAccount",
        "organizations:DescribeOrganization",
        "organizations:DescribeOrganizationalUnit",
        "organizations:DescribePolicy",
        "organizations:ListChildren",
        "organizations:ListParents",
        "organizations:ListPoliciesForTarget",
        "organizations:ListRoots",
        "organizations:ListPolicies",
        "organizations:ListTargetsForPolicy",
      ],
    },
  ],
  [
    "AmazonS3FullAccess",
    2,
    "2021-09-27T20:16:37Z",
    "Provides full access to all buckets via the AWS Management Console.",
    { Action: ["s3:*", "s3-object-lambda:*"] },
  ],
  [
    "AmazonS3ReadOnlyAccess",
    3,
    "2023-08-10T21:31:39Z",
    "Provides read only access to all buckets via the AWS Management Console.",
    {
      Action: [
        "s3:Get*",
        "s3:List*",
        "s3:Describe*",
        "s3-object-lambda:Get*",
        "s3-object-lambda:List*",
      ],
    },
  ],
  [
    "AmazonKinesisFullAccess",
    1,
    "2015-02-06T18:40:29Z",
    "Provides full access to all streams via the AWS Management Console.",
    { Action: "kinesis:*" },
  ],
  [
    "AmazonKinesisReadOnlyAccess",
    1,
    "2015-02-06T18:40:30Z",
    "Provides read only access to all streams via the AWS Management Console.",
    { Action: ["kinesis:Get*", "kinesis:List*", "kinesis:Describe*"] },
  ],
  [
    "AWSKeyManagementServicePowerUser",
    2,
    "2017-03-07T00:55:11Z",
    "Provides access to AWS Key Management Service (KMS).",
    {
      Action: [
        "kms:CreateAlias",
        "kms:CreateKey",
        "kms:DeleteAlias",
        "kms:Describe*",
        "kms:GenerateRandom",
        "kms:Get*",
        "kms:List*",
        "kms:TagResource",
        "kms:UntagResource",
        "iam:ListGroups",
        "iam:ListRoles",
        "iam:ListUsers",
      ],
    },
  ],
];

function policyOf([name, version, date, description, ...statements]: Row): PolicyRecord {
  const createdAtMs = Date.parse(date);
  const document = {
    Version: "2012-10-17",
    Statement: statements.map((actions) => ({ Effect: "Allow", ...actions, Resource: "*" })),
  };
  const id = `v${version}`;
  return {
    id: fixedId("ANPA", name),
    name,
    arn: `arn:aws:iam::aws:policy/${name}`,
    path: "/",
    description,
    createdAtMs,
    updatedAtMs: createdAtMs,
    tags: {},
    defaultVersion: id,
    versions: [{ id, document: JSON.stringify(document, undefined, 2), createdAtMs }],
    lastVersion: version,
  };
}

/** AWS's own policies, the same for every account and changed by nobody. */
export const awsManagedPolicies: readonly PolicyRecord[] = rows.map(policyOf);

const byArn = new Map(awsManagedPolicies.map((policy) => [policy.arn, policy]));

/** One of AWS's own policies. */
export const awsManagedPolicy = (arn: string): PolicyRecord | undefined => byArn.get(arn);
