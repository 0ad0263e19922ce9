import assert from "node:assert/strict";
import type { Keys, Running, Tenant } from "./bondstore.ts";
import { makeClassicHsm, makeCluster } from "./hsm-world.ts";
import type { Known } from "./minimal-input.ts";
import { callerOf, type Ended } from "./sdk.ts";
import { until } from "./until.ts";
import { makeKeysOfAllUsages } from "./world-keys.ts";

/** One of each thing in a new account, and a user who may do nothing with any of it. */
export interface World {
  readonly tenant: Tenant;
  /** Has an access key, and no policy of any kind. */
  readonly nobody: Keys;
  /** Members that name the things, for `minimalInput`, by service. */
  readonly known: Readonly<Record<string, Known>>;
}

export type Members = Readonly<Record<string, unknown>>;

const done = (ended: Ended): Members => {
  assert.equal(ended.code, undefined, ended.message);
  return ended.output;
};

export const member = (members: unknown, name: string): unknown => (members as Members)[name];
export const text = (members: unknown, name: string): string => String(member(members, name));

/** A policy that allows everything, of the kind that is attached. */
export const anything = JSON.stringify({
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Action: "*", Resource: "*" }],
});

/** Makes one of each thing as root of a new account. */
export async function makeWorld(running: Running, name: string): Promise<World> {
  const tenant = await running.tenant(name);
  const options = running.client(tenant.root);
  const as = (service: string) => {
    const { call } = callerOf(service, options);
    return async (operation: string, input: object) => done(await call(operation, input));
  };
  const identity = await makePeople(as("iam"), tenant.account);
  const kms = await makeKey(as("kms"), tenant.account);
  return {
    tenant,
    nobody: identity.nobody,
    known: {
      iam: identity.known,
      sts: { RoleArn: identity.role, RoleSessionName: "one", AccessKeyId: tenant.root.accessKeyId },
      kms,
      s3: await makeBucket(as("s3"), name),
      kinesis: await makeStream(as("kinesis"), text(kms, "KeyId")),
      kinesisanalyticsv2: await makeApplication(as("kinesisanalyticsv2"), identity.role),
      cloudtrail: {},
      cloudhsmv2: await makeCluster(as("cloudhsmv2"), tenant.account, running),
      cloudhsm: await makeClassicHsm(as("cloudhsm"), identity.role),
    },
  };
}

export type Do = (operation: string, input: object) => Promise<Members>;

async function makePeople(iam: Do, account: string) {
  const [UserName, GroupName, RoleName] = ["alice", "readers", "runner"];
  const PolicyName = "inline";
  const trust = {
    Version: "2012-10-17",
    Statement: [
      {
        Effect: "Allow",
        Principal: { Service: "kinesisanalytics.amazonaws.com" },
        Action: "sts:AssumeRole",
      },
    ],
  };
  await iam("CreateUser", { UserName });
  await iam("CreateGroup", { GroupName });
  await iam("AddUserToGroup", { GroupName, UserName });
  const AssumeRolePolicyDocument = JSON.stringify(trust);
  const { Role } = await iam("CreateRole", { RoleName, AssumeRolePolicyDocument });
  const policy = { PolicyName, PolicyDocument: anything };
  await iam("PutUserPolicy", { UserName, ...policy });
  await iam("PutGroupPolicy", { GroupName, ...policy });
  await iam("PutRolePolicy", { RoleName, ...policy });
  const { Policy } = await iam("CreatePolicy", { ...policy, PolicyName: "managed" });
  const PolicyArn = text(Policy, "Arn");
  await iam("CreatePolicyVersion", { PolicyArn, PolicyDocument: anything });
  const attached = [
    ["AttachUserPolicy", { UserName }],
    ["AttachGroupPolicy", { GroupName }],
    ["AttachRolePolicy", { RoleName }],
    ["PutUserPermissionsBoundary", { UserName, PermissionsBoundary: PolicyArn }],
    ["PutRolePermissionsBoundary", { RoleName, PermissionsBoundary: PolicyArn }],
  ] as const;
  for (const [operation, input] of attached) await iam(operation, { PolicyArn, ...input });
  const { AccessKey } = await iam("CreateAccessKey", { UserName });
  await iam("CreateUser", { UserName: "nobody" });
  const own = member(await iam("CreateAccessKey", { UserName: "nobody" }), "AccessKey");
  return {
    nobody: {
      accessKeyId: text(own, "AccessKeyId"),
      secretAccessKey: text(own, "SecretAccessKey"),
    },
    role: text(Role, "Arn"),
    known: {
      UserName,
      GroupName,
      RoleName,
      PolicyName,
      PolicyArn,
      PolicyDocument: anything,
      AssumeRolePolicyDocument,
      "SimulateCustomPolicy.PolicyInputList": [anything],
      VersionId: "v1",
      PermissionsBoundary: PolicyArn,
      AccessKeyId: text(AccessKey, "AccessKeyId"),
      Status: "Inactive",
      PolicySourceArn: `arn:aws:iam::${account}:user/${UserName}`,
      "CreateAccessKey.UserName": UserName,
      "GetUser.UserName": UserName,
      "ListAccessKeys.UserName": UserName,
    } satisfies Known,
  };
}

async function makeKey(kms: Do, account: string): Promise<Known> {
  const { KeyMetadata } = await kms("CreateKey", {});
  const KeyId = text(KeyMetadata, "Arn");
  const AliasName = "alias/orders";
  await kms("CreateAlias", { AliasName, TargetKeyId: KeyId });
  const { CiphertextBlob } = await kms("Encrypt", { KeyId, Plaintext: Buffer.from("secret") });
  const GranteePrincipal = `arn:aws:iam::${account}:user/alice`;
  const { GrantId } = await kms("CreateGrant", {
    KeyId,
    GranteePrincipal,
    Operations: ["Encrypt"],
  });
  const external = text(
    member(await kms("CreateKey", { Origin: "EXTERNAL" }), "KeyMetadata"),
    "Arn",
  );
  const wrapping = { WrappingAlgorithm: "RSAES_OAEP_SHA_256", WrappingKeySpec: "RSA_2048" };
  const given = await kms("GetParametersForImport", { KeyId: external, ...wrapping });
  const imports = ["GetParametersForImport", "ImportKeyMaterial", "DeleteImportedKeyMaterial"];
  return {
    ...(await makeKeysOfAllUsages(kms)),
    ...Object.fromEntries(imports.map((operation) => [`${operation}.KeyId`, external])),
    ...wrapping,
    ImportToken: given["ImportToken"],
    "ImportKeyMaterial.ExpirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE",
    KeyId,
    AliasName,
    TargetKeyId: KeyId,
    DestinationKeyId: KeyId,
    GrantId,
    Policy: anything,
    "CreateGrant.GranteePrincipal": GranteePrincipal,
    "ListRetirableGrants.RetiringPrincipal": GranteePrincipal,
    "Decrypt.CiphertextBlob": CiphertextBlob,
    "ReEncrypt.CiphertextBlob": CiphertextBlob,
    "RetireGrant.KeyId": KeyId,
    "RetireGrant.GrantId": GrantId,
    "GenerateDataKey.KeySpec": "AES_256",
    "GenerateDataKeyWithoutPlaintext.KeySpec": "AES_256",
    "GenerateRandom.NumberOfBytes": 16,
  };
}

async function makeBucket(s3: Do, name: string): Promise<Known> {
  const [Bucket, Key] = [`goods-of-${name}`, "orders/1"];
  await s3("CreateBucket", { Bucket });
  await s3("PutObject", { Bucket, Key, Body: "an order" });
  const { UploadId } = await s3("CreateMultipartUpload", { Bucket, Key: "large" });
  const guard = { Effect: "Deny", Principal: "*", Action: "s3:PutLifecycleConfiguration" };
  const Policy = JSON.stringify({
    Version: "2012-10-17",
    Statement: [{ ...guard, Resource: `arn:aws:s3:::${Bucket}` }],
  });
  await s3("PutBucketPolicy", { Bucket, Policy });
  return {
    Bucket,
    Key,
    UploadId,
    Policy,
    CopySource: `${Bucket}/${Key}`,
    PartNumber: 1,
    SSEAlgorithm: "AES256",
    "CreateBucket.Bucket": `more-${Bucket}`,
    "PutObject.Body": "another order",
    "UploadPart.Body": "another part",
    "PutBucketEncryption.ServerSideEncryptionConfiguration": {
      Rules: [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: "AES256" } }],
    },
    "PutPublicAccessBlock.PublicAccessBlockConfiguration": { BlockPublicAcls: false },
    "CompleteMultipartUpload.MultipartUpload": {
      Parts: [{ PartNumber: 1, ETag: '"11111111111111111111111111111111"' }],
    },
  };
}

async function makeStream(kinesis: Do, KeyId: string): Promise<Known> {
  const StreamName = "orders";
  await kinesis("CreateStream", { StreamName, ShardCount: 1 });
  await until("an active stream", async () => {
    const { StreamDescriptionSummary } = await kinesis("DescribeStreamSummary", { StreamName });
    return text(StreamDescriptionSummary, "StreamStatus") === "ACTIVE";
  });
  const ShardId = "shardId-000000000000";
  const iterator = { StreamName, ShardId, ShardIteratorType: "TRIM_HORIZON" };
  const { ShardIterator } = await kinesis("GetShardIterator", iterator);
  const named = ["DescribeStream", "DescribeStreamSummary", "DeleteStream", "ListShards"];
  named.push("PutRecord", "PutRecords", "GetShardIterator", "AddTagsToStream");
  named.push("ListTagsForStream", "RemoveTagsFromStream", "IncreaseStreamRetentionPeriod");
  named.push("DecreaseStreamRetentionPeriod", "StartStreamEncryption", "StopStreamEncryption");
  return {
    StreamName,
    ShardId,
    ShardIterator,
    ShardIteratorType: "TRIM_HORIZON",
    KeyId,
    EncryptionType: "KMS",
    RetentionPeriodHours: 48,
    "CreateStream.StreamName": "more",
    "CreateStream.ShardCount": 1,
    ...Object.fromEntries(named.map((operation) => [`${operation}.StreamName`, StreamName])),
  };
}

async function makeApplication(analytics: Do, role: string): Promise<Known> {
  const ApplicationName = "totals";
  const application = {
    ApplicationName,
    RuntimeEnvironment: "FLINK-1_20",
    ServiceExecutionRole: role,
    ApplicationConfiguration: {
      ApplicationCodeConfiguration: {
        CodeContentType: "PLAINTEXT",
        CodeContent: { TextContent: "SELECT 1;" },
      },
    },
  };
  const { ApplicationDetail } = await analytics("CreateApplication", application);
  return {
    ...application,
    "CreateApplication.ApplicationName": "more",
    ResourceARN: text(ApplicationDetail, "ApplicationARN"),
    CurrentApplicationVersionId: 1,
    CreateTimestamp: member(ApplicationDetail, "CreateTimestamp"),
    "CreateApplication.ApplicationConfiguration": application.ApplicationConfiguration,
    SnapshotName: "first",
    OperationId: "first",
  };
}
