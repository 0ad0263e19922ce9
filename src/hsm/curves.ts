import { octets } from "../lib/der.ts";

/** An elliptic curve, under all its names. */
export interface Curve {
  /** CKA_EC_PARAMS: its object identifier in DER (RFC 5480, RFC 8410). */
  readonly params: Buffer;
  /** Other CKA_EC_PARAMS that mean it. */
  readonly alias?: Buffer;
  /** As node:crypto calls it. */
  readonly node: string;
  /** As a JWK calls it (RFC 7518, RFC 8037, RFC 8812). */
  readonly jwk: string;
  readonly bytes: number;
  readonly bits: number;
  /** Order of its base point; none for those that do not sign by ECDSA. */
  readonly order?: bigint;
}

const hex = (text: string) => Buffer.from(text, "hex");

/** The curves of this HSM (SEC 2, FIPS 186-5). */
export const curves: readonly Curve[] = [
  {
    params: hex("06082a8648ce3d030107"),
    node: "prime256v1",
    jwk: "P-256",
    bytes: 32,
    bits: 256,
    order: 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
  },
  {
    params: hex("06052b81040022"),
    node: "secp384r1",
    jwk: "P-384",
    bytes: 48,
    bits: 384,
    order:
      0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n,
  },
  {
    params: hex("06052b81040023"),
    node: "secp521r1",
    jwk: "P-521",
    bytes: 66,
    bits: 521,
    order:
      0x01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409n,
  },
  {
    params: hex("06052b8104000a"),
    node: "secp256k1",
    jwk: "secp256k1",
    bytes: 32,
    bits: 256,
    order: 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n,
  },
  {
    params: hex("06032b6570"),
    alias: Buffer.concat([hex("130c"), Buffer.from("edwards25519")]),
    node: "ed25519",
    jwk: "Ed25519",
    bytes: 32,
    bits: 255,
  },
];

export const isEdwards = ({ order }: Curve): boolean => order === undefined;

/** The curve that CKA_EC_PARAMS names; undefined for one that this HSM does not have. */
export const findCurve = (params: Uint8Array): Curve | undefined =>
  curves.find((curve) => curve.params.equals(params) || (curve.alias?.equals(params) ?? false));

/** CKA_EC_POINT: a point, uncompressed, as an OCTET STRING. */
export const writePoint = (point: Uint8Array): Buffer => octets(point);

/** The point in an OCTET STRING or as it is; undefined when it has not the size of the curve's points. */
export function readPoint(curve: Curve, given: Uint8Array): Buffer | undefined {
  const size = isEdwards(curve) ? curve.bytes : 1 + 2 * curve.bytes;
  const point = Buffer.from(given.subarray(Math.max(given.length - size, 0)));
  if (point.length !== size || (!isEdwards(curve) && point[0] !== 0x04)) return undefined;
  const known = given.length === size || octets(point).equals(given);
  return known ? point : undefined;
}
