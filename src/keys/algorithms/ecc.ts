import {
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  type KeyObject,
  verify,
} from "node:crypto";
import { sequence, unsigned } from "../../lib/der.ts";
import { isSignedDigest, signDigest } from "./ecdsa.ts";
import type { Kind } from "./kind.ts";
import { exported, privateKeyOf, publicKeyOf, signLater } from "./openssl.ts";

/** A curve of KMS: as OpenSSL calls it, and its hash. */
interface Curve {
  readonly name: string;
  readonly hash: string;
}

export const curves: Readonly<Record<string, Curve>> = {
  ECC_NIST_P256: { name: "prime256v1", hash: "sha256" },
  ECC_NIST_P384: { name: "secp384r1", hash: "sha384" },
  ECC_NIST_P521: { name: "secp521r1", hash: "sha512" },
  ECC_SECG_P256K1: { name: "secp256k1", hash: "sha256" },
};

/** ECDSA (FIPS 186-5), signatures in DER, and ECDH (SP 800-56A). */
export const ecc: Kind = {
  generate: (spec) => exported(generateKeyPairSync("ec", { namedCurve: curveOf(spec).name })),

  openPublic(spec, spki) {
    const { name, hash } = curveOf(spec);
    const key = publicKeyOf(spki);
    return {
      verify(message, signature, { type }) {
        if (type === "RAW") return verify(hash, message, key, signature);
        return isSignedDigest(name, pointOf(key), message, signature, "der");
      },
    };
  },

  openPrivate(spec, material, random) {
    const { name, hash } = curveOf(spec);
    const key = privateKeyOf(material);
    return {
      async sign(message, { type }) {
        if (type === "RAW") return signLater(hash, message, key);
        const signature = signDigest(name, key, message, random);
        const middle = signature.length / 2;
        const [r, s] = [signature.subarray(0, middle), signature.subarray(middle)];
        return sequence(unsigned(r), unsigned(s));
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
