import { createCipheriv, createDecipheriv } from "node:crypto";
import { hmacSha256 } from "../lib/hash.ts";
import type { Random } from "../lib/random.ts";
import type { Context } from "./keys.ts";

/*
 * A ciphertext of the key service:
 *   format 1 | key version 32 | nonce of the derivation 16 | IV 12 | ciphertext | tag 16
 * Each message has a key of its own, derived from the key version and the nonce (NIST SP 800-108, counter mode,
 * HMAC-SHA-256), so that a key version has no limit of messages. The tag covers the header and the encryption context.
 */
const format = 1;
/** What an external key store's proxy has encrypted again (`external/outer-message.ts`). */
const outerFormat = 2;
const versionBytes = 32;
const nonceBytes = 16;
const ivBytes = 12;
const tagBytes = 16;
const headerBytes = 1 + versionBytes + nonceBytes + ivBytes;

const firstBlock = Buffer.from([0, 0, 0, 1]);
const label = Buffer.from("bondstore kms message\0");
const beforeNonce = Buffer.concat([firstBlock, label]);
const keyBits = Buffer.from([0, 0, 1, 0]);

/** What a message's own key is made of; the nonce is that of the last message asked for. */
const block = Buffer.concat([beforeNonce, Buffer.alloc(nonceBytes), keyBits]);

/** The id of the key version that made a ciphertext (64 hexadecimal digits); undefined when it is none of ours. */
export function versionOf(ciphertext: Uint8Array): string | undefined {
  const [first] = ciphertext;
  const known = first === format || first === outerFormat;
  if (ciphertext.length < headerBytes + tagBytes || !known) return undefined;
  return Buffer.from(ciphertext.subarray(1, 1 + versionBytes)).toString("hex");
}

/** Encrypts a message under a key version. */
export function encryptMessage(
  version: { readonly id: string; readonly material: Uint8Array },
  plaintext: Uint8Array,
  context: Context,
  random: Random,
): Buffer {
  const header = newHeader(version.id, random);
  return sealMessage(messageKey(version.material, header), header, plaintext, context);
}

/** Undoes `encryptMessage`; undefined when a byte, the material or the context differs. */
export function decryptMessage(
  material: Uint8Array,
  ciphertext: Uint8Array,
  context: Context,
): Buffer | undefined {
  return openMessage(messageKey(material, ciphertext), ciphertext, context);
}

/** The header of a new message: what its own key is derived from, and its IV. */
export function newHeader(versionId: string, random: Random): Buffer {
  const header = Buffer.allocUnsafe(headerBytes);
  header[0] = format;
  header.write(versionId, 1, versionBytes, "hex");
  header.set(random.bytes(nonceBytes + ivBytes), 1 + versionBytes);
  return header;
}

/** What HMAC-SHA-256 under the material of the version makes a message's own key of: where a token has the material. */
export const derivationBlock = (message: Uint8Array): Buffer => Buffer.from(blockOf(message));

/** The same until the next message is asked for. */
function blockOf(message: Uint8Array): Buffer {
  const from = 1 + versionBytes;
  for (let at = 0; at < nonceBytes; at += 1)
    block[beforeNonce.length + at] = message[from + at] ?? 0;
  return block;
}

/** Encrypts under a message's own key. */
export function sealMessage(
  key: Uint8Array,
  header: Uint8Array,
  plaintext: Uint8Array,
  context: Context,
): Buffer {
  const message = Buffer.allocUnsafe(headerBytes + plaintext.length + tagBytes);
  message.set(header);
  const cipher = createCipheriv("aes-256-gcm", key, ivOf(header)).setAAD(bind(header, context));
  message.set(cipher.update(plaintext), headerBytes);
  cipher.final();
  message.set(cipher.getAuthTag(), headerBytes + plaintext.length);
  return message;
}

/** Undoes `sealMessage`; undefined when a byte, the key or the context differs. */
export function openMessage(
  key: Uint8Array,
  ciphertext: Uint8Array,
  context: Context,
): Buffer | undefined {
  const header = ciphertext.subarray(0, headerBytes);
  const end = ciphertext.length - tagBytes;
  const decipher = createDecipheriv("aes-256-gcm", key, ivOf(header))
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

const messageKey = (material: Uint8Array, message: Uint8Array): Buffer =>
  hmacSha256(material, blockOf(message));

const ivOf = (header: Uint8Array) => header.subarray(headerBytes - ivBytes, headerBytes);

const bind = (header: Uint8Array, context: Context): Buffer => writeContext(context, header);

const nothing = Buffer.alloc(0);

/**
 * One form for each encryption context: pairs sorted by the UTF-8 bytes of their keys, every part with its length
 * before it, so that no two contexts meet in the same bytes.
 */
export const canonicalContext = (context: Context): Buffer => writeContext(context, nothing);

/** The same behind other bytes. */
function writeContext(context: Context, before: Uint8Array): Buffer {
  const keys = Object.keys(context);
  if (keys.length > 1) {
    keys.sort((left, right) => Buffer.compare(Buffer.from(left), Buffer.from(right)));
  }
  let size = before.length + 4;
  for (const key of keys) size += 8 + Buffer.byteLength(key) + Buffer.byteLength(valueAt(key));
  const bytes = Buffer.allocUnsafe(size);
  bytes.set(before);
  let at = bytes.writeUInt32BE(keys.length, before.length);
  for (const key of keys) at = writePart(bytes, valueAt(key), writePart(bytes, key, at));
  return bytes;

  function valueAt(key: string): string {
    return context[key] ?? "";
  }
}

/** Length and text; answers where the next part goes. */
function writePart(bytes: Buffer, text: string, at: number): number {
  const length = bytes.write(text, at + 4);
  bytes.writeUInt32BE(length, at);
  return at + 4 + length;
}
