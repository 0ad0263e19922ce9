import { constants, createHash, type KeyObject, privateEncrypt, publicDecrypt } from "node:crypto";
import { equalSecrets } from "../lib/hash.ts";
import type { Random } from "../lib/random.ts";

/*
 * RSASSA-PSS over a hash that is given (RFC 8017, 9.1), which node:crypto does not offer: it hashes itself.
 * Both hashes are the same one.
 */

export interface PssHash {
  readonly name: string;
  readonly bytes: number;
}

const padding = constants.RSA_NO_PADDING;
const trailer = 0xbc;
const zeros = Buffer.alloc(8);
const digest = (name: string, ...pieces: Uint8Array[]): Buffer =>
  createHash(name).update(Buffer.concat(pieces)).digest();

function mask(name: string, seed: Uint8Array, size: number): Buffer {
  const pieces: Buffer[] = [];
  for (let at = 0, made = 0; made < size; at += 1) {
    const count = Buffer.alloc(4);
    count.writeUInt32BE(at);
    const piece = digest(name, seed, count);
    pieces.push(piece);
    made += piece.length;
  }
  return Buffer.concat(pieces, size);
}

const xor = (one: Uint8Array, other: Uint8Array): Buffer =>
  Buffer.from(one.map((byte, at) => byte ^ (other[at] ?? 0)));

const sizeOf = (key: KeyObject) => {
  const bits = (key.asymmetricKeyDetails?.modulusLength ?? 0) - 1;
  const encoded = Math.ceil(bits / 8);
  /** Bits of the first byte that are in use. */
  return { encoded, first: 0xff >> (8 * encoded - bits), signature: Math.ceil((bits + 1) / 8) };
};

/** The longest salt that a key has room for, in bytes. */
export const saltBytesMax = (key: KeyObject, hash: PssHash): number =>
  sizeOf(key).encoded - hash.bytes - 2;

export function signPss(
  key: KeyObject,
  hash: PssHash,
  hashed: Uint8Array,
  saltBytes: number,
  random: Random,
): Buffer {
  const { encoded, first, signature } = sizeOf(key);
  const salt = random.bytes(saltBytes);
  const proof = digest(hash.name, zeros, hashed, salt);
  const block = Buffer.alloc(encoded - hash.bytes - 1);
  block[block.length - salt.length - 1] = 1;
  salt.copy(block, block.length - salt.length);
  const masked = xor(block, mask(hash.name, proof, block.length));
  masked[0] = (masked[0] ?? 0) & first;
  const message = Buffer.concat([masked, proof, Buffer.from([trailer])]);
  const padded = Buffer.concat([Buffer.alloc(signature - encoded), message]);
  return privateEncrypt({ key, padding }, padded);
}

export function isPssSignedBy(
  key: KeyObject,
  hash: PssHash,
  hashed: Uint8Array,
  saltBytes: number,
  signature: Uint8Array,
): boolean {
  const { encoded, first } = sizeOf(key);
  let opened: Buffer;
  try {
    opened = publicDecrypt({ key, padding }, signature);
  } catch {
    return false;
  }
  const message = opened.subarray(opened.length - encoded);
  const masked = message.subarray(0, encoded - hash.bytes - 1);
  const proof = message.subarray(masked.length, encoded - 1);
  if (message[encoded - 1] !== trailer || ((masked[0] ?? 0) & ~first) !== 0) return false;
  const block = xor(masked, mask(hash.name, proof, masked.length));
  block[0] = (block[0] ?? 0) & first;
  const at = block.length - saltBytes - 1;
  if (at < 0 || block[at] !== 1 || block.subarray(0, at).some((byte) => byte !== 0)) return false;
  return equalSecrets(proof, digest(hash.name, zeros, hashed, block.subarray(at + 1)));
}
