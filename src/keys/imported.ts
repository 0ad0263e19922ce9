import {
  constants,
  createDecipheriv,
  createPrivateKey,
  createPublicKey,
  generateKeyPair,
  type KeyObject,
  privateDecrypt,
} from "node:crypto";
import { promisify } from "node:util";
import { hmacSha256 } from "../lib/hash.ts";
import { ServiceError } from "../lib/service-error.ts";
import { curves } from "./algorithms/ecc.ts";
import { hmacs, type MadeMaterial } from "./algorithms/kinds.ts";
import { type KeySpecName, specOf } from "./key-specs.ts";

/** How long a wrapping key and its token may be used (KMS API reference, GetParametersForImport). */
export const importValidMs = 24 * 3_600_000;

/** Wrapping algorithms: the hash of OAEP, and whether an AES key stands between (RFC 5649, key wrap with padding). */
const wrappings: Readonly<Record<string, readonly [oaepHash: string, aes: boolean]>> = {
  RSAES_OAEP_SHA_1: ["sha1", false],
  RSAES_OAEP_SHA_256: ["sha256", false],
  RSA_AES_KEY_WRAP_SHA_1: ["sha1", true],
  RSA_AES_KEY_WRAP_SHA_256: ["sha256", true],
};

/** The default initial value of AES key wrap with padding. */
const wrapIv = Buffer.from("a65959a6", "hex");

/** What an import token holds, sealed under the root of the key's account: the wrapping key is kept nowhere else. */
export interface ImportToken {
  readonly keyArn: string;
  readonly algorithm: string;
  /** PKCS#8, base64. */
  readonly privateKey: string;
  readonly untilMs: number;
}

/** Whether material of this spec can be imported, wrapped so. Throws KMS's refusals. */
export function checkImportable(spec: KeySpecName, algorithm: string, wrappingSpec: string): void {
  const { kind } = specOf(spec);
  if (!wrappings[algorithm] || !wrappingSpec.startsWith("RSA_")) {
    throw new ServiceError(
      "UnsupportedOperationException",
      `WrappingAlgorithm ${algorithm} with ${wrappingSpec} is not supported`,
    );
  }
  if (!["symmetric", "hmac", "rsa", "ecc", "edwards"].includes(kind)) {
    throw new ServiceError(
      "UnsupportedOperationException",
      `Key material of key spec ${spec} cannot be imported`,
    );
  }
  if (kind === "rsa" && !wrappings[algorithm][1]) {
    throw new ServiceError(
      "ValidationException",
      `${algorithm} cannot wrap an RSA private key: use RSA_AES_KEY_WRAP_SHA_256`,
    );
  }
}

/** Makes the key pair that a material is wrapped for. */
export async function makeWrappingKey(
  spec: string,
): Promise<{ readonly publicKey: Buffer; readonly privateKey: Buffer }> {
  return promisify(generateKeyPair)("rsa", {
    modulusLength: Number(spec.slice("RSA_".length)),
    publicKeyEncoding: { type: "spki", format: "der" },
    privateKeyEncoding: { type: "pkcs8", format: "der" },
  });
}

const notWrapped = () =>
  new ServiceError(
    "InvalidCiphertextException",
    "The encrypted key material cannot be decrypted with the wrapping key, or is not of the key spec",
  );

/** Unwraps a material. One refusal for every fault. */
export function unwrapMaterial(
  { algorithm, privateKey }: ImportToken,
  wrapped: Uint8Array,
): Buffer {
  const der = Buffer.from(privateKey, "base64");
  const key = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
  const [oaepHash = "", aes = false] = wrappings[algorithm] ?? [];
  try {
    if (!aes) return openOaep(key, oaepHash, wrapped);
    const size = (key.asymmetricKeyDetails?.modulusLength ?? 0) / 8;
    const between = openOaep(key, oaepHash, wrapped.subarray(0, size));
    const decipher = createDecipheriv("id-aes256-wrap-pad", between, wrapIv);
    const material = Buffer.concat([decipher.update(wrapped.subarray(size)), decipher.final()]);
    between.fill(0);
    return material;
  } catch {
    throw notWrapped();
  }
}

const openOaep = (key: KeyObject, oaepHash: string, bytes: Uint8Array): Buffer =>
  privateDecrypt({ key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash }, bytes);

const hmacBytesMax = 128;

/** A material as keys of this spec have it. Throws KMS's refusal of one that is not. */
export function toMaterial(spec: KeySpecName, bytes: Buffer): MadeMaterial {
  const { kind } = specOf(spec);
  if (kind === "symmetric") {
    if (bytes.length !== 32) throw notWrapped();
    return { bytes };
  }
  if (kind === "hmac") {
    const least = hmacs[spec]?.[1] ?? 0;
    if (bytes.length < least || bytes.length > hmacBytesMax) throw notWrapped();
    return { bytes };
  }
  return toPair(spec, bytes);
}

function toPair(spec: KeySpecName, bytes: Buffer): MadeMaterial {
  let privateKey: KeyObject;
  try {
    privateKey = createPrivateKey({ key: bytes, format: "der", type: "pkcs8" });
  } catch {
    throw notWrapped();
  }
  const { modulusLength, namedCurve } = privateKey.asymmetricKeyDetails ?? {};
  const right =
    spec === "ECC_NIST_EDWARDS25519"
      ? privateKey.asymmetricKeyType === "ed25519"
      : spec.startsWith("RSA_")
        ? privateKey.asymmetricKeyType === "rsa" && modulusLength === Number(spec.slice(4))
        : namedCurve !== undefined && namedCurve === curves[spec]?.name;
  if (!right) throw notWrapped();
  return {
    // Written anew: nothing of the importer's form is kept.
    bytes: privateKey.export({ format: "der", type: "pkcs8" }),
    publicKey: createPublicKey(privateKey).export({ format: "der", type: "spki" }),
  };
}

/** The id of an imported material: the same for the same material of the same key, and telling nothing of it. */
export const importedId = (secret: Uint8Array, material: Uint8Array): string =>
  hmacSha256(secret, material).toString("hex");
