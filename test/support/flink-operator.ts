import {
  CreateAccessKeyCommand,
  CreateRoleCommand,
  CreateUserCommand,
  PutRolePolicyCommand,
  PutUserPolicyCommand,
} from "@aws-sdk/client-iam";
import { CreateKeyCommand } from "@aws-sdk/client-kms";
import { AssumeRoleCommand, STSClient } from "@aws-sdk/client-sts";
import { type Clients, clientsOf, type Place } from "./flink.ts";

/** The two principals of Managed Flink: for durable storage, and for running storage. */
export const durable = "kinesisanalytics.amazonaws.com";
export const running = `infrastructure.${durable}`;

export interface Statement {
  readonly Sid: string;
  readonly Action: string | readonly string[];
  readonly Principal?: object;
  readonly [member: string]: unknown;
}

/** Whom and what the policies of Managed Flink's documentation name. */
export interface Named {
  readonly account: string;
  /** ARN of the application. */
  readonly application: string;
}

const region = "us-east-1";
const via = { "kms:ViaService": `kinesisanalytics.${region}.amazonaws.com` };
const onlyDecrypt = { "ForAllValues:StringEquals": { "kms:GrantOperations": "Decrypt" } };
const subset = { "kms:GrantConstraintType": "EncryptionContextSubset" };
export const operatorArn = (account: string) => `arn:aws:iam::${account}:role/Operator`;

/**
 * The key policy of "Managing CMK using APIs" in AWS's documentation of Managed Flink, with our names in it, behind a
 * statement for those who administer the key.
 */
export function keyPolicyOf({ account, application }: Named, keyAccount = account): Statement[] {
  const context = { "kms:EncryptionContext:aws:kinesisanalytics:arn": application };
  const source = { "aws:SourceArn": application, "aws:SourceAccount": account };
  const operator = { AWS: operatorArn(account) };
  const allow = (
    Sid: string,
    Principal: object,
    Action: string | string[],
    Condition?: object,
  ) => ({
    ...{ Sid, Effect: "Allow", Principal, Action, Resource: "*" },
    ...(Condition && { Condition }),
  });
  return [
    allow("Administrators", { AWS: `arn:aws:iam::${keyAccount}:root` }, [
      ...["kms:PutKeyPolicy", "kms:EnableKey", "kms:DisableKey", "kms:ScheduleKeyDeletion"],
      ...["kms:CancelKeyDeletion", "kms:ListGrants", "kms:RevokeGrant", "kms:CreateAlias"],
      ...["kms:RotateKeyOnDemand", "kms:GetKeyRotationStatus", "kms:ListKeyRotations"],
    ]),
    allow("AllowOperatorToDescribeKey", operator, "kms:DescribeKey", { StringEquals: via }),
    allow(
      "AllowOperatorToConfigureAppToUseKeyForApplicationState",
      operator,
      ["kms:Decrypt", "kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext"],
      { StringEquals: { ...context, ...via } },
    ),
    allow("AllowOperatorToConfigureAppToCreateGrantForRunningState", operator, "kms:CreateGrant", {
      StringEquals: { ...context, ...via, ...subset },
      ...onlyDecrypt,
    }),
    allow("AllowMSFServiceToDescribeKey", { Service: [durable, running] }, "kms:DescribeKey", {
      StringEquals: source,
    }),
    allow(
      "AllowMSFServiceToGenerateDataKeyForDurableState",
      { Service: durable },
      ["kms:GenerateDataKey"],
      { StringEquals: { ...source, ...context } },
    ),
    allow("AllowMSFServiceToDecryptForDurableState", { Service: durable }, ["kms:Decrypt"], {
      StringEquals: context,
    }),
    allow(
      "AllowMSFServiceToUseKeyForRunningState",
      { Service: [running] },
      ["kms:Decrypt", "kms:GenerateDataKeyWithoutPlaintext"],
      { StringEquals: context },
    ),
    allow(
      "AllowMSFServiceToCreateGrantForRunningState",
      { Service: [running] },
      "kms:CreateGrant",
      {
        StringEquals: { ...context, ...subset },
        ...onlyDecrypt,
      },
    ),
  ];
}

/** The operator's permissions of the same page. */
export function operatorPolicyOf(
  { account, application }: Named,
  keys: readonly string[],
): Statement[] {
  const context = { "kms:EncryptionContext:aws:kinesisanalytics:arn": application };
  const allow = (Sid: string, Action: string | string[], Condition?: object) => ({
    ...{ Sid, Effect: "Allow", Action, Resource: keys },
    ...(Condition && { Condition }),
  });
  return [
    { Sid: "AllowMSFAPICalls", Effect: "Allow", Action: "kinesisanalytics:*", Resource: "*" },
    {
      Sid: "AllowPassingServiceExecutionRole",
      Effect: "Allow",
      Action: ["iam:PassRole"],
      Resource: `arn:aws:iam::${account}:role/flink`,
    },
    allow("AllowDescribeKey", ["kms:DescribeKey"], { StringEquals: via }),
    allow(
      "AllowMyCmkApplicationKeyOperationsForDurableState",
      ["kms:Decrypt", "kms:GenerateDataKey"],
      { StringEquals: { ...via, ...context } },
    ),
    allow(
      "AllowMyCmkApplicationKeyOperationsForRunningState",
      ["kms:Decrypt", "kms:GenerateDataKeyWithoutPlaintext"],
      { StringEquals: { ...via, ...context } },
    ),
    allow("AllowMyCmkApplicationCreateGrantForRunningState", "kms:CreateGrant", {
      ...onlyDecrypt,
      StringEquals: { ...via, ...context, ...subset },
    }),
  ];
}

export const policyText = (Statement: readonly object[]): string =>
  JSON.stringify({ Version: "2012-10-17", Statement });

export async function makeKey({ kms }: Clients, statements: readonly Statement[]): Promise<string> {
  const made = await kms.send(new CreateKeyCommand({ Policy: policyText(statements) }));
  return made.KeyMetadata?.Arn ?? "";
}

/** Statements without one action for principals that `whom` picks. */
export const without = (
  statements: readonly Statement[],
  action: string,
  whom: (principal: string) => boolean,
): Statement[] =>
  statements.flatMap((statement) => {
    const actions = [statement.Action].flat();
    if (!actions.includes(action)) return [statement];
    const [kind = "", names] = Object.entries(statement.Principal ?? {})[0] ?? [];
    const staying = ([names].flat() as string[]).filter((name) => !whom(name));
    const others = actions.filter((name) => name !== action);
    return [
      { ...statement, Action: others },
      { ...statement, Sid: `${statement.Sid}Others`, Principal: { [kind]: staying } },
    ].filter(
      (one) =>
        [one.Action].flat().length > 0 &&
        ([Object.values(one.Principal ?? {})[0]].flat() as string[]).length > 0,
    );
  });

const trust = (account: string) =>
  policyText([
    {
      Effect: "Allow",
      Principal: { AWS: `arn:aws:iam::${account}:root` },
      Action: "sts:AssumeRole",
    },
  ]);

/** Makes the role that creates and runs applications. */
export async function makeOperator({ iam }: Clients, account: string): Promise<void> {
  const AssumeRolePolicyDocument = trust(account);
  await iam.send(new CreateRoleCommand({ RoleName: "Operator", AssumeRolePolicyDocument }));
}

/** What the operator may, from now on. */
export async function allowOperator({ iam }: Clients, statements: readonly object[]) {
  const PolicyDocument = policyText(statements);
  const policy = { RoleName: "Operator", PolicyName: "operator", PolicyDocument };
  await iam.send(new PutRolePolicyCommand(policy));
}

/** The operator's clients, in the session that the documentation's example shows. */
export async function operatorOf(place: Place, { iam }: Clients): Promise<Clients> {
  const { endpoint, account } = place;
  const UserName = "deployer";
  const RoleArn = operatorArn(account);
  await iam.send(new CreateUserCommand({ UserName }));
  const PolicyDocument = policyText([
    { Effect: "Allow", Action: "sts:AssumeRole", Resource: RoleArn },
  ]);
  await iam.send(new PutUserPolicyCommand({ UserName, PolicyName: "one", PolicyDocument }));
  const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName }));
  const credentials = {
    accessKeyId: AccessKey?.AccessKeyId ?? "",
    secretAccessKey: AccessKey?.SecretAccessKey ?? "",
  };
  const sts = new STSClient({ endpoint, region, credentials, maxAttempts: 1 });
  const RoleSessionName = "CmkTestingSession";
  const { Credentials } = await sts.send(new AssumeRoleCommand({ RoleArn, RoleSessionName }));
  const session = {
    accessKeyId: Credentials?.AccessKeyId ?? "",
    secretAccessKey: Credentials?.SecretAccessKey ?? "",
    sessionToken: Credentials?.SessionToken ?? "",
  };
  return clientsOf({ ...place, credentials: session });
}
