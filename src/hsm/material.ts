import {
  createECDH,
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  type JsonWebKey,
  type KeyObject,
} from "node:crypto";
import { type Attributes, bytesOf, numberOf } from "./attributes.ts";
import { CKA, CKK, CKO } from "./constants.ts";
import type { AttributeValue } from "./cryptoki.ts";
import { type Curve, curves, findCurve, isEdwards, readPoint, writePoint } from "./curves.ts";
import { demand, refuse } from "./refuse.ts";

interface Sizes {
  readonly min: number;
  readonly max: number;
  readonly only?: readonly number[];
}

const generic: Sizes = { min: 1, max: 512 };
/** Types of secret keys, and the sizes of their values in bytes. */
const secretSizes: ReadonlyMap<number, Sizes> = new Map([
  [CKK.AES, { min: 16, max: 32, only: [16, 24, 32] }],
  [CKK.GENERIC_SECRET, generic],
  [CKK.SHA_1_HMAC, generic],
  [CKK.SHA224_HMAC, generic],
  [CKK.SHA256_HMAC, generic],
  [CKK.SHA384_HMAC, generic],
  [CKK.SHA512_HMAC, generic],
] as const);

export const rsaBits = { min: 2048, max: 4096 };

/** A key from its value as it is stored and wrapped: bytes of a secret key, PKCS #8 of a private one. */
export function readKey(objectClass: number, keyType: number, value: Buffer): KeyObject {
  if (objectClass === CKO.SECRET_KEY) {
    checkSize(keyType, value.length);
    return createSecretKey(value);
  }
  const key = unlessBroken(() => createPrivateKey({ key: value, format: "der", type: "pkcs8" }));
  demand(keyTypeOf(key) === keyType, "TEMPLATE_INCONSISTENT", "the key is of another type");
  checkStrength(key);
  return key;
}

/** The value of a key as it is stored and wrapped. The caller wipes it. */
export const writeKey = (key: KeyObject): Buffer =>
  key.type === "secret" ? key.export() : key.export({ format: "der", type: "pkcs8" });

export function checkSize(keyType: number, bytes: number): void {
  const sizes = secretSizes.get(keyType);
  demand(sizes, "TEMPLATE_INCONSISTENT", "there are no secret keys of this type");
  const fits = sizes.only ? sizes.only.includes(bytes) : bytes >= sizes.min && bytes <= sizes.max;
  demand(fits, "ATTRIBUTE_VALUE_INVALID", "the key has not a size of its type");
}

/** The key that a template brings with it, for C_CreateObject. */
export function importKey(objectClass: number, keyType: number, given: Attributes): KeyObject {
  const part = (type: number): Buffer => {
    const bytes = bytesOf(given, type);
    demand(bytes.length > 0, "TEMPLATE_INCOMPLETE", "a part of the key is missing");
    return bytes;
  };
  if (objectClass === CKO.SECRET_KEY) return readKey(objectClass, keyType, part(CKA.VALUE));
  if (keyType !== CKK.RSA) return importCurveKey(objectClass, keyType, part);
  const jwk: JsonWebKey = { kty: "RSA" };
  for (const [name, type, isPublic] of rsaParts) {
    if (isPublic || objectClass === CKO.PRIVATE_KEY) jwk[name] = part(type).toString("base64url");
  }
  const key = unlessBroken(() => fromJwk(jwk, objectClass));
  checkStrength(key);
  return key;
}

const rsaParts = [
  ["n", CKA.MODULUS, true],
  ["e", CKA.PUBLIC_EXPONENT, true],
  ["d", CKA.PRIVATE_EXPONENT, false],
  ["p", CKA.PRIME_1, false],
  ["q", CKA.PRIME_2, false],
  ["dp", CKA.EXPONENT_1, false],
  ["dq", CKA.EXPONENT_2, false],
  ["qi", CKA.COEFFICIENT, false],
] as const;

function importCurveKey(
  objectClass: number,
  keyType: number,
  part: (type: number) => Buffer,
): KeyObject {
  const curve = curveOf(keyType, part(CKA.EC_PARAMS));
  if (objectClass === CKO.PUBLIC_KEY) {
    const point = readPoint(curve, part(CKA.EC_POINT));
    demand(point, "ATTRIBUTE_VALUE_INVALID", "not an uncompressed point of the curve");
    return publicKeyAt(curve, point);
  }
  const value = part(CKA.VALUE);
  demand(value.length <= curve.bytes, "ATTRIBUTE_VALUE_INVALID", "the private value is too long");
  const scalar = Buffer.concat([Buffer.alloc(curve.bytes - value.length), value]);
  return unlessBroken(() => {
    if (isEdwards(curve)) {
      const der = Buffer.concat([edwardsPrefix, scalar]);
      return createPrivateKey({ key: der, format: "der", type: "pkcs8" });
    }
    const pair = createECDH(curve.node);
    pair.setPrivateKey(scalar);
    const d = scalar.toString("base64url");
    return fromJwk({ ...jwkAt(curve, pair.getPublicKey()), d }, objectClass);
  });
}

/** PKCS #8 of Ed25519 up to its seed (RFC 8410). */
const edwardsPrefix = Buffer.from("302e020100300506032b657004220420", "hex");

/** The curve of a key of this type; refuses others. */
export function curveOf(keyType: number, params: Uint8Array): Curve {
  const curve = findCurve(params);
  demand(curve, "CURVE_NOT_SUPPORTED", "there is no such curve here");
  const type = isEdwards(curve) ? CKK.EC_EDWARDS : CKK.EC;
  demand(type === keyType, "TEMPLATE_INCONSISTENT", "the curve is not one of this key type");
  return curve;
}

/** The public key at a point; refuses one that is not on the curve. */
export const publicKeyAt = (curve: Curve, point: Buffer): KeyObject =>
  unlessBroken(() => fromJwk(jwkAt(curve, point), CKO.PUBLIC_KEY));

function jwkAt(curve: Curve, point: Buffer): JsonWebKey {
  if (isEdwards(curve)) return { kty: "OKP", crv: curve.jwk, x: point.toString("base64url") };
  const [x, y] = [point.subarray(1, 1 + curve.bytes), point.subarray(1 + curve.bytes)];
  return { kty: "EC", crv: curve.jwk, x: x.toString("base64url"), y: y.toString("base64url") };
}

const fromJwk = (key: JsonWebKey, objectClass: number): KeyObject =>
  objectClass === CKO.PRIVATE_KEY
    ? createPrivateKey({ key, format: "jwk" })
    : createPublicKey({ key, format: "jwk" });

function unlessBroken(read: () => KeyObject): KeyObject {
  try {
    return read();
  } catch {
    refuse("ATTRIBUTE_VALUE_INVALID", "the parts are no key");
  }
}

function checkStrength(key: KeyObject): void {
  if (key.asymmetricKeyType !== "rsa") return;
  const { modulusLength = 0, publicExponent = 0n } = key.asymmetricKeyDetails ?? {};
  const strong = modulusLength >= rsaBits.min && modulusLength <= rsaBits.max;
  demand(strong && publicExponent >= 3n, "KEY_SIZE_RANGE", "RSA keys have 2048 to 4096 bits");
}

export function keyTypeOf(key: KeyObject): number | undefined {
  if (key.asymmetricKeyType === "rsa") return CKK.RSA;
  if (key.asymmetricKeyType === "ed25519") return CKK.EC_EDWARDS;
  return key.asymmetricKeyType === "ec" ? CKK.EC : undefined;
}

/** What may be known of a key, from the key itself. */
export function describeKey(key: KeyObject): Attributes {
  if (key.type === "secret") return new Map([[CKA.VALUE_LEN, key.symmetricKeySize ?? 0]]);
  const half = key.type === "public" ? key : createPublicKey(key);
  const jwk = half.export({ format: "jwk" });
  const info = half.export({ format: "der", type: "spki" });
  const known = new Map<number, AttributeValue>([[CKA.PUBLIC_KEY_INFO, info]]);
  const read = (text: string | undefined) => Buffer.from(text ?? "", "base64url");
  if (jwk.kty === "RSA") {
    const modulus = read(jwk.n);
    known.set(CKA.MODULUS, modulus).set(CKA.PUBLIC_EXPONENT, read(jwk.e));
    if (key.type === "public") known.set(CKA.MODULUS_BITS, modulus.length * 8);
    return known;
  }
  const curve = curves.find((one) => one.jwk === jwk.crv);
  demand(curve, "CURVE_NOT_SUPPORTED", "there is no such curve here");
  known.set(CKA.EC_PARAMS, curve.params);
  if (key.type === "public") known.set(CKA.EC_POINT, writePoint(pointOf(curve, jwk)));
  return known;
}

function pointOf(curve: Curve, { x = "", y = "" }: JsonWebKey): Buffer {
  const bytes = (text: string) => {
    const read = Buffer.from(text, "base64url");
    return Buffer.concat([Buffer.alloc(curve.bytes - read.length), read]);
  };
  if (isEdwards(curve)) return bytes(x);
  return Buffer.concat([Buffer.from([0x04]), bytes(x), bytes(y)]);
}

/** The public key of an object that is one, from what is known of it. */
export const publicKeyOf = (attributes: Attributes): KeyObject =>
  createPublicKey({
    key: bytesOf(attributes, CKA.PUBLIC_KEY_INFO),
    format: "der",
    type: "spki",
  });

/**
 * How hard a key is to break, in bits (NIST SP 800-57 part 1, table 2): a key must not be wrapped by an easier one.
 */
export function strengthOf(attributes: Attributes): number {
  const keyType = numberOf(attributes, CKA.KEY_TYPE);
  if (keyType === CKK.RSA) return bytesOf(attributes, CKA.MODULUS).length >= 384 ? 128 : 112;
  const curve = findCurve(bytesOf(attributes, CKA.EC_PARAMS));
  if (curve) return Math.min(Math.floor(curve.bits / 2), 256);
  return Math.min((numberOf(attributes, CKA.VALUE_LEN) ?? 0) * 8, 256);
}
