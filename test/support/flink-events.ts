import { durable } from "./flink-operator.ts";

/** An event with what differs from run to run under the names of the documentation's examples. */
export function redacted(event: object): Readonly<Record<string, unknown>> {
  const hidden = new Set(["principalId", "accessKeyId", "keyMaterialId", "creationDate"]);
  const own = new Set(["eventTime", "requestID", "eventID", "sharedEventID"]);
  return JSON.parse(
    JSON.stringify(event, (name, value: unknown) =>
      typeof value === "string" && (hidden.has(name) || own.has(name)) ? "REDACTED" : value,
    ),
  );
}

/** Examples 1 and 2 of the seed have these members in common. */
export const tried = (named: {
  account: string;
  keyAccount: string;
  KeyId: string;
  application: string;
}) => ({
  eventVersion: "1.11",
  eventTime: "REDACTED",
  eventSource: "kms.amazonaws.com",
  eventName: "Decrypt",
  awsRegion: "us-east-1",
  sourceIPAddress: durable,
  userAgent: durable,
  errorCode: "DryRunOperationException",
  errorMessage: "The request would have succeeded, but the DryRun option is set.",
  requestParameters: {
    encryptionContext: { "aws:kinesisanalytics:arn": named.application },
    keyId: named.KeyId,
    encryptionAlgorithm: "SYMMETRIC_DEFAULT",
    dryRun: true,
  },
  responseElements: null,
  additionalEventData: { keyMaterialId: "REDACTED" },
  requestID: "REDACTED",
  eventID: "REDACTED",
  readOnly: true,
  resources: [{ accountId: named.keyAccount, type: "AWS::KMS::Key", ARN: named.KeyId }],
  eventType: "AwsApiCall",
  managementEvent: true,
  recipientAccountId: named.account,
  eventCategory: "Management",
});
