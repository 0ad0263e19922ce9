import {
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  type KeyObject,
  sign,
  verify,
} from "node:crypto";
import { p256, p384, p521 } from "@noble/curves/nist.js";
import { secp256k1 } from "@noble/curves/secp256k1.js";
import type { MadeMaterial, Signing } from "./kinds.ts";

/** A curve of KMS: as OpenSSL calls it, its hash, and a library that signs a digest, which OpenSSL's API here cannot. */
interface Curve {
  readonly name: string;
  readonly hash: string;
  readonly digestBytes: number;
  readonly onDigests: typeof p256;
}

export const curves: Readonly<Record<string, Curve>> = {
  ECC_NIST_P256: { name: "prime256v1", hash: "sha256", digestBytes: 32, onDigests: p256 },
  ECC_NIST_P384: { name: "secp384r1", hash: "sha384", digestBytes: 48, onDigests: p384 },
  ECC_NIST_P521: { name: "secp521r1", hash: "sha512", digestBytes: 64, onDigests: p521 },
  ECC_SECG_P256K1: { name: "secp256k1", hash: "sha256", digestBytes: 32, onDigests: secp256k1 },
};

export const generateEcc = (curve: string): MadeMaterial =>
  exported(generateKeyPairSync("ec", { namedCurve: curves[curve]?.name ?? "" }));

export const generateEdwards = (): MadeMaterial => exported(generateKeyPairSync("ed25519"));

const exported = (pair: { publicKey: KeyObject; privateKey: KeyObject }): MadeMaterial => ({
  bytes: pair.privateKey.export({ type: "pkcs8", format: "der" }),
  publicKey: pair.publicKey.export({ type: "spki", format: "der" }),
});

/** ECDSA (FIPS 186-5); signatures in DER (ANSI X9.62). */
export function ecdsa({ hash, digestBytes, onDigests }: Curve): Signing {
  const how = { prehash: false, lowS: false, format: "der" } as const;
  return {
    digestBytes,
    signMessage: (key, message) =>
      new Promise((resolve, reject) => {
        sign(hash, message, key, (error, signature) =>
          error ? reject(error) : resolve(signature),
        );
      }),
    async signDigest(key, digest) {
      const scalar = Buffer.from(key.export({ format: "jwk" }).d ?? "", "base64url");
      const signature = Buffer.from(onDigests.sign(digest, scalar, how));
      scalar.fill(0);
      return signature;
    },
    verifyMessage: (key, message, signature) => verify(hash, message, key, signature),
    verifyDigest(key, digest, signature) {
      try {
        return onDigests.verify(signature, digest, pointOf(key), how);
      } catch {
        return false;
      }
    },
  };
}

/** Ed25519 (RFC 8032): the message itself, never a digest of it. */
export const edwards: Signing = {
  signMessage: async (key, message) => sign(null, message, key),
  verifyMessage: (key, message, signature) => verify(null, message, key, signature),
};

/**
 * The raw shared secret of ECDH (SP 800-56A, one-step without a derivation): the x coordinate. Undefined for what is
 * no point of the same curve.
 */
export function sharedSecret(privateKey: KeyObject, spki: Uint8Array): Buffer | undefined {
  try {
    const publicKey = createPublicKey({ key: Buffer.from(spki), format: "der", type: "spki" });
    const curve = privateKey.asymmetricKeyDetails?.namedCurve;
    if (publicKey.asymmetricKeyDetails?.namedCurve !== curve) return undefined;
    return diffieHellman({ privateKey, publicKey });
  } catch {
    return undefined;
  }
}

/** The uncompressed point. */
function pointOf(key: KeyObject): Buffer {
  const { x = "", y = "" } = key.export({ format: "jwk" });
  return Buffer.concat([
    Buffer.from([4]),
    Buffer.from(x, "base64url"),
    Buffer.from(y, "base64url"),
  ]);
}
