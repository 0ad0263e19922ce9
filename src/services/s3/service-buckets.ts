import { operation, ServiceError } from "../../pipeline/operation.ts";
import { addBucket } from "./buckets.ts";
import { bucketArn, type S3Call } from "./find.ts";
import { bucketTable, type ServiceSealing } from "./records.ts";

/** The only service so far that keeps data of its customers in buckets. */
const owner = "kinesisanalytics.amazonaws.com";

interface ServiceBucketInput {
  readonly Bucket: string;
  /** Bucket policy: says who reaches the bucket besides the service. */
  readonly Policy: string;
  readonly Sealing: ServiceSealing;
}

/**
 * Makes a bucket that a service keeps in a customer's account, or changes its policy and key. Not in S3's API:
 * services invoke it. Such a bucket is in no list, and its settings are not its account's to change.
 */
export const putServiceBucket = operation("PutServiceBucket", {
  internal: owner,
  resolve: ({ Bucket }: ServiceBucketInput, call: S3Call) => ({
    arn: bucketArn(Bucket),
    account: call.account,
    type: "AWS::S3::Bucket",
  }),

  async handle(_target, { Bucket, Policy, Sealing }, call): Promise<void> {
    const table = bucketTable(call.store);
    const known = table.find([Bucket]);
    if (!known) {
      await addBucket(Bucket, { policy: Policy, serviceSealing: Sealing }, call);
      return;
    }
    await call.parts.store.transaction(() => {
      const now = table.find([Bucket]);
      if (now?.serviceSealing?.service !== Sealing.service) {
        throw new ServiceError(
          "AccessDenied",
          `Bucket ${Bucket} is not kept by ${Sealing.service}`,
        );
      }
      table.put([Bucket], { ...now, policy: Policy, serviceSealing: Sealing });
    });
  },
});
