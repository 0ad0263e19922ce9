import type { Random } from "../../lib/random.ts";
import type { KeySpecName } from "../key-specs.ts";

/** Material of a new key: a private key as PKCS#8 (DER), a seed, or plain bytes. */
export interface MadeMaterial {
  readonly bytes: Buffer;
  /** SubjectPublicKeyInfo, DER. */
  readonly publicKey?: Buffer;
}

/** How the message of a signature is given (KMS API reference, Sign). */
export type MessageType = "RAW" | "DIGEST" | "EXTERNAL_MU";

/** A signature algorithm of KMS, and what it is given. */
export interface Form {
  readonly algorithm: string;
  readonly type: MessageType;
}

/** A secret, and what the holder of the private key opens it from. */
export interface Encapsulated {
  readonly secret: Buffer;
  readonly sealed: Buffer;
}

/** What a public key does. A kind of key has what its usages need. */
export interface PublicKey {
  readonly verify?: (message: Uint8Array, signature: Uint8Array, form: Form) => boolean;
  /** Undefined for a plaintext that is too long. */
  readonly encrypt?: (plain: Uint8Array, algorithm: string) => Buffer | undefined;
  readonly encapsulate?: () => Encapsulated;
}

/** What the material of a key does. A kind of key has what its usages need. */
export interface PrivateKey {
  readonly sign?: (message: Uint8Array, form: Form) => Promise<Buffer>;
  /** Undefined for what was not encrypted to the key: one answer for every fault. */
  readonly decrypt?: (sealed: Uint8Array, algorithm: string) => Promise<Buffer | undefined>;
  /** The raw secret that is shared with the holder of a public key; undefined for what is no point of the curve. */
  readonly agree?: (spki: Uint8Array) => Buffer | undefined;
  /** Undefined for what has not the length of a ciphertext. */
  readonly decapsulate?: (sealed: Uint8Array) => Buffer | undefined;
  readonly mac?: (message: Uint8Array) => Buffer;
  /** Wipes what was made of the material; the key is not used afterwards. */
  readonly wipe?: () => void;
}

/** One kind of key. Messages that it is given have the form and the length that their algorithm takes. */
export interface Kind {
  /** Undefined where this platform cannot. */
  generate(spec: KeySpecName, random: Random): MadeMaterial | Promise<MadeMaterial> | undefined;
  /** Makes a key anew from its material, for kinds that are never imported; undefined for bytes that are none. */
  remake?(spec: KeySpecName, material: Uint8Array): MadeMaterial | undefined;
  /** `spki` is SubjectPublicKeyInfo (DER) of such a key. Throws what OpenSSL throws for other bytes. */
  openPublic?(spec: KeySpecName, spki: Uint8Array, random: Random): PublicKey;
  /** `material` stays the caller's, and is used until `wipe`. */
  openPrivate(spec: KeySpecName, material: Uint8Array, random: Random): PrivateKey;
}
