import { createPublicKey, type KeyObject } from "node:crypto";
import { equalSecrets } from "../lib/hash.ts";
import { ServiceError } from "../lib/service-error.ts";
import { sharedSecret } from "./algorithms/ecc.ts";
import { macOf, type Signing, signingOf } from "./algorithms/kinds.ts";
import {
  decapsulate,
  encapsulate,
  type MlDsaSpec,
  type MlKemSpec,
  muBytes,
  signMlDsa,
  verifyMlDsa,
} from "./algorithms/lattice.ts";
import { decryptOaep, encryptOaep, oaepBytesMax } from "./algorithms/rsa.ts";
import type { KeyStore } from "./key-store.ts";
import type { KmsKey } from "./kms-key.ts";
import {
  checkAlgorithm,
  checkUsable,
  checkUsage,
  invalidCiphertext,
  newestVersion,
  type Used,
} from "./use-key.ts";

/*
 * Uses of keys that are no symmetric encryption keys. As in `use-key.ts`: whoever calls has been authorized; here the
 * key's state, usage and algorithms are checked.
 */

/** How the message of a signature is given (KMS API reference, Sign). */
export type MessageType = "RAW" | "DIGEST" | "EXTERNAL_MU";

const invalid = (message: string) => new ServiceError("ValidationException", message);

/** Whether a message has the form that the algorithm takes. Throws KMS's refusals. */
function checkMessage(message: Uint8Array, type: MessageType, algorithm: string, bytes?: number) {
  if (type === "RAW") return;
  if (bytes === undefined || (type === "EXTERNAL_MU") !== (algorithm === "ML_DSA_SHAKE_256")) {
    throw invalid(`MessageType ${type} is not valid for algorithm ${algorithm}.`);
  }
  if (message.length !== bytes) {
    throw invalid(`Digest is invalid length for algorithm ${algorithm}.`);
  }
}

function signing(keys: KeyStore, { record }: KmsKey, algorithm: string): Signing {
  const found = signingOf(record.spec, algorithm, keys.random);
  if (found) return found;
  throw new ServiceError(
    "UnsupportedOperationException",
    `${algorithm} is not built in this Bondstore yet`,
  );
}

/** The public key, SubjectPublicKeyInfo in DER. */
export function publicKeyOf(key: KmsKey): Buffer {
  const { publicKey } = newestVersion(key);
  if (publicKey) return Buffer.from(publicKey);
  throw new ServiceError("UnsupportedOperationException", `${key.arn} has no public key.`);
}

const publicObject = (key: KmsKey): KeyObject =>
  createPublicKey({ key: publicKeyOf(key), format: "der", type: "spki" });

export async function signUnder(
  keys: KeyStore,
  key: KmsKey,
  message: Uint8Array,
  { algorithm, type }: { readonly algorithm: string; readonly type: MessageType },
): Promise<Buffer> {
  checkUsable(key);
  checkUsage(key, "SIGN_VERIFY", "Sign");
  checkAlgorithm(key, algorithm);
  const version = newestVersion(key);
  if (algorithm === "ML_DSA_SHAKE_256") {
    checkMessage(message, type, algorithm, muBytes);
    const seed = keys.materials.of(key, version);
    return signMlDsa(key.record.spec as MlDsaSpec, seed, message, type === "EXTERNAL_MU");
  }
  const how = signing(keys, key, algorithm);
  checkMessage(message, type, algorithm, how.digestBytes);
  const privateKey = keys.materials.privateKey(key, version);
  if (type === "DIGEST" && how.signDigest) return how.signDigest(privateKey, message);
  return how.signMessage(privateKey, message);
}

/** Throws KMSInvalidSignatureException for a signature that is not of this key and message. */
export function verifyUnder(
  keys: KeyStore,
  key: KmsKey,
  message: Uint8Array,
  signature: Uint8Array,
  { algorithm, type }: { readonly algorithm: string; readonly type: MessageType },
): void {
  checkUsable(key);
  checkUsage(key, "SIGN_VERIFY", "Verify");
  checkAlgorithm(key, algorithm);
  let valid: boolean | undefined;
  if (algorithm === "ML_DSA_SHAKE_256") {
    checkMessage(message, type, algorithm, muBytes);
    const spec = key.record.spec as MlDsaSpec;
    valid = verifyMlDsa(spec, publicKeyOf(key), message, signature, type === "EXTERNAL_MU");
  } else {
    const how = signing(keys, key, algorithm);
    checkMessage(message, type, algorithm, how.digestBytes);
    valid =
      type === "DIGEST"
        ? how.verifyDigest?.(publicObject(key), message, signature)
        : how.verifyMessage(publicObject(key), message, signature);
  }
  if (!valid) throw new ServiceError("KMSInvalidSignatureException", "");
}

export function macUnder(
  keys: KeyStore,
  key: KmsKey,
  message: Uint8Array,
  algorithm: string,
): Buffer {
  checkUsable(key);
  checkUsage(key, "GENERATE_VERIFY_MAC", "GenerateMac");
  checkAlgorithm(key, algorithm);
  return macOf(key.record.spec, keys.materials.of(key, newestVersion(key)), message);
}

/** Throws KMSInvalidMacException for a MAC that is not of this key and message. */
export function verifyMacUnder(
  keys: KeyStore,
  key: KmsKey,
  given: { readonly message: Uint8Array; readonly mac: Uint8Array; readonly algorithm: string },
): void {
  const right = macUnder(keys, key, given.message, given.algorithm);
  if (!equalSecrets(right, given.mac)) throw new ServiceError("KMSInvalidMacException", "");
}

/** The raw shared secret with the holder of another key on the same curve. */
export function deriveUnder(keys: KeyStore, key: KmsKey, spki: Uint8Array): Buffer {
  checkUsable(key);
  checkUsage(key, "KEY_AGREEMENT", "DeriveSharedSecret");
  const secret = sharedSecret(keys.materials.privateKey(key, newestVersion(key)), spki);
  if (secret) return secret;
  throw invalid(`The public key is not a point of the curve of key spec ${key.record.spec}.`);
}

export function encapsulateUnder(
  key: KmsKey,
  algorithm: string,
): { readonly secret: Buffer; readonly sealed: Buffer } {
  checkUsable(key);
  checkUsage(key, "ENCAPSULATE_DECAPSULATE", "Encapsulate");
  checkAlgorithm(key, algorithm);
  return encapsulate(key.record.spec as MlKemSpec, publicKeyOf(key));
}

export function decapsulateUnder(
  keys: KeyStore,
  key: KmsKey,
  sealed: Uint8Array,
  algorithm: string,
): Buffer {
  checkUsable(key);
  checkUsage(key, "ENCAPSULATE_DECAPSULATE", "Decapsulate");
  checkAlgorithm(key, algorithm);
  const seed = keys.materials.of(key, newestVersion(key));
  const secret = decapsulate(key.record.spec as MlKemSpec, seed, sealed);
  if (!secret) throw invalidCiphertext();
  return secret;
}

const oaepHashes: Readonly<Record<string, readonly [name: string, bytes: number]>> = {
  RSAES_OAEP_SHA_1: ["sha1", 20],
  RSAES_OAEP_SHA_256: ["sha256", 32],
};

/** RSAES-OAEP under the public key; the ciphertext names no key. */
export function encryptToPair(key: KmsKey, plaintext: Uint8Array, algorithm: string): Used {
  checkUsable(key);
  checkUsage(key, "ENCRYPT_DECRYPT", "Encrypt");
  checkAlgorithm(key, algorithm);
  const [hash = "", bytes = 0] = oaepHashes[algorithm] ?? [];
  const publicKey = publicObject(key);
  if (plaintext.length > oaepBytesMax(publicKey, bytes)) {
    throw invalid(
      `Plaintext is too long for algorithm ${algorithm} and key spec ${key.record.spec}.`,
    );
  }
  return { bytes: encryptOaep(publicKey, hash, plaintext), materialId: newestVersion(key).id };
}

export function decryptByPair(
  keys: KeyStore,
  key: KmsKey,
  ciphertext: Uint8Array,
  algorithm: string,
): Used {
  checkUsable(key);
  checkUsage(key, "ENCRYPT_DECRYPT", "Decrypt");
  checkAlgorithm(key, algorithm);
  const version = newestVersion(key);
  const privateKey = keys.materials.privateKey(key, version);
  const bytes = decryptOaep(privateKey, oaepHashes[algorithm]?.[0] ?? "", ciphertext);
  if (!bytes) throw invalidCiphertext();
  return { bytes, materialId: version.id };
}
