import { versionOf } from "../ciphertext.ts";

/*
 * What a key of an external key store encrypts:
 *   format 2 | key version 32 | n 1 | IV n | tag 16 | m 1 | metadata m | ciphertext
 * The ciphertext is the proxy's, of a whole message of the key service under the version's own material. All but the
 * format and the version is the proxy's to know; its tag binds those two and the encryption context.
 */
const format = 2;
const headBytes = 33;
const tagBytes = 16;

/** What a proxy made of a message. */
export interface ProxyCiphertext {
  readonly iv: Buffer;
  readonly tag: Buffer;
  readonly metadata: Buffer;
  readonly ciphertext: Buffer;
}

/** Format and version of a key's messages. */
export const outerHead = (version: string): Buffer =>
  Buffer.concat([Buffer.from([format]), Buffer.from(version, "hex")]);

/** The whole ciphertext. */
export const joinOuter = (
  head: Buffer,
  { iv, tag, metadata, ciphertext }: ProxyCiphertext,
): Buffer =>
  Buffer.concat([
    ...[head, Buffer.from([iv.length]), iv, tag],
    ...[Buffer.from([metadata.length]), metadata, ciphertext],
  ]);

/** Undoes `joinOuter`; undefined of what is no such ciphertext. */
export function splitOuter(
  message: Uint8Array,
): (ProxyCiphertext & { readonly head: Buffer }) | undefined {
  const bytes = Buffer.from(message);
  if (bytes[0] !== format || versionOf(bytes) === undefined) return undefined;
  let at = headBytes;
  const take = (length: number): Buffer => {
    const part = bytes.subarray(at, at + length);
    at += length;
    return part;
  };
  const head = bytes.subarray(0, headBytes);
  const iv = take(take(1)[0] ?? 0);
  const tag = take(tagBytes);
  const metadata = take(take(1)[0] ?? 0);
  const ciphertext = bytes.subarray(at);
  return at < bytes.length ? { head, iv, tag, metadata, ciphertext } : undefined;
}
