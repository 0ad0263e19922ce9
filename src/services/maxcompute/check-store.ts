import { ServiceError } from "../../pipeline/operation.ts";
import { factsOf } from "../../pipeline/run.ts";
import type { StoreKind, StoreName } from "../../projects/stores.ts";
import type { OdpsCall } from "./find-project.ts";

/** How a store is asked whether it is there, and what whoever gives it away must be allowed. */
const checks: Readonly<
  Record<
    StoreKind,
    {
      readonly service: string;
      readonly look: (name: string, account: string) => readonly [string, Record<string, unknown>];
      readonly action: string;
      readonly arn: (name: string, region: string, account: string) => string;
    }
  >
> = {
  bucket: {
    service: "s3",
    look: (Bucket, ExpectedBucketOwner) => ["HeadBucket", { Bucket, ExpectedBucketOwner }],
    action: "s3:PutBucketPolicy",
    arn: (name) => `arn:aws:s3:::${name}`,
  },
  stream: {
    service: "kinesis",
    look: (StreamName) => ["DescribeStreamSummary", { StreamName }],
    action: "kinesis:PutResourcePolicy",
    arn: (name, region, account) => `arn:aws:kinesis:${region}:${account}:stream/${name}`,
  },
  application: {
    service: "kinesisanalyticsv2",
    look: (ApplicationName) => ["DescribeApplication", { ApplicationName }],
    action: "kinesisanalytics:UpdateApplication",
    arn: (name, region, account) =>
      `arn:aws:kinesisanalytics:${region}:${account}:application/${name}`,
  },
};

/**
 * Refuses to give a store to a project where it is not there, or the caller may not say who reads it. To look is a call
 * of the caller like any other.
 */
export async function checkStore({ kind, name }: StoreName, call: OdpsCall): Promise<void> {
  const { principal, account, source, parts, region } = call;
  const { service, look, action, arn } = checks[kind];
  const [operation, input] = look(name, account);
  await parts.invoke(service, operation, input, { principal, account, source });
  const target = { arn: arn(name, region, account), account };
  if (parts.access.authorize(principal, { action, target }, factsOf(call)).allowed) return;
  throw new ServiceError(
    "ODPS-0130013",
    `ODPS-0130013:Authorization exception - to give ${kind} ${name} to a project takes ${action} on ${target.arn}`,
  );
}
