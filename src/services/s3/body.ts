import { type ChecksumAlgorithm, createChecksum } from "../../lib/checksum.ts";
import { createHasher, type Hasher, md5Hex } from "../../lib/hash.ts";
import type { BlobRef, Sealer } from "../../storage/store.ts";
import type { Bucket } from "./find.ts";
import type { Checksums } from "./records.ts";

/** A body as the wire gives it: whole when small, else as it arrives, verified by its end. */
export type Body = Uint8Array | AsyncIterable<Uint8Array>;

/** A body that is on disk. */
export interface Written {
  readonly blob: BlobRef;
  /** The entity tag of objects without a key of their own. */
  readonly md5: string;
  /** The one that was asked for. */
  readonly checksums: Checksums;
}

/** The body of an input. The model's type is that of the client's streams. */
export function bodyOf(input: { readonly Body?: unknown }): Body {
  return (input.Body ?? new Uint8Array()) as Body;
}

/** Writes a body, and takes its MD5 and the checksum that is asked for. */
export async function writeBody(
  { store }: Bucket,
  body: Body,
  sealer: Sealer | undefined,
  algorithm?: ChecksumAlgorithm,
): Promise<Written> {
  const checksum = algorithm && createChecksum(algorithm);
  const checksums = () =>
    checksum ? { [`Checksum${algorithm}`]: checksum.digest().toString("base64") } : {};
  if (body instanceof Uint8Array) {
    checksum?.update(body);
    const blob = await store.blobs.write(body, sealer);
    return { blob, md5: md5Hex(body), checksums: checksums() };
  }
  const md5 = createHasher("md5");
  const blob = await store.blobs.write(hashed(body, checksum ? [md5, checksum] : [md5]), sealer);
  return { blob, md5: md5.digest().toString("hex"), checksums: checksums() };
}

async function* hashed(
  body: AsyncIterable<Uint8Array>,
  hashers: readonly Hasher[],
): AsyncGenerator<Uint8Array> {
  for await (const piece of body) {
    for (const hasher of hashers) hasher.update(piece);
    yield piece;
  }
}
