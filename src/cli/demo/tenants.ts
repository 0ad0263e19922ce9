import { type Cast, names } from "./cast.ts";
import type { Input, Value } from "./request.ts";
import type { Fields } from "./stage.ts";

const version = "2012-10-17";
const allow = (Action: readonly string[], Resource: Value, more: Input = {}): Value => ({
  Effect: "Allow",
  Action,
  Resource,
  ...more,
});
const document = (...statements: Value[]): string =>
  JSON.stringify({ Version: version, Statement: statements }, null, 2);

/** Item 1: an account, two users, a role for the application, and a key with its own policy. */
export async function tenants(cast: Cast): Promise<{ readonly keyArn: string }> {
  const { stage, account, region } = cast;
  const arns = arnsOf(account, region);
  await user(cast, "alice", {
    $file: "alice.json",
    value: document(
      allow(["kinesis:*"], arns.stream),
      allow(["s3:*"], [arns.bucket, `${arns.bucket}/*`]),
      allow(["kms:Encrypt", "kms:Decrypt", "kms:GenerateDataKey*", "kms:DescribeKey"], "*"),
      allow(["kms:CreateGrant"], "*", {
        Condition: { Bool: { "kms:GrantIsForAWSResource": "true" } },
      }),
      allow(["kinesisanalytics:*"], arns.application),
      allow(["iam:PassRole"], arns.role, {
        Condition: { StringEquals: { "iam:PassedToService": "kinesisanalytics.amazonaws.com" } },
      }),
      allow(["cloudtrail:LookupEvents"], "*"),
    ),
  });
  await user(cast, "bob", {
    $file: "bob.json",
    value: document(
      allow(["kinesis:DescribeStream*", "kinesis:GetShardIterator"], arns.stream),
      allow(["s3:ListBucket"], arns.bucket),
      allow(["kms:Decrypt"], "*"),
      allow(["kinesisanalytics:*"], arns.application),
    ),
  });
  await boundary(cast, "bob", arns);
  await role(cast, arns);
  const { KeyMetadata } = await stage.cli("acme", "kms", "CreateKey", {
    Description: "Orders of acme",
    Policy: { $file: "key-policy.json", value: keyPolicy(arns, account) },
  });
  const keyArn = String((KeyMetadata as Fields)["Arn"]);
  await stage.cli("acme", "kms", "CreateAlias", {
    AliasName: names.alias,
    TargetKeyId: keyArn,
  });
  const who = await stage.sdk("alice", "sts", "GetCallerIdentity", {});
  stage.check(`alice is ${who["Arn"]}`, who["Arn"] === `arn:aws:iam::${account}:user/alice`);
  return { keyArn };
}

export type Arns = ReturnType<typeof arnsOf>;

export const arnsOf = (account: string, region: string) => ({
  root: `arn:aws:iam::${account}:root`,
  bob: `arn:aws:iam::${account}:user/bob`,
  stream: `arn:aws:kinesis:${region}:${account}:stream/${names.stream}`,
  bucket: `arn:aws:s3:::${names.bucket}`,
  application: `arn:aws:kinesisanalytics:${region}:${account}:application/${names.application}`,
  role: `arn:aws:iam::${account}:role/${names.role}`,
});

async function user({ stage, admit }: Cast, name: string, policy: Value): Promise<void> {
  await stage.cli("acme", "iam", "CreateUser", { UserName: name });
  await stage.cli("acme", "iam", "PutUserPolicy", {
    UserName: name,
    PolicyName: `what-${name}-may`,
    PolicyDocument: policy,
  });
  const { AccessKey } = await stage.sdk("acme", "iam", "CreateAccessKey", { UserName: name });
  const { AccessKeyId, SecretAccessKey } = AccessKey as Fields;
  admit(name, { accessKeyId: String(AccessKeyId), secretAccessKey: String(SecretAccessKey) });
}

/** What bob's own policy allows and his boundary does not, he may not. */
async function boundary({ stage }: Cast, name: string, arns: Arns): Promise<void> {
  const { Policy } = await stage.sdk("acme", "iam", "CreatePolicy", {
    PolicyName: "boundary-of-readers",
    PolicyDocument: document(
      allow(["kinesis:*", "s3:*", "kms:*", "sts:*"], "*"),
      allow(["kinesisanalytics:Describe*", "kinesisanalytics:List*"], arns.application),
    ),
  });
  await stage.sdk("acme", "iam", "PutUserPermissionsBoundary", {
    UserName: name,
    PermissionsBoundary: String((Policy as Fields)["Arn"]),
  });
}

async function role({ stage }: Cast, arns: Arns): Promise<void> {
  await stage.sdk("acme", "iam", "CreateRole", {
    RoleName: names.role,
    AssumeRolePolicyDocument: document({
      Effect: "Allow",
      Principal: { Service: "kinesisanalytics.amazonaws.com" },
      Action: "sts:AssumeRole",
      Condition: { ArnEquals: { "aws:SourceArn": arns.application } },
    }),
  });
  await stage.sdk("acme", "iam", "PutRolePolicy", {
    RoleName: names.role,
    PolicyName: "what-the-application-may",
    PolicyDocument: document(
      allow(["kinesis:Describe*", "kinesis:ListShards", "kinesis:Get*"], arns.stream),
      allow(["s3:*"], [arns.bucket, `${arns.bucket}/*`]),
      allow(["kms:Decrypt", "kms:GenerateDataKey"], "*"),
    ),
  });
}

/** What keeps an application's state: while it is at rest, and while the application runs. */
const flinkServices = [
  "kinesisanalytics.amazonaws.com",
  "infrastructure.kinesisanalytics.amazonaws.com",
];

/** The account's administrators rule the key through IAM; the service may use it for this application; bob may not. */
const keyPolicy = (arns: Arns, account: string): string =>
  document(
    {
      Sid: "TheAccount",
      Effect: "Allow",
      Principal: { AWS: arns.root },
      Action: "kms:*",
      Resource: "*",
    },
    {
      Sid: "ManagedFlinkForThisApplication",
      Effect: "Allow",
      Principal: { Service: flinkServices },
      Action: [
        "kms:Decrypt",
        "kms:GenerateDataKey",
        "kms:GenerateDataKeyWithoutPlaintext",
        "kms:CreateGrant",
      ],
      Resource: "*",
      Condition: {
        StringEquals: {
          "aws:SourceAccount": account,
          "kms:EncryptionContext:aws:kinesisanalytics:arn": arns.application,
        },
        ArnEquals: { "aws:SourceArn": arns.application },
      },
    },
    {
      Sid: "ManagedFlinkDescribesIt",
      Effect: "Allow",
      Principal: { Service: flinkServices },
      Action: "kms:DescribeKey",
      Resource: "*",
      Condition: { ArnEquals: { "aws:SourceArn": arns.application } },
    },
    {
      Sid: "NeverBob",
      Effect: "Deny",
      Principal: { AWS: arns.bob },
      Action: "kms:Decrypt",
      Resource: "*",
    },
  );
