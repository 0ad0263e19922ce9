import {
  createHmac,
  createPrivateKey,
  createPublicKey,
  sign as signBytes,
  verify as verifyBytes,
} from "node:crypto";
import { hmacSha256 } from "./hash.ts";

/** Holds an Ed25519 key pair; the private half never leaves it. */
export interface Signer {
  /** The 32 raw bytes of the public key. */
  readonly publicKey: Buffer;
  /** Signs for everybody who has the public key. */
  sign(bytes: Uint8Array): Buffer;
  /** A MAC that only the holder of this signer can check: ten times cheaper than a signature. */
  authenticate(bytes: string | Uint8Array): Buffer;
}

/** PKCS #8 and SPKI say which curve in a fixed prefix (RFC 8410). */
const privatePrefix = Buffer.from("302e020100300506032b657004220420", "hex");
const publicPrefix = Buffer.from("302a300506032b6570032100", "hex");

/** Makes the signer of a 32-byte secret seed; the same seed makes the same signer. */
export function createSigner(seed: Uint8Array): Signer {
  const der = Buffer.concat([privatePrefix, seed]);
  const privateKey = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
  const publicDer = createPublicKey(privateKey).export({ format: "der", type: "spki" });
  const macKey = createHmac("sha256", seed).update("bondstore signer mac").digest();
  return {
    publicKey: publicDer.subarray(publicPrefix.length),
    sign: (bytes) => signBytes(null, bytes, privateKey),
    authenticate: (bytes) => hmacSha256(macKey, bytes),
  };
}

/** Tells whether the holder of the public key (32 raw bytes) signed these bytes. */
export function isSignedBy(
  publicKey: Uint8Array,
  bytes: Uint8Array,
  signature: Uint8Array,
): boolean {
  if (publicKey.length !== 32 || signature.length !== 64) return false;
  const key = createPublicKey({
    key: Buffer.concat([publicPrefix, publicKey]),
    format: "der",
    type: "spki",
  });
  return verifyBytes(null, bytes, key, signature);
}
