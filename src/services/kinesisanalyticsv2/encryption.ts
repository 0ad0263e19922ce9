import type { KeyAction, KeyUse } from "../../keys/keys.ts";
import type { Parts } from "../../pipeline/call.ts";
import { keyUse } from "../../pipeline/key-use.ts";
import { ServiceError } from "../../pipeline/operation.ts";
import type { AnalyticsCall } from "./find-application.ts";
import {
  type ApplicationRecord,
  type Encryption,
  infrastructureName,
  serviceName,
} from "./records.ts";

interface Wanted {
  readonly keyType: string | undefined;
  readonly keyId: string | undefined;
}

/** What bound data keys carry (seed: encryption context of Managed Flink). */
export const encryptionContext = (arn: string): Readonly<Record<string, string>> => ({
  "aws:kinesisanalytics:arn": arn,
});

/** What whoever creates, changes or starts an application needs, for both kinds of storage. */
const operatorNeeds: readonly KeyAction[] = [
  "DescribeKey",
  "Decrypt",
  "GenerateDataKey",
  "GenerateDataKeyWithoutPlaintext",
  "CreateGrant",
];

/** What the service needs by itself: the one part for durable storage, the other for running storage. */
const serviceNeeds: readonly (readonly [principal: string, actions: readonly KeyAction[]])[] = [
  [serviceName, ["DescribeKey", "Decrypt", "GenerateDataKey"]],
  [
    infrastructureName,
    ["DescribeKey", "Decrypt", "GenerateDataKeyWithoutPlaintext", "CreateGrant"],
  ],
];

/**
 * Settles which key seals an application's state. A customer's key is resolved to its ARN, and the permissions that
 * the operator and the service will need are tried with DryRun, so that a missing one shows now.
 */
export async function settleEncryption(
  { keyType, keyId }: Wanted,
  arn: string,
  call: AnalyticsCall,
): Promise<Encryption> {
  if (keyType === undefined || keyType === "AWS_OWNED_KEY") {
    if (keyId === undefined) return { type: "AWS_OWNED_KEY" };
    throw new ServiceError("InvalidArgumentException", "KeyId goes with CUSTOMER_MANAGED_KEY.");
  }
  if (keyId === undefined) {
    throw new ServiceError("InvalidArgumentException", "CUSTOMER_MANAGED_KEY needs a KeyId.");
  }
  const operator = operatorUse(arn, call);
  return inServiceWords(async () => {
    const { arn: keyArn, keySpec } = await call.parts.keys.describe(keyId, operator);
    if (keySpec !== "SYMMETRIC_DEFAULT") {
      throw new ServiceError(
        "InvalidArgumentException",
        `The key must be a symmetric encryption key (SYMMETRIC_DEFAULT); ${keyArn} is ${keySpec}.`,
      );
    }
    const encryption = { type: "CUSTOMER_MANAGED_KEY", keyArn } as const;
    await tryOperator(encryption, arn, operatorNeeds.slice(1), call);
    await tryService({ encryption, arn }, call.account, call.parts);
    return encryption;
  });
}

async function tryOperator(
  encryption: Encryption,
  arn: string,
  actions: readonly KeyAction[],
  call: AnalyticsCall,
): Promise<void> {
  if (encryption.type === "AWS_OWNED_KEY") return;
  const { keys } = call.parts;
  const context = encryptionContext(arn);
  const use = operatorUse(arn, call);
  await inServiceWords(() =>
    keys.tryOut(encryption.keyArn, actions, context, use, infrastructureName),
  );
}

/** The operator must be able to use the key that older state was sealed with. */
export const tryOldKey = (encryption: Encryption, arn: string, call: AnalyticsCall) =>
  tryOperator(encryption, arn, ["Decrypt"], call);

/** The operator must be able to use the key of what comes. */
export const tryKey = ({ encryption, arn }: ApplicationRecord, call: AnalyticsCall) =>
  tryOperator(encryption, arn, operatorNeeds, call);

/** A key that the service cannot use now would fail every checkpoint: no engine is started for that. */
export async function tryService(
  { encryption, arn }: Pick<ApplicationRecord, "encryption" | "arn">,
  account: string,
  parts: Parts,
): Promise<void> {
  if (encryption.type === "AWS_OWNED_KEY") return;
  const context = encryptionContext(arn);
  for (const [principal, actions] of serviceNeeds) {
    const use = serviceUse(principal, arn, account, parts);
    await parts.keys.tryOut(encryption.keyArn, actions, context, use, infrastructureName);
  }
}

/** For the caller, as KMS sees it. */
export const operatorUse = (arn: string, call: AnalyticsCall): KeyUse =>
  keyUse(call, "kinesisanalytics", { sourceArn: arn, sourceAccount: call.account });

/** By the service itself, for an application. */
export const serviceUse = (
  name: string,
  arn: string,
  account: string,
  { region, random }: Pick<Parts, "region" | "random">,
): KeyUse => ({
  principal: { kind: "service", name },
  via: `kinesisanalytics.${region}.amazonaws.com`,
  account,
  sourceArn: arn,
  sourceAccount: account,
  requestId: random.uuid(),
  sourceIp: serviceName,
  userAgent: serviceName,
});

/** The service tells what KMS refused as a fault of the arguments. */
export async function inServiceWords<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof ServiceError) || error.code === "InvalidArgumentException") throw error;
    throw new ServiceError("InvalidArgumentException", `${error.code}: ${error.message}`);
  }
}
