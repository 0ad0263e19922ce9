import { constants, createHash, type KeyObject, privateEncrypt, publicDecrypt } from "node:crypto";
import { equalSecrets } from "../../lib/hash.ts";
import type { Random } from "../../lib/random.ts";

/** A digest to sign by RSASSA-PSS (RFC 8017, section 8.1), with MGF1 of the hash that made it. */
export interface PssMessage {
  /** As OpenSSL calls it. */
  readonly hash: string;
  readonly digest: Uint8Array;
  readonly saltBytes: number;
}

const padding = constants.RSA_NO_PADDING;
const trailer = 0xbc;
const zeros = Buffer.alloc(8);

/** The longest salt that a key has room for with a digest of so many bytes. */
export const saltBytesMax = (key: KeyObject, digestBytes: number): number =>
  encodedBytes(key) - digestBytes - 2;

/** Signs a digest: Node.js's API signs messages only. The salt has room. */
export function signPss(
  key: KeyObject,
  { hash, digest, saltBytes }: PssMessage,
  random: Random,
): Buffer {
  const size = encodedBytes(key);
  const salt = random.bytes(saltBytes);
  const proof = hashOf(hash, zeros, digest, salt);
  const block = Buffer.alloc(size - digest.length - 1);
  block[block.length - saltBytes - 1] = 1;
  salt.copy(block, block.length - saltBytes);
  const masked = xor(block, maskOf(hash, proof, block.length));
  clearTop(masked, key);
  const encoded = Buffer.concat([masked, proof, Buffer.from([trailer])]);
  return privateEncrypt({ key, padding }, Buffer.concat([zeros.subarray(0, before(key)), encoded]));
}

/** Whether it is a signature of the digest, with a salt of that length. */
export function isPss(
  key: KeyObject,
  { hash, digest, saltBytes }: PssMessage,
  signature: Uint8Array,
): boolean {
  const opened = open(key, signature);
  if (!opened || opened.subarray(0, before(key)).some((byte) => byte !== 0)) return false;
  const encoded = opened.subarray(before(key));
  const blockBytes = encoded.length - digest.length - 1;
  const markAt = blockBytes - saltBytes - 1;
  if (encoded.at(-1) !== trailer || markAt < 0) return false;
  const masked = encoded.subarray(0, blockBytes);
  const proof = encoded.subarray(blockBytes, -1);
  const top = Buffer.from(masked);
  clearTop(top, key);
  if (!top.equals(masked)) return false;
  const block = xor(masked, maskOf(hash, proof, blockBytes));
  clearTop(block, key);
  if (block[markAt] !== 1 || block.subarray(0, markAt).some((byte) => byte !== 0)) return false;
  return equalSecrets(hashOf(hash, zeros, digest, block.subarray(markAt + 1)), proof);
}

function open(key: KeyObject, signature: Uint8Array): Buffer | undefined {
  try {
    return publicDecrypt({ key, padding }, signature);
  } catch {
    return undefined;
  }
}

/** The encoded message is a bit shorter than the modulus. */
const bitsOf = (key: KeyObject): number => (key.asymmetricKeyDetails?.modulusLength ?? 0) - 1;
const encodedBytes = (key: KeyObject): number => Math.ceil(bitsOf(key) / 8);
/** Bytes of the modulus before it: one or none. */
const before = (key: KeyObject): number => Math.ceil((bitsOf(key) + 1) / 8) - encodedBytes(key);

/** Clears the bits that would make the number as long as the modulus. */
function clearTop(bytes: Buffer, key: KeyObject): void {
  bytes[0] = (bytes[0] ?? 0) & (0xff >> (8 * encodedBytes(key) - bitsOf(key)));
}

/** MGF1 (RFC 8017, appendix B.2.1). */
function maskOf(hash: string, seed: Uint8Array, size: number): Buffer {
  const blocks: Buffer[] = [];
  for (let made = 0; made < size; made += seed.length) {
    const counter = Buffer.alloc(4);
    counter.writeUInt32BE(blocks.length);
    blocks.push(hashOf(hash, seed, counter));
  }
  return Buffer.concat(blocks, size);
}

function hashOf(hash: string, ...parts: readonly Uint8Array[]): Buffer {
  const running = createHash(hash);
  for (const part of parts) running.update(part);
  return running.digest();
}

const xor = (left: Uint8Array, right: Uint8Array): Buffer =>
  Buffer.from(left.map((byte, at) => byte ^ (right[at] ?? 0)));
