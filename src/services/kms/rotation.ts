import type {
  DisableKeyRotationRequest,
  EnableKeyRotationRequest,
  GetKeyRotationStatusRequest,
  GetKeyRotationStatusResponse,
  ListKeyRotationsRequest,
  ListKeyRotationsResponse,
  RotateKeyOnDemandRequest,
  RotateKeyOnDemandResponse,
} from "@aws-sdk/client-kms";
import type { KmsKey } from "../../keys/kms-key.ts";
import { checkUsable } from "../../keys/use-key.ts";
import { type Checked, operation, ServiceError } from "../../pipeline/operation.ts";
import { factsOf, findByIdOrArn, findOwnKey, type KmsCall, keyOf, plainFacts } from "./find-key.ts";
import { afterMarker, pageOf, restAfter } from "./page.ts";

const periodDaysDefault = 365;
const onDemandMax = 25;

/** Only symmetric encryption keys whose material is made here have more than one. Throws KMS's refusal. */
function checkRotatable({ arn, record }: KmsKey): void {
  if (record.spec === "SYMMETRIC_DEFAULT" && record.origin === "AWS_KMS") return;
  throw new ServiceError(
    "UnsupportedOperationException",
    `${arn} origin is ${record.origin} and its key spec ${record.spec}, which is not valid for this operation.`,
  );
}

/** New material each period, from now on; what older material encrypted stays readable. */
export const enableKeyRotation = operation("EnableKeyRotation", {
  resolve: ({ KeyId }: Checked<EnableKeyRotationRequest>, call: KmsCall) =>
    findOwnKey(KeyId, call, "EnableKeyRotation"),
  context: ({ RotationPeriodInDays = periodDaysDefault }, { reference }, call) => ({
    ...factsOf(reference, call),
    "kms:rotationperiodindays": String(RotationPeriodInDays),
  }),
  async handle(target, { RotationPeriodInDays }, { own: keys }): Promise<void> {
    const key = keyOf(target);
    checkRotatable(key);
    checkUsable(key);
    await keys.change(key, (record) => {
      const before = record.rotation;
      const periodDays = RotationPeriodInDays ?? before?.periodDays ?? periodDaysDefault;
      if (before?.periodDays === periodDays) return record;
      return { ...record, rotation: keys.nextRotation(periodDays) };
    });
  },
});

/** No new material by itself any more. */
export const disableKeyRotation = operation("DisableKeyRotation", {
  resolve: ({ KeyId }: Checked<DisableKeyRotationRequest>, call: KmsCall) =>
    findOwnKey(KeyId, call, "DisableKeyRotation"),
  context: plainFacts,
  async handle(target, _input, { own: keys }): Promise<void> {
    const key = keyOf(target);
    checkRotatable(key);
    checkUsable(key);
    await keys.change(key, ({ rotation: _, ...record }) => record);
  },
});

/** Tells whether and when a key gets new material by itself. */
export const readKeyRotationStatus = operation("GetKeyRotationStatus", {
  resolve: ({ KeyId }: Checked<GetKeyRotationStatusRequest>, call: KmsCall) =>
    findByIdOrArn(KeyId, call, "GetKeyRotationStatus"),
  context: plainFacts,
  handle(target): GetKeyRotationStatusResponse {
    checkRotatable(keyOf(target));
    const { arn, record } = keyOf(target);
    const { rotation, state } = record;
    // A key that waits for its deletion is not rotated, whatever was set before.
    if (!rotation || state === "PendingDeletion") return { KeyRotationEnabled: false, KeyId: arn };
    return {
      KeyRotationEnabled: true,
      KeyId: arn,
      RotationPeriodInDays: rotation.periodDays,
      NextRotationDate: new Date(rotation.nextAtMs),
    };
  },
});

/** New material now. */
export const rotateKeyOnDemand = operation("RotateKeyOnDemand", {
  resolve: ({ KeyId }: Checked<RotateKeyOnDemandRequest>, call: KmsCall) =>
    findOwnKey(KeyId, call, "RotateKeyOnDemand"),
  context: plainFacts,
  async handle(target, _input, { own: keys }): Promise<RotateKeyOnDemandResponse> {
    const key = keyOf(target);
    checkRotatable(key);
    checkUsable(key);
    const done = key.record.versions.filter(({ rotation }) => rotation === "ON_DEMAND").length;
    if (done >= onDemandMax) {
      throw new ServiceError(
        "LimitExceededException",
        `${key.arn} has reached the limit of ${onDemandMax} on-demand rotations.`,
      );
    }
    await keys.rotate(key, "ON_DEMAND");
    return { KeyId: key.record.id };
  },
});

/** Lists when a key got new material, the latest first. */
export const listKeyRotations = operation("ListKeyRotations", {
  resolve: ({ KeyId }: Checked<ListKeyRotationsRequest>, call: KmsCall) =>
    findOwnKey(KeyId, call, "ListKeyRotations"),
  context: plainFacts,
  handle(target, { IncludeKeyMaterial, Limit = 100, Marker }): ListKeyRotationsResponse {
    checkRotatable(keyOf(target));
    const { arn, record } = keyOf(target);
    const whole = IncludeKeyMaterial === "ALL_KEY_MATERIAL";
    const newest = record.versions.at(-1)?.id;
    const shown = record.versions.filter(({ rotation }) => whole || rotation).reverse();
    const nameOf = ({ id }: { readonly id: string }) => id;
    const { items, ...rest } = pageOf(restAfter(shown, afterMarker(Marker), nameOf), Limit, nameOf);
    return {
      Rotations: items.map(({ id, rotation, createdAtMs }) => ({
        KeyId: arn,
        KeyMaterialId: id,
        ...(whole && { KeyMaterialState: id === newest ? "CURRENT" : "NON_CURRENT" }),
        ...(rotation && { RotationDate: new Date(createdAtMs), RotationType: rotation }),
      })),
      ...rest,
    };
  },
});
