import { deriveKey } from "../keys/wrapping.ts";
import { hmacSha256 } from "../lib/hash.ts";
import type { ObjectRow } from "./cluster-tables.ts";

const noSalt = Buffer.alloc(0);

/** The master key of a partition, from the half that is kept under the account's root and the one in the vault. */
export const masterOf = (clear: Buffer, vaultHalf: Buffer): Buffer =>
  deriveKey(Buffer.concat([clear, vaultHalf]), noSalt, "master key of an HSM partition");

/**
 * Sums are exclusive-ors of MACs, so that objects come and go at one cost. Who cannot open the state cannot know or set
 * it, and so cannot make another set of objects that sums up to it.
 */
export function addSum(digest: Buffer, sum: Buffer): void {
  for (let at = 0; at < digest.length; at += 1) digest[at] = (digest[at] ?? 0) ^ (sum[at] ?? 0);
}

/** The key of the sums. */
export const sumKeyOf = (master: Buffer): Buffer =>
  deriveKey(master, noSalt, "sum over an HSM partition");

/** What an object adds to the sum. */
export function sumOf(key: Buffer, id: string, { attributes, value }: ObjectRow): Buffer {
  const size = Buffer.alloc(4);
  size.writeUInt32BE(attributes.length);
  const pieces = [Buffer.from(id), size, attributes, value ?? noSalt];
  return hmacSha256(key, Buffer.concat(pieces));
}
