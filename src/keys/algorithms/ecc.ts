import {
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  type KeyObject,
  verify,
} from "node:crypto";
import { p256, p384, p521 } from "@noble/curves/nist.js";
import { secp256k1 } from "@noble/curves/secp256k1.js";
import type { Kind } from "./kind.ts";
import { exported, privateKeyOf, publicKeyOf, signLater } from "./openssl.ts";

/** A curve of KMS: as OpenSSL calls it, its hash, and a library that signs digests, which Node.js's API does not. */
interface Curve {
  readonly name: string;
  readonly hash: string;
  readonly onDigests: typeof p256;
}

export const curves: Readonly<Record<string, Curve>> = {
  ECC_NIST_P256: { name: "prime256v1", hash: "sha256", onDigests: p256 },
  ECC_NIST_P384: { name: "secp384r1", hash: "sha384", onDigests: p384 },
  ECC_NIST_P521: { name: "secp521r1", hash: "sha512", onDigests: p521 },
  ECC_SECG_P256K1: { name: "secp256k1", hash: "sha256", onDigests: secp256k1 },
};

/** As OpenSSL: the greater of the two values of s is a signature too (ANSI X9.62). */
const how = { prehash: false, lowS: false, format: "der" } as const;

/** ECDSA (FIPS 186-5), signatures in DER, and ECDH (SP 800-56A). */
export const ecc: Kind = {
  generate: (spec) => exported(generateKeyPairSync("ec", { namedCurve: curveOf(spec).name })),

  openPublic(spec, spki) {
    const { hash, onDigests } = curveOf(spec);
    const key = publicKeyOf(spki);
    return {
      verify(message, signature, { type }) {
        if (type === "RAW") return verify(hash, message, key, signature);
        try {
          return onDigests.verify(signature, message, pointOf(key), how);
        } catch {
          return false;
        }
      },
    };
  },

  openPrivate(spec, material) {
    const { hash, onDigests } = curveOf(spec);
    const key = privateKeyOf(material);
    return {
      async sign(message, { type }) {
        if (type === "RAW") return signLater(hash, message, key);
        const scalar = Buffer.from(key.export({ format: "jwk" }).d ?? "", "base64url");
        const signature = Buffer.from(onDigests.sign(message, scalar, how));
        scalar.fill(0);
        return signature;
      },
      agree: (spki) => agree(key, spki),
    };
  },
};

const curveOf = (spec: string): Curve => {
  const curve = curves[spec];
  if (!curve) throw new Error(`no curve of ${spec}`);
  return curve;
};

/** The x coordinate; OpenSSL refuses points that are not on the curve. */
function agree(privateKey: KeyObject, spki: Uint8Array): Buffer | undefined {
  try {
    const publicKey = publicKeyOf(spki);
    const curve = privateKey.asymmetricKeyDetails?.namedCurve;
    if (publicKey.asymmetricKeyDetails?.namedCurve !== curve) return undefined;
    if (!isNamed(publicKey, spki)) return undefined;
    return diffieHellman({ privateKey, publicKey });
  } catch {
    return undefined;
  }
}

/**
 * Whether an SPKI names its curve and has its point uncompressed, in DER. OpenSSL also takes parameters that are
 * written out, with a cofactor that is not the curve's.
 */
function isNamed(publicKey: KeyObject, spki: Uint8Array): boolean {
  const plain = createPublicKey({ key: publicKey.export({ format: "jwk" }), format: "jwk" });
  return plain.export({ format: "der", type: "spki" }).equals(spki);
}

/** The uncompressed point. */
function pointOf(key: KeyObject): Buffer {
  const { x = "", y = "" } = key.export({ format: "jwk" });
  const coordinates = [x, y].map((coordinate) => Buffer.from(coordinate, "base64url"));
  return Buffer.concat([Buffer.from([4]), ...coordinates]);
}
