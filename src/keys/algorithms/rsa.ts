import {
  constants,
  createHash,
  generateKeyPair,
  type KeyObject,
  privateDecrypt,
  privateEncrypt,
  publicDecrypt,
  publicEncrypt,
  sign,
  verify,
} from "node:crypto";
import { promisify } from "node:util";
import { equalSecrets } from "../../lib/hash.ts";
import type { Random } from "../../lib/random.ts";
import type { MadeMaterial, Signing } from "./kinds.ts";

const { RSA_NO_PADDING, RSA_PKCS1_PADDING, RSA_PKCS1_PSS_PADDING, RSA_PSS_SALTLEN_DIGEST } =
  constants;

/** The beginning of DigestInfo, in DER, by hash (RFC 8017, section 9.2, note 1). */
const digestInfo: Readonly<Record<string, Buffer>> = {
  sha256: Buffer.from("3031300d060960864801650304020105000420", "hex"),
  sha384: Buffer.from("3041300d060960864801650304020205000430", "hex"),
  sha512: Buffer.from("3051300d060960864801650304020305000440", "hex"),
};

/** Makes a key pair, off the request thread. */
export async function generateRsa(bits: number): Promise<MadeMaterial> {
  const made = await promisify(generateKeyPair)("rsa", {
    modulusLength: bits,
    publicKeyEncoding: { type: "spki", format: "der" },
    privateKeyEncoding: { type: "pkcs8", format: "der" },
  });
  return { bytes: made.privateKey, publicKey: made.publicKey };
}

/** RSASSA-PKCS1-v1_5 and RSASSA-PSS with a salt as long as the hash (RFC 8017). */
export function rsaSigning(scheme: "pkcs1" | "pss", hash: string, random: Random): Signing {
  const padding = scheme === "pss" ? RSA_PKCS1_PSS_PADDING : RSA_PKCS1_PADDING;
  const how = { padding, ...(scheme === "pss" && { saltLength: RSA_PSS_SALTLEN_DIGEST }) };
  const info = digestInfo[hash] ?? Buffer.alloc(0);
  return {
    digestBytes: createHash(hash).digest().length,
    signMessage: (key, message) =>
      new Promise((resolve, reject) => {
        sign(hash, message, { key, ...how }, (error, signature) =>
          error ? reject(error) : resolve(signature),
        );
      }),
    async signDigest(key, digest) {
      if (scheme === "pkcs1")
        return privateEncrypt({ key, padding }, Buffer.concat([info, digest]));
      const encoded = encodePss(digest, hash, bitsOf(key) - 1, random);
      return privateEncrypt({ key, padding: RSA_NO_PADDING }, padTo(encoded, bitsOf(key) / 8));
    },
    verifyMessage: (key, message, signature) => verify(hash, message, { key, ...how }, signature),
    verifyDigest(key, digest, signature) {
      try {
        if (scheme === "pkcs1") {
          const opened = publicDecrypt({ key, padding }, signature);
          return equalSecrets(opened, Buffer.concat([info, digest]));
        }
        const encoded = publicDecrypt({ key, padding: RSA_NO_PADDING }, signature);
        return isPss(encoded, digest, hash, bitsOf(key) - 1);
      } catch {
        return false;
      }
    },
  };
}

/** RSAES-OAEP. Throws what node throws for a message that is too long. */
export const encryptOaep = (key: KeyObject, oaepHash: string, plain: Uint8Array): Buffer =>
  publicEncrypt({ key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash }, plain);

/** Undefined when it is not what the key encrypted: one answer for every fault. */
export function decryptOaep(
  key: KeyObject,
  oaepHash: string,
  sealed: Uint8Array,
): Buffer | undefined {
  try {
    return privateDecrypt({ key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash }, sealed);
  } catch {
    return undefined;
  }
}

/** The most that OAEP takes: two hashes and two bytes are its own (RFC 8017, section 7.1.1). */
export const oaepBytesMax = (key: KeyObject, hashBytes: number): number =>
  bitsOf(key) / 8 - 2 * hashBytes - 2;

const bitsOf = (key: KeyObject): number => key.asymmetricKeyDetails?.modulusLength ?? 0;

const padTo = (bytes: Buffer, size: number): Buffer =>
  Buffer.concat([Buffer.alloc(size - bytes.length), bytes]);

/** EMSA-PSS-ENCODE (RFC 8017, section 9.1.1). */
function encodePss(digest: Uint8Array, hash: string, bits: number, random: Random): Buffer {
  const size = Math.ceil(bits / 8);
  const salt = random.bytes(digest.length);
  const hashed = hashOf(hash, Buffer.alloc(8), digest, salt);
  const block = Buffer.concat([Buffer.alloc(size - 2 * digest.length - 2), Buffer.from([1]), salt]);
  const masked = xor(block, maskOf(hash, hashed, block.length));
  clearTop(masked, bits);
  return Buffer.concat([masked, hashed, Buffer.from([0xbc])]);
}

/** EMSA-PSS-VERIFY (RFC 8017, section 9.1.2), for a salt as long as the hash. */
function isPss(encoded: Buffer, digest: Uint8Array, hash: string, bits: number): boolean {
  const size = Math.ceil(bits / 8);
  const message = encoded.subarray(encoded.length - size);
  if (encoded.subarray(0, encoded.length - size).some((byte) => byte !== 0)) return false;
  const blockSize = size - digest.length - 1;
  if (message.at(-1) !== 0xbc || blockSize < digest.length + 1) return false;
  const masked = message.subarray(0, blockSize);
  const hashed = message.subarray(blockSize, size - 1);
  const top = Buffer.from(masked);
  clearTop(top, bits);
  if (!top.equals(masked)) return false;
  const block = xor(masked, maskOf(hash, hashed, blockSize));
  clearTop(block, bits);
  const saltAt = blockSize - digest.length;
  if (block.subarray(0, saltAt - 1).some((byte) => byte !== 0)) return false;
  if (block[saltAt - 1] !== 1) return false;
  const salt = block.subarray(saltAt);
  return equalSecrets(hashOf(hash, Buffer.alloc(8), digest, salt), hashed);
}

function clearTop(bytes: Buffer, bits: number): void {
  bytes[0] = (bytes[0] ?? 0) & (0xff >> topBits(bits));
}

/** Bits of the first byte that are none of the number's. */
const topBits = (bits: number): number => (8 - (bits % 8)) % 8;

/** MGF1 (RFC 8017, appendix B.2.1). */
function maskOf(hash: string, seed: Uint8Array, size: number): Buffer {
  const blocks: Buffer[] = [];
  for (let at = 0, count = 0; at < size; count += 1) {
    const counter = Buffer.alloc(4);
    counter.writeUInt32BE(count);
    const block = hashOf(hash, seed, counter);
    blocks.push(block);
    at += block.length;
  }
  return Buffer.concat(blocks).subarray(0, size);
}

function hashOf(hash: string, ...parts: readonly Uint8Array[]): Buffer {
  const running = createHash(hash);
  for (const part of parts) running.update(part);
  return running.digest();
}

const xor = (left: Buffer, right: Buffer): Buffer =>
  Buffer.from(left.map((byte, at) => byte ^ (right[at] ?? 0)));
