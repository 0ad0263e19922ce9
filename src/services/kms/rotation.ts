import type {
  DisableKeyRotationRequest,
  EnableKeyRotationRequest,
  GetKeyRotationStatusRequest,
  GetKeyRotationStatusResponse,
  KeyMaterialState,
  ListKeyRotationsRequest,
  ListKeyRotationsResponse,
  RotateKeyOnDemandRequest,
  RotateKeyOnDemandResponse,
  RotationsListEntry,
} from "@aws-sdk/client-kms";
import type { KeyRecord, KeyVersion } from "../../keys/key-record.ts";
import { checkState } from "../../keys/key-states.ts";
import type { KmsKey } from "../../keys/kms-key.ts";
import { askElsewhere, isEverywhere } from "../../keys/material-places.ts";
import { isPendingDeletion } from "../../keys/use-key.ts";
import { type Checked, operation, ServiceError } from "../../pipeline/operation.ts";
import { factsOf, findByIdOrArn, findOwnKey, type KmsCall, keyOf, plainFacts } from "./find-key.ts";
import { expirationOf } from "./metadata.ts";
import { afterMarker, pageOf, restAfter } from "./page.ts";

const periodDaysDefault = 365;
const onDemandMax = 25;

/** Only symmetric encryption keys have more than one material. Throws KMS's refusal. */
function checkRotatable({ arn, record }: KmsKey): void {
  if (record.spec !== "SYMMETRIC_DEFAULT") {
    throw notValid(`${arn} key spec is ${record.spec}`);
  }
  if (record.customKeyStore !== undefined) throw notValid(`${arn} origin is ${record.origin}`);
}

/** A replica gets its material from its primary. */
function checkPrimary({ arn, record }: KmsKey, region: string): void {
  const { multiRegion } = record;
  if (!multiRegion || multiRegion.primaryRegion === region) return;
  throw new ServiceError(
    "UnsupportedOperationException",
    `${arn} is a replica: its rotation is that of its primary in ${multiRegion.primaryRegion}.`,
  );
}

/** By themselves keys get new material only where it is made here. */
function checkAutomatic(key: KmsKey): void {
  checkRotatable(key);
  const { arn, record } = key;
  if (record.origin !== "AWS_KMS") throw notValid(`${arn} origin is ${record.origin}`);
}

const notValid = (what: string) =>
  new ServiceError(
    "UnsupportedOperationException",
    `${what} which is not valid for this operation.`,
  );

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
    checkAutomatic(key);
    checkState("EnableKeyRotation", key);
    checkPrimary(key, keys.region);
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
    checkAutomatic(key);
    checkState("DisableKeyRotation", key);
    checkPrimary(key, keys.region);
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
    const { rotation } = record;
    // A key that waits for its deletion is not rotated, whatever was set before.
    if (!rotation || isPendingDeletion(record)) return { KeyRotationEnabled: false, KeyId: arn };
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
    checkPrimary(key, keys.region);
    const check = (record: KeyRecord) => {
      checkState("RotateKeyOnDemand", key, record.state);
      const done = record.versions.filter(({ rotation }) => rotation === "ON_DEMAND").length;
      if (done < onDemandMax) return;
      throw new ServiceError(
        "LimitExceededException",
        `${key.arn} has reached the limit of ${onDemandMax} on-demand rotations.`,
      );
    };
    if (key.record.origin === "EXTERNAL") await keys.imports.rotate(key, check);
    else await keys.rotate(key, "ON_DEMAND", check);
    return { KeyId: key.record.id };
  },
});

/** Lists when a key got new material, the latest first. */
export const listKeyRotations = operation("ListKeyRotations", {
  resolve: ({ KeyId }: Checked<ListKeyRotationsRequest>, call: KmsCall) =>
    findOwnKey(KeyId, call, "ListKeyRotations"),
  context: plainFacts,
  async handle(
    target,
    { IncludeKeyMaterial, Limit = 100, Marker },
    { own: { regions } },
  ): Promise<ListKeyRotationsResponse> {
    const key = keyOf(target);
    checkRotatable(key);
    const { account, arn, record } = key;
    const whole = IncludeKeyMaterial === "ALL_KEY_MATERIAL";
    const next = record.versions.at(-1);
    const isWaiting = whole && record.origin === "EXTERNAL" && next?.pending;
    const said = isWaiting && (await askElsewhere(regions, key, next.id));
    const waits = said && !isEverywhere(regions, account, record, next.id, said);
    const current = record.versions.findLast(({ pending }) => !pending);
    const shown = record.versions.filter(({ rotation }) => whole || rotation).reverse();
    const nameOf = ({ id }: { readonly id: string }) => id;
    const { items, ...rest } = pageOf(restAfter(shown, afterMarker(Marker), nameOf), Limit, nameOf);
    return {
      Rotations: items.map((version) => ({
        KeyId: arn,
        KeyMaterialId: version.id,
        ...(whole && { KeyMaterialState: stateOf(version, current, waits) }),
        ...(record.origin === "EXTERNAL" && importOf(version)),
        ...(version.rotation && {
          RotationDate: new Date(version.createdAtMs),
          RotationType: version.rotation,
        }),
      })),
      ...rest,
    };
  },
});

function stateOf(
  version: KeyVersion,
  current: KeyVersion | undefined,
  waits: boolean | undefined,
): KeyMaterialState {
  if (version.pending) {
    return waits ? "PENDING_MULTI_REGION_IMPORT_AND_ROTATION" : "PENDING_ROTATION";
  }
  return version === current ? "CURRENT" : "NON_CURRENT";
}

/** What there is to say of imported material. */
function importOf(version: KeyVersion): Partial<RotationsListEntry> {
  const { imported, wrapped } = version;
  const { description } = imported ?? {};
  return {
    ImportState: wrapped ? "IMPORTED" : "PENDING_IMPORT",
    ...(description !== undefined && { KeyMaterialDescription: description }),
    ...(wrapped && expirationOf(version)),
  };
}
