import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from "node:crypto";
import { curves } from "./algorithms/ecc.ts";
import type { MadeMaterial } from "./algorithms/kind.ts";
import { sm2Imported } from "./algorithms/sm2.ts";
import type { KeySpecName } from "./key-specs.ts";

/** How long plain materials may be, in bytes (KMS Developer Guide, "Requirements for imported key material"). */
const plainBytes: Readonly<Record<string, readonly [min: number, max: number]>> = {
  SYMMETRIC_DEFAULT: [32, 32],
  HMAC_224: [28, 64],
  HMAC_256: [32, 64],
  HMAC_384: [48, 128],
  HMAC_512: [64, 128],
};

/** Whether material of a spec can come from outside: of all but ML-DSA and ML-KEM, as KMS has it. */
export const isImportable = (spec: KeySpecName): boolean =>
  plainBytes[spec] !== undefined || isPair(spec) || spec === "SM2";

const isPair = (spec: KeySpecName): boolean =>
  spec.startsWith("RSA_") || spec === "ECC_NIST_EDWARDS25519" || curves[spec] !== undefined;

/**
 * What somebody imports as the material of a spec, in the one form in which it is kept: a private key may be written
 * in several ways, and is still the same. Undefined for what is none of the spec. The bytes are copied.
 */
export function importedForm(spec: KeySpecName, bytes: Uint8Array): MadeMaterial | undefined {
  const [min = 0, max = 0] = plainBytes[spec] ?? [];
  if (max > 0) {
    return bytes.length >= min && bytes.length <= max ? { bytes: Buffer.from(bytes) } : undefined;
  }
  if (spec === "SM2") return sm2Imported(bytes);
  const key = isPair(spec) ? readPrivateKey(bytes) : undefined;
  if (!key || !isOfSpec(key, spec)) return undefined;
  // Made anew: nothing of the importer's form is kept, such as a curve whose parameters are written out.
  const plain = createPrivateKey({ key: key.export({ format: "jwk" }), format: "jwk" });
  const publicKey = createPublicKey(plain);
  if (!belongTogether(plain, publicKey)) return undefined;
  return {
    bytes: plain.export({ type: "pkcs8", format: "der" }),
    publicKey: publicKey.export({ type: "spki", format: "der" }),
  };
}

function readPrivateKey(bytes: Uint8Array): KeyObject | undefined {
  try {
    return createPrivateKey({ key: Buffer.from(bytes), format: "der", type: "pkcs8" });
  } catch {
    return undefined;
  }
}

function isOfSpec({ asymmetricKeyType: type, asymmetricKeyDetails }: KeyObject, spec: KeySpecName) {
  const { modulusLength, namedCurve } = asymmetricKeyDetails ?? {};
  if (spec.startsWith("RSA_")) return type === "rsa" && modulusLength === Number(spec.slice(4));
  if (spec === "ECC_NIST_EDWARDS25519") return type === "ed25519";
  return type === "ec" && namedCurve === curves[spec]?.name;
}

/** OpenSSL reads a private key beside the public key of another one: then nothing it signs is ever verified. */
function belongTogether(key: KeyObject, publicKey: KeyObject): boolean {
  const message = Buffer.from("one pair");
  const hash = key.asymmetricKeyType === "ed25519" ? null : "sha256";
  try {
    return verify(hash, message, publicKey, sign(hash, message, key));
  } catch {
    return false;
  }
}
