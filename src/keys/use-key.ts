import type { Json } from "../audit/trail.ts";
import { assert } from "../lib/assert.ts";
import { ServiceError } from "../lib/service-error.ts";
import {
  decryptMessage,
  derivationBlock,
  encryptMessage,
  newHeader,
  openMessage,
  sealMessage,
  versionOf,
} from "./ciphertext.ts";
import type { UseAsker } from "./external/proxy-lines.ts";
import { notFound } from "./find-key.ts";
import type { KeyVersion } from "./key-record.ts";
import { type KeyUsage, specOf } from "./key-specs.ts";
import { checkState } from "./key-states.ts";
import type { KeyStore } from "./key-store.ts";
import type { Context } from "./keys.ts";
import type { KmsKey } from "./kms-key.ts";
import { awaited } from "./materials.ts";

/** What came of using a key, and the material that did it. */
export interface Used {
  readonly bytes: Buffer;
  /** The API's KeyMaterialId; absent where none was used, as for a grant. */
  readonly materialId?: string;
  /** What the trail shows of the answer. */
  readonly shown?: { readonly [name: string]: Json };
}

const contextBytesMax = 8192;

/** Whether the material of a key may be used now. Throws KMS's refusals. */
export const checkUsable = (key: KmsKey): void => checkState("Encrypt", key);

/** Whether a key waits for its deletion, or to wait for it. */
export const isPendingDeletion = ({ state }: KmsKey["record"]): boolean =>
  state === "PendingDeletion" || state === "PendingReplicaDeletion";

/** Refuses what a key is not for. Throws KMS's refusals. */
export function checkUsage({ arn, record }: KmsKey, usage: KeyUsage, operation: string): void {
  if (record.usage === usage) return;
  throw new ServiceError(
    "InvalidKeyUsageException",
    `${arn} key usage is ${record.usage} which is not valid for ${operation}.`,
  );
}

/** Refuses an algorithm that is not of the key. Without one, that of symmetric keys is meant. */
export function checkAlgorithm({ arn, record }: KmsKey, algorithm = "SYMMETRIC_DEFAULT"): void {
  if (specOf(record.spec).usages[record.usage]?.includes(algorithm)) return;
  throw new ServiceError(
    "InvalidKeyUsageException",
    `Algorithm ${algorithm} is incompatible with key spec ${record.spec} of ${arn}.`,
  );
}

/** Data keys are made and opened by symmetric keys only. */
export function checkSymmetric(key: KmsKey, operation: string): void {
  checkUsage(key, "ENCRYPT_DECRYPT", operation);
  checkAlgorithm(key);
}

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
 * Whoever calls it has been authorized; here the state of the key is checked. It answers at once, unless a token has
 * the material: then it has to be asked.
 */
export function encryptUnder(
  keys: KeyStore,
  key: KmsKey,
  plaintext: Uint8Array,
  context: Context,
  asker: UseAsker,
): Used | Promise<Used> {
  checkUsable(key);
  checkSymmetric(key, "Encrypt");
  checkContext(context);
  const { id, wrapped } = newestVersion(key);
  if (!wrapped) {
    const header = newHeader(id, keys.random);
    return whileUsable(keys, key, keys.customStores.derive(key, derivationBlock(header))).then(
      (own) => ({ bytes: sealMessage(own, header, plaintext, context), materialId: id }),
    );
  }
  const material = keys.materials.of(key, newestVersion(key));
  const bytes = encryptMessage({ id, material }, plaintext, context, keys.random);
  if (key.record.externalKey !== undefined) {
    const again = keys.externalStores.outer.encrypt(key, { id, message: bytes, context }, asker);
    return whileUsable(keys, key, again).then((outer) => ({ bytes: outer, materialId: id }));
  }
  return { bytes, materialId: id };
}

/**
 * The key may have changed while its token or another thread worked: what it made is told only while the key may still
 * be used. Throws KMS's refusals.
 */
export async function whileUsable<Result>(
  keys: KeyStore,
  { account, record, arn }: KmsKey,
  work: Promise<Result>,
): Promise<Result> {
  const result = await work;
  const now = keys.find(account, record.id);
  if (!now) throw notFound({ arn });
  checkUsable(now);
  return result;
}

/** Undoes `encryptUnder`, by whichever version of the key made the ciphertext. */
export function decryptUnder(
  keys: KeyStore,
  key: KmsKey,
  ciphertext: Uint8Array,
  context: Context,
  asker: UseAsker,
): Used | Promise<Used> {
  checkUsable(key);
  checkSymmetric(key, "Decrypt");
  checkContext(context);
  const id = versionOf(ciphertext);
  const version = key.record.versions.find((one) => one.id === id);
  if (!version) throw invalidCiphertext();
  // A related key elsewhere encrypts with it already.
  if (!version.wrapped && key.record.origin === "EXTERNAL") throw awaited(key);
  if (!version.wrapped) {
    return whileUsable(keys, key, keys.customStores.derive(key, derivationBlock(ciphertext))).then(
      (own) => opened(openMessage(own, ciphertext, context), version),
    );
  }
  if (key.record.externalKey !== undefined) {
    const inner = keys.externalStores.outer.decrypt(key, ciphertext, context, asker);
    return whileUsable(keys, key, inner).then((message) => {
      if (!message || versionOf(message) !== id) throw invalidCiphertext();
      return opened(decryptMessage(keys.materials.of(key, version), message, context), version);
    });
  }
  return opened(decryptMessage(keys.materials.of(key, version), ciphertext, context), version);
}

function opened(bytes: Buffer | undefined, { id }: KeyVersion): Used {
  if (!bytes) throw invalidCiphertext();
  return { bytes, materialId: id };
}

/** The version that encrypts now. */
export function newestVersion({ record }: KmsKey): KmsKey["record"]["versions"][number] {
  const version = record.versions.findLast(({ pending }) => !pending);
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
