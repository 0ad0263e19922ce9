import { assert } from "../lib/assert.ts";
import { equalSecrets } from "../lib/hash.ts";
import { ServiceError } from "../lib/service-error.ts";
import type { Encapsulated, Form, PrivateKey, PublicKey } from "./algorithms/kind.ts";
import { kindOfSpec, messageBytes } from "./algorithms/kinds.ts";
import type { KeyVersion } from "./key-record.ts";
import type { KeyUsage } from "./key-specs.ts";
import type { KeyStore } from "./key-store.ts";
import type { KmsKey } from "./kms-key.ts";
import {
  checkAlgorithm,
  checkUsable,
  checkUsage,
  invalidCiphertext,
  newestVersion,
  type Used,
  whileUsable,
} from "./use-key.ts";

/*
 * Uses of keys that are no symmetric encryption keys. As in `use-key.ts`: whoever calls has been authorized; here the
 * key's state, usage and algorithms are checked.
 */

const invalid = (message: string) => new ServiceError("ValidationException", message);

/** Refuses what the key may not do now, is not for, or does by other algorithms. Throws KMS's refusals. */
function check(key: KmsKey, operation: string, usage: KeyUsage, algorithm: string): void {
  checkUsable(key);
  checkUsage(key, usage, operation);
  checkAlgorithm(key, algorithm);
}

/** Refuses a message that is not in a form that the algorithm takes. Throws KMS's refusals. */
function checkMessage(message: Uint8Array, form: Form): void {
  const { algorithm, type } = form;
  const bytes = messageBytes(form);
  if (bytes === undefined) {
    throw invalid(`MessageType ${type} is not valid for algorithm ${algorithm}.`);
  }
  if (bytes !== "any" && message.length !== bytes) {
    throw invalid(`Digest is invalid length for algorithm ${algorithm}.`);
  }
}

/** The public key, SubjectPublicKeyInfo in DER. */
export function publicKeyOf(key: KmsKey): Buffer {
  const { publicKey } = newestVersion(key);
  if (publicKey) return Buffer.from(publicKey);
  throw new ServiceError("UnsupportedOperationException", `${key.arn} has no public key.`);
}

/** Public keys that were used, as long as their keys are as they were. */
const opened = new WeakMap<KeyVersion, PublicKey>();

function publicOf(keys: KeyStore, key: KmsKey): PublicKey {
  const version = newestVersion(key);
  const known = opened.get(version);
  if (known) return known;
  const { spec } = key.record;
  const made = kindOfSpec(spec).openPublic?.(spec, publicKeyOf(key), keys.random);
  assert(made, "a kind of key with a public key can open it");
  opened.set(version, made);
  return made;
}

const privateOf = (keys: KeyStore, key: KmsKey): PrivateKey =>
  keys.materials.opened(key, newestVersion(key));

export function signUnder(
  keys: KeyStore,
  key: KmsKey,
  message: Uint8Array,
  form: Form,
): Promise<Buffer> {
  check(key, "Sign", "SIGN_VERIFY", form.algorithm);
  checkMessage(message, form);
  const { sign } = privateOf(keys, key);
  assert(sign, "a key for signatures signs");
  return whileUsable(keys, key, sign(message, form));
}

/** Throws KMSInvalidSignatureException for a signature that is not of this key and message. */
export function verifyUnder(
  keys: KeyStore,
  key: KmsKey,
  message: Uint8Array,
  signature: Uint8Array,
  form: Form,
): void {
  check(key, "Verify", "SIGN_VERIFY", form.algorithm);
  checkMessage(message, form);
  const { verify } = publicOf(keys, key);
  assert(verify, "a key for signatures verifies");
  if (!verify(message, signature, form)) throw new ServiceError("KMSInvalidSignatureException", "");
}

export function macUnder(
  keys: KeyStore,
  key: KmsKey,
  message: Uint8Array,
  algorithm: string,
  operation = "GenerateMac",
): Buffer {
  check(key, operation, "GENERATE_VERIFY_MAC", algorithm);
  const { mac } = privateOf(keys, key);
  assert(mac, "a key for MACs makes them");
  return mac(message);
}

/** Throws KMSInvalidMacException for a MAC that is not of this key and message. */
export function verifyMacUnder(
  keys: KeyStore,
  key: KmsKey,
  given: { readonly message: Uint8Array; readonly mac: Uint8Array; readonly algorithm: string },
): void {
  const right = macUnder(keys, key, given.message, given.algorithm, "VerifyMac");
  if (!equalSecrets(right, given.mac)) throw new ServiceError("KMSInvalidMacException", "");
}

/** The raw shared secret with the holder of another key on the same curve. */
export function deriveUnder(
  keys: KeyStore,
  key: KmsKey,
  spki: Uint8Array,
  algorithm: string,
): Buffer {
  check(key, "DeriveSharedSecret", "KEY_AGREEMENT", algorithm);
  const { agree } = privateOf(keys, key);
  assert(agree, "a key for agreement agrees");
  const secret = agree(spki);
  if (secret) return secret;
  throw invalid(`The public key is not a point of the curve of key spec ${key.record.spec}.`);
}

export function encapsulateUnder(keys: KeyStore, key: KmsKey, algorithm: string): Encapsulated {
  check(key, "Encapsulate", "ENCAPSULATE_DECAPSULATE", algorithm);
  const { encapsulate } = publicOf(keys, key);
  assert(encapsulate, "a key for encapsulation encapsulates");
  return encapsulate();
}

export function decapsulateUnder(
  keys: KeyStore,
  key: KmsKey,
  sealed: Uint8Array,
  algorithm: string,
): Buffer {
  check(key, "Decapsulate", "ENCAPSULATE_DECAPSULATE", algorithm);
  const { decapsulate } = privateOf(keys, key);
  assert(decapsulate, "a key for encapsulation opens");
  const secret = decapsulate(sealed);
  if (!secret) throw invalidCiphertext();
  return secret;
}

/** Encrypts to the public key; the ciphertext names no key. */
export function encryptToPair(
  keys: KeyStore,
  key: KmsKey,
  plaintext: Uint8Array,
  algorithm: string,
): Used {
  check(key, "Encrypt", "ENCRYPT_DECRYPT", algorithm);
  const { encrypt } = publicOf(keys, key);
  assert(encrypt, "a key for encryption encrypts");
  const bytes = encrypt(plaintext, algorithm);
  if (bytes) return { bytes, materialId: newestVersion(key).id };
  throw invalid(
    `Plaintext is too long for algorithm ${algorithm} and key spec ${key.record.spec}.`,
  );
}

export async function decryptByPair(
  keys: KeyStore,
  key: KmsKey,
  ciphertext: Uint8Array,
  algorithm: string,
): Promise<Used> {
  check(key, "Decrypt", "ENCRYPT_DECRYPT", algorithm);
  const { decrypt } = privateOf(keys, key);
  assert(decrypt, "a key for encryption decrypts");
  const bytes = await whileUsable(keys, key, Promise.resolve(decrypt(ciphertext, algorithm)));
  if (!bytes) throw invalidCiphertext();
  return { bytes, materialId: newestVersion(key).id };
}
