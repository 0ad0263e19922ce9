import { createHash } from "node:crypto";
import { equalSecrets } from "../../lib/hash.ts";
import type { Random } from "../../lib/random.ts";

/*
 * EMSA-PSS (RFC 8017, section 9.1) of a digest, with MGF1 of the same hash and a salt as long as it: Node.js's API
 * signs messages only.
 */

/** Encodes a digest for a modulus of so many bits, into as many bytes as the modulus has. */
export function encodePss(
  digest: Uint8Array,
  hash: string,
  modulusBits: number,
  random: Random,
): Buffer {
  const size = Math.ceil((modulusBits - 1) / 8);
  const salt = random.bytes(digest.length);
  const hashed = hashOf(hash, Buffer.alloc(8), digest, salt);
  const block = Buffer.concat([Buffer.alloc(size - 2 * digest.length - 2), Buffer.from([1]), salt]);
  const masked = xor(block, maskOf(hash, hashed, block.length));
  clearTop(masked, modulusBits);
  const encoded = Buffer.concat([masked, hashed, Buffer.from([0xbc])]);
  return Buffer.concat([Buffer.alloc(Math.ceil(modulusBits / 8) - size), encoded]);
}

/** Whether `encoded`, as long as the modulus, is an encoding of the digest. */
export function isPss(
  encoded: Uint8Array,
  digest: Uint8Array,
  hash: string,
  modulusBits: number,
): boolean {
  const size = Math.ceil((modulusBits - 1) / 8);
  const before = encoded.length - size;
  if (before < 0 || encoded.subarray(0, before).some((byte) => byte !== 0)) return false;
  const message = encoded.subarray(before);
  const blockBytes = size - digest.length - 1;
  const saltAt = blockBytes - digest.length;
  if (message.at(-1) !== 0xbc || saltAt < 1) return false;
  const masked = message.subarray(0, blockBytes);
  const hashed = message.subarray(blockBytes, size - 1);
  const top = Buffer.from(masked);
  clearTop(top, modulusBits);
  if (!top.equals(masked)) return false;
  const block = xor(masked, maskOf(hash, hashed, blockBytes));
  clearTop(block, modulusBits);
  if (block.subarray(0, saltAt - 1).some((byte) => byte !== 0) || block[saltAt - 1] !== 1) {
    return false;
  }
  return equalSecrets(hashOf(hash, Buffer.alloc(8), digest, block.subarray(saltAt)), hashed);
}

/** Clears the bits that would make the number as long as the modulus. */
function clearTop(bytes: Buffer, modulusBits: number): void {
  bytes[0] = (bytes[0] ?? 0) & (0xff >> ((8 - ((modulusBits - 1) % 8)) % 8));
}

/** MGF1 (RFC 8017, appendix B.2.1). */
function maskOf(hash: string, seed: Uint8Array, size: number): Buffer {
  const blocks: Buffer[] = [];
  for (let made = 0; made < size; made += seed.length) {
    const counter = Buffer.alloc(4);
    counter.writeUInt32BE(blocks.length);
    blocks.push(hashOf(hash, seed, counter));
  }
  return Buffer.concat(blocks).subarray(0, size);
}

function hashOf(hash: string, ...parts: readonly Uint8Array[]): Buffer {
  const running = createHash(hash);
  for (const part of parts) running.update(part);
  return running.digest();
}

const xor = (left: Uint8Array, right: Uint8Array): Buffer =>
  Buffer.from(left.map((byte, at) => byte ^ (right[at] ?? 0)));
