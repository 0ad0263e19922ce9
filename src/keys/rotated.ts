import { ServiceError } from "../lib/service-error.ts";
import type { KeyRecord, KeyVersion } from "./key-record.ts";
import type { KmsKey } from "./kms-key.ts";

/**
 * A key with a further material; what older ones encrypted stays readable. One that is pending encrypts once every
 * related key has it. While one is, a schedule (`next`) goes on without another; on demand KMS's refusal is thrown.
 */
export function rotated(
  { arn }: Pick<KmsKey, "arn">,
  record: KeyRecord,
  version: KeyVersion,
  next: KeyRecord["rotation"],
): KeyRecord {
  const onItsWay = record.versions.at(-1)?.pending === true;
  if (onItsWay && version.rotation === "ON_DEMAND") {
    throw new ServiceError(
      "ConflictException",
      `${arn} is being rotated: a related key in another Bondstore does not have the new material yet.`,
    );
  }
  return {
    ...record,
    versions: onItsWay ? record.versions : [...record.versions, version],
    ...(next && { rotation: next }),
  };
}
