import { createECDH, createHmac, createPublicKey, type KeyObject, verify } from "node:crypto";
import { assert } from "../../lib/assert.ts";
import { equalSecrets, hmacSha256 } from "../../lib/hash.ts";
import type { Credentials } from "../directory.ts";
import type { V4Claim } from "./request.ts";

/** Key material made from a secret, kept only while that very secret is the key's. */
interface Derived<Material> {
  readonly secret: string;
  readonly material: Material;
}

const keptMax = 4096;

const hmacKeys = new Map<string, Derived<Buffer>>();
const publicKeys = new Map<string, Derived<KeyObject>>();

/** Two places for 64 digits, used again and again: buffers of their own cost a tenth of the whole verification. */
const expectedDigits = Buffer.alloc(64);
const givenDigits = Buffer.alloc(64);

function equalDigits(expected: string, given: string): boolean {
  if (given.length !== 64) return false;
  expectedDigits.write(expected, "latin1");
  givenDigits.write(given, "latin1");
  return equalSecrets(expectedDigits, givenDigits);
}

const ecdsaForm = /^(?:[0-9a-f]{2}){8,72}$/;

/** Says whether a signature, in hexadecimal digits, is that of a text. */
export type SignatureCheck = (signature: string, text: string) => boolean;

/** How signatures of a claim are checked, by its algorithm. */
export function signatureCheck(credentials: Credentials, claim: V4Claim): SignatureCheck {
  if (claim.algorithm === "AWS4-ECDSA-P256-SHA256") {
    const key = ecdsaKey(credentials);
    return (signature, text) =>
      ecdsaForm.test(signature) &&
      verify("sha256", Buffer.from(text), key, Buffer.from(signature, "hex"));
  }
  const name = `${credentials.accessKeyId}/${claim.scopeText}`;
  const key = hmacKey(name, credentials.secret, claim);
  return (signature, text) => {
    const fits = equalDigits(hmacSha256(key, text).toString("hex"), signature);
    // Kept only once a signature held: a stranger, who knows no secret, cannot push others out.
    if (fits) keep(hmacKeys, name, credentials.secret, key);
    return fits;
  };
}

/** The key of one day, region and service. */
function hmacKey(name: string, secret: string, { scope }: V4Claim): Buffer {
  const kept = hmacKeys.get(name);
  if (kept?.secret === secret) return kept.material;
  const dayKey = hmacSha256(`AWS4${secret}`, scope.date);
  return hmacSha256(hmacSha256(hmacSha256(dayKey, scope.region), scope.service), "aws4_request");
}

/** The ECDSA key that verifies SigV4a signatures; deriving it costs about a millisecond. */
function ecdsaKey({ accessKeyId, secret }: Credentials): KeyObject {
  const kept = publicKeys.get(accessKeyId);
  if (kept?.secret === secret) return kept.material;
  const material = deriveEcdsaKey(accessKeyId, secret);
  keep(publicKeys, accessKeyId, secret, material);
  return material;
}

function keep<Material>(
  kept: Map<string, Derived<Material>>,
  name: string,
  secret: string,
  material: Material,
): void {
  if (kept.get(name)?.secret === secret) return;
  kept.delete(name);
  if (kept.size >= keptMax) {
    const [oldest] = kept.keys();
    if (oldest !== undefined) kept.delete(oldest);
  }
  kept.set(name, { secret, material });
}

/** The order of P-256 minus two: a candidate above it is dropped and the next one tried. */
const candidateMax = Buffer.from(
  "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc63254f",
  "hex",
);

function deriveEcdsaKey(accessKeyId: string, secret: string): KeyObject {
  for (let counter = 1; counter <= 254; counter += 1) {
    const candidate = createHmac("sha256", `AWS4A${secret}`)
      .update(Buffer.from([0, 0, 0, 1]))
      .update(`AWS4-ECDSA-P256-SHA256\0${accessKeyId}`)
      .update(Buffer.from([counter, 0, 0, 1, 0]))
      .digest();
    if (Buffer.compare(candidate, candidateMax) <= 0) return publicKeyOf(plusOne(candidate));
  }
  assert(false, "one of 254 candidates is below the order of P-256");
}

function plusOne(number: Buffer): Buffer {
  const sum = BigInt(`0x${number.toString("hex")}`) + 1n;
  return Buffer.from(sum.toString(16).padStart(64, "0"), "hex");
}

function publicKeyOf(scalar: Buffer): KeyObject {
  const pair = createECDH("prime256v1");
  pair.setPrivateKey(scalar);
  const point = pair.getPublicKey();
  return createPublicKey({
    format: "jwk",
    key: {
      kty: "EC",
      crv: "P-256",
      x: point.subarray(1, 33).toString("base64url"),
      y: point.subarray(33).toString("base64url"),
    },
  });
}
