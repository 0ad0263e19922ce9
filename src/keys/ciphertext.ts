import { createCipheriv, createDecipheriv, createHmac } from "node:crypto";
import type { Random } from "../lib/random.ts";
import type { Context } from "./keys.ts";

/*
 * A ciphertext of the key service:
 *   format 1 | key version 32 | nonce of the derivation 16 | IV 12 | ciphertext | tag 16
 * Each message has a key of its own, derived from the key version and the nonce (NIST SP 800-108, counter mode,
 * HMAC-SHA-256), so that a key version has no limit of messages. The tag covers the header and the encryption context.
 */
const format = 1;
const versionBytes = 32;
const nonceBytes = 16;
const ivBytes = 12;
const tagBytes = 16;
const headerBytes = 1 + versionBytes + nonceBytes + ivBytes;

const label = Buffer.from("bondstore kms message\0");
const firstBlock = Buffer.from([0, 0, 0, 1]);
const keyBits = Buffer.from([0, 0, 1, 0]);

/** The id of the key version that made a ciphertext (64 hexadecimal digits); undefined when it is none of ours. */
export function versionOf(ciphertext: Uint8Array): string | undefined {
  if (ciphertext.length < headerBytes + tagBytes || ciphertext[0] !== format) return undefined;
  return Buffer.from(ciphertext.subarray(1, 1 + versionBytes)).toString("hex");
}

/** Encrypts a message under a key version. */
export function encryptMessage(
  version: { readonly id: string; readonly material: Uint8Array },
  plaintext: Uint8Array,
  context: Context,
  random: Random,
): Buffer {
  const header = Buffer.concat([
    Buffer.from([format]),
    Buffer.from(version.id, "hex"),
    random.bytes(nonceBytes + ivBytes),
  ]);
  const cipher = createCipheriv(
    "aes-256-gcm",
    messageKey(version.material, header),
    ivOf(header),
  ).setAAD(bind(header, context));
  const body = cipher.update(plaintext);
  cipher.final();
  return Buffer.concat([header, body, cipher.getAuthTag()]);
}

/** Undoes `encryptMessage`; undefined when a byte, the material or the context differs. */
export function decryptMessage(
  material: Uint8Array,
  ciphertext: Uint8Array,
  context: Context,
): Buffer | undefined {
  const header = ciphertext.subarray(0, headerBytes);
  const end = ciphertext.length - tagBytes;
  const decipher = createDecipheriv("aes-256-gcm", messageKey(material, header), ivOf(header))
    .setAAD(bind(header, context))
    .setAuthTag(ciphertext.subarray(end));
  const plaintext = decipher.update(ciphertext.subarray(headerBytes, end));
  try {
    decipher.final();
  } catch {
    return undefined;
  }
  return plaintext;
}

function messageKey(material: Uint8Array, header: Uint8Array): Buffer {
  const nonce = header.subarray(1 + versionBytes, 1 + versionBytes + nonceBytes);
  return createHmac("sha256", material)
    .update(firstBlock)
    .update(label)
    .update(nonce)
    .update(keyBits)
    .digest();
}

const ivOf = (header: Uint8Array) => header.subarray(headerBytes - ivBytes, headerBytes);

const bind = (header: Uint8Array, context: Context) =>
  Buffer.concat([header, canonicalContext(context)]);

const noContext = Buffer.alloc(4);

/**
 * One form for each encryption context: pairs sorted by the UTF-8 bytes of their keys, every part with its length
 * before it, so that no two contexts meet in the same bytes.
 */
export function canonicalContext(context: Context): Buffer {
  const pairs = Object.entries(context).map(([key, value]) => [
    Buffer.from(key),
    Buffer.from(value),
  ]);
  if (pairs.length === 0) return noContext;
  pairs.sort(([left], [right]) => Buffer.compare(left ?? noContext, right ?? noContext));
  return Buffer.concat([
    lengthOf(pairs.length),
    ...pairs.flat().flatMap((part) => [lengthOf(part.length), part]),
  ]);
}

function lengthOf(length: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeUInt32BE(length);
  return bytes;
}
