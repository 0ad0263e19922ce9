import type { Principal } from "../../identity/principal.ts";
import type { KeyAction, KeyUse } from "../../keys/keys.ts";
import type { Parts } from "../../pipeline/call.ts";
import { keyUse } from "../../pipeline/key-use.ts";
import { ServiceError } from "../../pipeline/operation.ts";
import type { AnalyticsCall } from "./find-application.ts";
import { type ApplicationRecord, type Encryption, serviceName } from "./records.ts";

interface Wanted {
  readonly keyType: string | undefined;
  readonly keyId: string | undefined;
}

/** What bound data keys carry (seed: encryption context of Managed Flink). */
export const encryptionContext = (arn: string): Readonly<Record<string, string>> => ({
  "aws:kinesisanalytics:arn": arn,
});

/** What durable storage needs: read by Decrypt, written by GenerateDataKey. */
const needed: readonly KeyAction[] = ["Decrypt", "GenerateDataKey"];

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
  const { keys } = call.parts;
  const context = encryptionContext(arn);
  const operator = useBy(call.principal, arn, call);
  return inServiceWords(async () => {
    const key = await keys.describe(keyId, operator);
    await keys.tryOut(key.arn, needed, context, operator);
    await keys.tryOut(
      key.arn,
      needed,
      context,
      useBy({ kind: "service", name: serviceName }, arn, call),
    );
    return { type: "CUSTOMER_MANAGED_KEY", keyArn: key.arn };
  });
}

/** The operator must be able to use the key that a snapshot was sealed with. */
export async function tryKey(
  encryption: Encryption,
  arn: string,
  call: AnalyticsCall,
): Promise<void> {
  if (encryption.type === "AWS_OWNED_KEY") return;
  const { keyArn } = encryption;
  const use = useBy(call.principal, arn, call);
  await inServiceWords(() =>
    call.parts.keys.tryOut(keyArn, ["Decrypt"], encryptionContext(arn), use),
  );
}

/** A key that the service cannot use now would fail every checkpoint: no engine is started for that. */
export async function tryServiceKey(
  { encryption, arn }: ApplicationRecord,
  account: string,
  { keys, region, random }: Parts,
): Promise<void> {
  if (encryption.type === "AWS_OWNED_KEY") return;
  await keys.tryOut(encryption.keyArn, needed, encryptionContext(arn), {
    principal: { kind: "service", name: serviceName },
    via: `kinesisanalytics.${region}.amazonaws.com`,
    account,
    sourceArn: arn,
    sourceAccount: account,
    requestId: random.uuid(),
    sourceIp: serviceName,
    userAgent: serviceName,
  });
}

const useBy = (principal: Principal, arn: string, call: AnalyticsCall): KeyUse =>
  keyUse(call, "kinesisanalytics", { principal, sourceArn: arn, sourceAccount: call.account });

/** The service tells what KMS refused as a fault of the arguments. */
async function inServiceWords<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof ServiceError) || error.code === "InvalidArgumentException") throw error;
    throw new ServiceError("InvalidArgumentException", `${error.code}: ${error.message}`);
  }
}
