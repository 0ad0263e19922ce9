import { createHash, createPrivateKey, createPublicKey, getHashes } from "node:crypto";
import { weierstrass } from "@noble/curves/abstract/weierstrass.js";
import { octets, sequence, unsigned } from "../../lib/der.ts";
import { equalSecrets } from "../../lib/hash.ts";
import type { Random } from "../../lib/random.ts";
import type { Kind, MadeMaterial } from "./kind.ts";
import { readInteger, readOctets, readSequence } from "./read-der.ts";

/** The recommended curve (GB/T 32918.5, clause 2; RFC 8998, section 3.2.1). */
const curve = {
  p: 0xfffffffeffffffffffffffffffffffffffffffff00000000ffffffffffffffffn,
  n: 0xfffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54123n,
  h: 1n,
  a: 0xfffffffeffffffffffffffffffffffffffffffff00000000fffffffffffffffcn,
  b: 0x28e9fa9e9d9f5e344d5a9e4bcf6509a7f39789f515ab8f92ddbcbd414d940e93n,
  Gx: 0x32c4ae2c1f1981195f9904466a39c9948fe30bbff2660be1715a4589334c74c7n,
  Gy: 0xbc3736a2f4f6779c59bdcee36b692153d0a9877cc62a474002df32e52139f0a0n,
} as const;
const Point = weierstrass(curve);
type Point = InstanceType<typeof Point>;
const { n } = curve;
const bytes = 32;

/** SubjectPublicKeyInfo and PKCS#8 of this curve, up to their secret or public parts (as OpenSSL writes them). */
const spkiHead = Buffer.from("3059301306072a8648ce3d020106082a811ccf5501822d03420004", "hex");
const pkcs8Head = Buffer.from(
  "308187020100301306072a8648ce3d020106082a811ccf5501822d046d306b0201010420",
  "hex",
);
/** AlgorithmIdentifier of both. */
const curveName = spkiHead.subarray(2, 23);
const pkcs8Between = Buffer.from("a14403420004", "hex");

/** Who signs, where nobody says (GM/T 0009-2012; KMS Developer Guide, "Offline verification with SM2 key pairs"). */
const signer = Buffer.from("1234567812345678");
/** KMS API reference, Encrypt. */
const plainBytesMax = 1024;
/** What KMS takes as a ciphertext, or as wrapped material; an RSA key of 4,096 bits has about 2,400 bytes. */
const sealedBytesMax = 6144;

/** SM2DSA, SM2PKE and ECDH on the curve of SM2 (GB/T 32918), where the platform has the hash SM3. */
export const sm2: Kind = {
  generate(_spec, random) {
    if (!getHashes().includes("sm3")) return undefined;
    // Of n - 1 there is no inverse of 1 + d.
    return madeOf(draw(random, n - 2n));
  },

  remake(_spec, material) {
    const d = secretOf(material);
    const made = d > 0n && d <= n - 2n ? madeOf(d) : undefined;
    return made?.bytes.equals(material) ? made : undefined;
  },

  openPublic(_spec, spki, random) {
    const point = pointOf(spki);
    if (!point) throw new Error("no public key on the curve of SM2");
    return {
      verify: (message, signature, { type }) =>
        verifyDigest(point, type === "RAW" ? digestOf(point, message) : message, signature),
      encrypt: (plain) =>
        plain.length > plainBytesMax ? undefined : encrypt(point, plain, random),
    };
  },

  openPrivate(_spec, material, random) {
    const d = secretOf(material);
    const point = Point.BASE.multiply(d);
    return {
      sign: async (message, { type }) =>
        signDigest(d, type === "RAW" ? digestOf(point, message) : message, random),
      decrypt: async (sealed) => decrypt(d, sealed),
      agree(spki) {
        const other = pointOf(spki);
        return other && coordinatesOf(other.multiply(d)).x;
      },
    };
  },
};

/**
 * A private key that was made elsewhere, as material: PKCS#8 that names the curve, with the public point in any form or
 * without one (KMS Developer Guide, "Requirements for imported key material"). Undefined for anything else.
 */
export function sm2Imported(pkcs8: Uint8Array): MadeMaterial | undefined {
  try {
    const key = createPrivateKey({ key: Buffer.from(pkcs8), format: "der", type: "pkcs8" });
    // OpenSSL writes both anew, in DER; parameters that are written out stay so.
    const spki = createPublicKey(key).export({ format: "der", type: "spki" });
    const der = key.export({ format: "der", type: "pkcs8" });
    const [, , inner = der] = readSequence(der, [readInteger, readCurve, readOctets]) ?? [];
    const [, secret] =
      readSequence(inner, [readInteger, readOctets]) ??
      readSequence(inner, [readInteger, readOctets, readRest]) ??
      [];
    const d = secret?.length === bytes ? fromBytes(secret) : 0n;
    der.fill(0);
    const made = d > 0n && d <= n - 2n ? madeOf(d) : undefined;
    return made && pointOf(made.publicKey)?.equals(anyPointOf(spki)) ? made : undefined;
  } catch {
    return undefined;
  }
}

/** The named curve of a key. */
const readCurve = (der: Uint8Array): readonly [found: true, rest: Uint8Array] | undefined =>
  curveName.equals(der.subarray(0, curveName.length))
    ? [true, der.subarray(curveName.length)]
    : undefined;

const readRest = (der: Uint8Array): readonly [found: true, rest: Uint8Array] => [
  true,
  der.subarray(der.length),
];

/** The point of a public key as OpenSSL writes it: uncompressed, compressed, or both in one. Throws for anything else. */
function anyPointOf(spki: Uint8Array): Point {
  const point = Buffer.from(spki.subarray(spkiHead.length - 1));
  // Both in one is uncompressed, and says in its first byte which of two the compressed one would be.
  if (point.length === 1 + 2 * bytes) point[0] = 4;
  return Point.fromBytes(point);
}

const secretOf = (material: Uint8Array): bigint =>
  fromBytes(material.subarray(pkcs8Head.length, pkcs8Head.length + bytes));

function madeOf(d: bigint) {
  const point = Point.BASE.multiply(d).toBytes(false).subarray(1);
  return {
    bytes: Buffer.concat([pkcs8Head, toBytes(d), pkcs8Between, point]),
    publicKey: Buffer.concat([spkiHead, point]),
  };
}

/** The point of a public key; undefined where it is none of this curve. */
function pointOf(spki: Uint8Array): Point | undefined {
  const head = spki.subarray(0, spkiHead.length);
  if (!spkiHead.equals(head) || spki.length !== spkiHead.length + 2 * bytes) return undefined;
  return pointAt(spki.subarray(spkiHead.length - 1));
}

/** The point that was written uncompressed; undefined where it is not on the curve. */
function pointAt(uncompressed: Uint8Array): Point | undefined {
  try {
    const point = Point.fromBytes(uncompressed);
    point.assertValidity();
    return point;
  } catch {
    return undefined;
  }
}

/** A number from 1 to `most`; 64 bits more than it has keep it even (FIPS 186-5, appendix A.2.1). */
const draw = (random: Random, most: bigint): bigint =>
  (fromBytes(random.bytes(bytes + 8)) % most) + 1n;

const fromBytes = (number: Uint8Array): bigint =>
  BigInt(`0x${Buffer.from(number).toString("hex")}`);

const toBytes = (number: bigint): Buffer =>
  Buffer.from(number.toString(16).padStart(2 * bytes, "0"), "hex");

const coordinatesOf = (point: Point) => {
  const uncompressed = Buffer.from(point.toBytes(false));
  return { x: uncompressed.subarray(1, 1 + bytes), y: uncompressed.subarray(1 + bytes) };
};

function sm3(...parts: readonly Uint8Array[]): Buffer {
  const running = createHash("sm3");
  for (const part of parts) running.update(part);
  return running.digest();
}

/** The digest that is signed: of the message after a hash of signer, curve and public key (part 2, clause 5.5). */
export function digestOf(point: Point, message: Uint8Array): Buffer {
  const bits = Buffer.alloc(2);
  bits.writeUInt16BE(signer.length * 8);
  const { a, b, Gx, Gy } = curve;
  const { x, y } = coordinatesOf(point);
  return sm3(sm3(bits, signer, ...[a, b, Gx, Gy].map(toBytes), x, y), message);
}

/** Part 2, clause 6. */
function signDigest(d: bigint, digest: Uint8Array, random: Random): Buffer {
  const { Fn } = Point;
  const e = fromBytes(digest);
  for (;;) {
    const k = draw(random, n - 1n);
    const r = Fn.create(e + Point.BASE.multiply(k).toAffine().x);
    if (r === 0n || r + k === n) continue;
    // The inverse is taken of a blinded number: its time tells nothing of d.
    const blind = draw(random, n - 1n);
    const inverse = Fn.mul(Fn.inv(Fn.mul(Fn.add(1n, d), blind)), blind);
    const s = Fn.mul(inverse, Fn.sub(k, Fn.mul(r, d)));
    if (s !== 0n) return sequence(unsigned(toBytes(r)), unsigned(toBytes(s)));
  }
}

/** Part 2, clause 7. */
function verifyDigest(point: Point, digest: Uint8Array, signature: Uint8Array): boolean {
  const { Fn } = Point;
  const [r, s] = readSequence(signature, [readInteger, readInteger]) ?? [];
  if (r === undefined || s === undefined || !isScalar(r) || !isScalar(s)) return false;
  const t = Fn.add(r, s);
  if (t === 0n) return false;
  const sum = Point.BASE.multiplyUnsafe(s).add(point.multiplyUnsafe(t));
  return !sum.is0() && Fn.create(fromBytes(digest) + sum.toAffine().x) === r;
}

const isScalar = (number: bigint): boolean => number > 0n && number < n;

/** Part 4, clause 6; written as GM/T 0009-2012 has it: point, hash, ciphertext. */
function encrypt(point: Point, plain: Uint8Array, random: Random): Buffer {
  for (;;) {
    const k = draw(random, n - 1n);
    const first = coordinatesOf(Point.BASE.multiply(k));
    const shared = coordinatesOf(point.multiply(k));
    const stream = streamOf(shared, plain.length);
    if (stream.every((byte) => byte === 0)) continue;
    const sealed = xor(plain, stream);
    const check = sm3(shared.x, plain, shared.y);
    return sequence(unsigned(first.x), unsigned(first.y), octets(check), octets(sealed));
  }
}

/** Part 4, clause 7. */
function decrypt(d: bigint, ciphertext: Uint8Array): Buffer | undefined {
  if (ciphertext.length > sealedBytesMax) return undefined;
  const form = [readInteger, readInteger, readOctets, readOctets] as const;
  const [x, y, check, sealed] = readSequence(ciphertext, form) ?? [];
  if (x === undefined || y === undefined || !check || !sealed?.length) return undefined;
  if (x >= curve.p || y >= curve.p) return undefined;
  const first = pointAt(Buffer.concat([Buffer.from([4]), toBytes(x), toBytes(y)]));
  if (!first) return undefined;
  const shared = coordinatesOf(first.multiply(d));
  const plain = xor(sealed, streamOf(shared, sealed.length));
  return equalSecrets(sm3(shared.x, plain, shared.y), check) ? plain : undefined;
}

type Coordinates = ReturnType<typeof coordinatesOf>;

/** The key derivation function (part 4, clause 5.4.3). */
function streamOf({ x, y }: Coordinates, size: number): Buffer {
  const blocks: Buffer[] = [];
  for (let made = 0; made < size; made += bytes) {
    const counter = Buffer.alloc(4);
    counter.writeUInt32BE(blocks.length + 1);
    blocks.push(sm3(x, y, counter));
  }
  return Buffer.concat(blocks).subarray(0, size);
}

const xor = (left: Uint8Array, right: Uint8Array): Buffer =>
  Buffer.from(left.map((byte, at) => byte ^ (right[at] ?? 0)));
