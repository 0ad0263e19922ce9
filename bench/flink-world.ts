import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from "@aws-sdk/client-iam";
import {
  CreateStreamCommand,
  KinesisClient,
  StartStreamEncryptionCommand,
} from "@aws-sdk/client-kinesis";
import { CreateKeyCommand, KMSClient } from "@aws-sdk/client-kms";
import { CreateBucketCommand, PutBucketEncryptionCommand, S3Client } from "@aws-sdk/client-s3";

/** Where the job runs, and as whom. */
export interface Home {
  readonly endpoint: string;
  readonly port: number;
  readonly account: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  cpuSeconds(): number;
}

/** The role that the application runs as. */
export const role = "flink";

const service = "kinesisanalytics.amazonaws.com";
const document = (...Statement: object[]) => JSON.stringify({ Version: "2012-10-17", Statement });

/** A key, a role, and a stream and a bucket of each kind: under the key, and not. Answers the key's ARN. */
export async function prepareFlink(
  { endpoint, accessKeyId, secretAccessKey, account }: Home,
  { sealed, plain }: { readonly sealed: string; readonly plain: string },
): Promise<string> {
  const given = {
    endpoint,
    region: "us-east-1",
    credentials: { accessKeyId, secretAccessKey },
  };
  const [kms, iam] = [new KMSClient(given), new IAMClient(given)];
  const [kinesis, s3] = [
    new KinesisClient(given),
    new S3Client({ ...given, forcePathStyle: true }),
  ];
  const all = { Effect: "Allow", Action: "kms:*", Resource: "*" };
  const Policy = document(
    { ...all, Principal: { AWS: `arn:aws:iam::${account}:root` } },
    { ...all, Principal: { Service: [service, `infrastructure.${service}`] } },
  );
  const KeyId = (await kms.send(new CreateKeyCommand({ Policy }))).KeyMetadata?.Arn ?? "";
  const trust = { Effect: "Allow", Principal: { Service: service }, Action: "sts:AssumeRole" };
  const RoleName = role;
  const AssumeRolePolicyDocument = document(trust);
  await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument }));
  const Action = ["kinesis:*", "s3:*", "kms:*"];
  const PolicyDocument = document({ Effect: "Allow", Action, Resource: "*" });
  await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: "work", PolicyDocument }));
  for (const name of [sealed, plain]) {
    await s3.send(new CreateBucketCommand({ Bucket: name }));
    await kinesis.send(new CreateStreamCommand({ StreamName: name, ShardCount: 1 }));
  }
  await s3.send(
    new PutBucketEncryptionCommand({
      Bucket: sealed,
      ServerSideEncryptionConfiguration: {
        Rules: [
          {
            ApplyServerSideEncryptionByDefault: { SSEAlgorithm: "aws:kms", KMSMasterKeyID: KeyId },
          },
        ],
      },
    }),
  );
  const encryption = { StreamName: sealed, EncryptionType: "KMS", KeyId } as const;
  await kinesis.send(new StartStreamEncryptionCommand(encryption));
  for (const client of [kms, iam, kinesis, s3]) client.destroy();
  return KeyId;
}
