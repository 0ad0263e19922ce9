import { assert } from "../lib/assert.ts";
import { ServiceError } from "../lib/service-error.ts";
import { decryptMessage, encryptMessage, versionOf } from "./ciphertext.ts";
import type { KeyStore } from "./key-store.ts";
import type { Context } from "./keys.ts";
import type { KmsKey } from "./kms-key.ts";

/** What came of using a key, and the material that did it. */
export interface Used {
  readonly bytes: Buffer;
  /** The API's KeyMaterialId. */
  readonly materialId: string;
}

const contextBytesMax = 8192;

/** A key may be used while it is enabled. Throws KMS's refusals. */
export function checkUsable(key: KmsKey): void {
  const { state } = key.record;
  if (state === "Disabled") throw new ServiceError("DisabledException", `${key.arn} is disabled.`);
  if (state !== "Enabled") throw pendingDeletion(key);
}

/** Whether a key waits for its deletion, or to wait for it. */
export const isPendingDeletion = ({ state }: KmsKey["record"]): boolean =>
  state === "PendingDeletion" || state === "PendingReplicaDeletion";

/** KMS's refusal of what a key that waits for its deletion cannot do. */
export const pendingDeletion = (key: KmsKey) =>
  new ServiceError("KMSInvalidStateException", `${key.arn} is pending deletion.`);

/** The answer of a call that only asks whether it would have been allowed. */
export const dryRun = () =>
  new ServiceError(
    "DryRunOperationException",
    "The request would have succeeded, but the DryRun option is set.",
  );

/** The ciphertext, or its encryption context, is not what the key encrypted. KMS says no more than that. */
export const invalidCiphertext = () =>
  new ServiceError(
    "InvalidCiphertextException",
    "The ciphertext or its encryption context is not what this key encrypted",
  );

/**
 * The one place where the material of keys is used: by KMS's own operations, and by services for their callers.
 * Whoever calls it has been authorized; here the state of the key is checked.
 */
export function encryptUnder(
  keys: KeyStore,
  key: KmsKey,
  plaintext: Uint8Array,
  context: Context,
): Used {
  checkUsable(key);
  checkContext(context);
  const version = newestVersion(key);
  const material = keys.materials.of(key, version);
  const bytes = encryptMessage({ id: version.id, material }, plaintext, context, keys.random);
  return { bytes, materialId: version.id };
}

/** Undoes `encryptUnder`, by whichever version of the key made the ciphertext. */
export function decryptUnder(
  keys: KeyStore,
  key: KmsKey,
  ciphertext: Uint8Array,
  context: Context,
): Used {
  checkUsable(key);
  checkContext(context);
  const id = versionOf(ciphertext);
  const version = key.record.versions.find((one) => one.id === id);
  const bytes = version && decryptMessage(keys.materials.of(key, version), ciphertext, context);
  if (!version || !bytes) throw invalidCiphertext();
  return { bytes, materialId: version.id };
}

/** The version that encrypts now. */
export function newestVersion({ record }: KmsKey): KmsKey["record"]["versions"][number] {
  const version = record.versions.at(-1);
  assert(version, "a key has a version");
  return version;
}

/** Refuses contexts that could not be bound without doubt. Throws `ServiceError`. */
function checkContext(context: Context): void {
  let size = 0;
  for (const [key, value] of Object.entries(context)) {
    // Half a surrogate pair has no UTF-8 form: two contexts would become one.
    if (/\p{Surrogate}/u.test(key) || /\p{Surrogate}/u.test(value)) {
      throw new ServiceError("ValidationException", "The encryption context is not valid Unicode");
    }
    size += Buffer.byteLength(key) + Buffer.byteLength(value);
  }
  if (size > contextBytesMax) {
    throw new ServiceError(
      "ValidationException",
      `The encryption context is larger than ${contextBytesMax} bytes`,
    );
  }
}
