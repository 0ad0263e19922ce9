import { createHasher, md5Hex } from "../../lib/hash.ts";
import type { BlobRef, Sealer } from "../../storage/store.ts";
import type { Bucket } from "./find.ts";

/** A body as the wire gives it: whole when small, else as it arrives, verified by its end. */
export type Body = Uint8Array | AsyncIterable<Uint8Array>;

/** The body of an input. The model's type is that of the client's streams. */
export function bodyOf(input: { readonly Body?: unknown }): Body {
  return (input.Body ?? new Uint8Array()) as Body;
}

/** Writes a body and takes its MD5, which is the entity tag of objects without a key of their own. */
export async function writeBody(
  { store }: Bucket,
  body: Body,
  sealer: Sealer | undefined,
): Promise<{ blob: BlobRef; md5: string }> {
  if (body instanceof Uint8Array) {
    return { blob: await store.blobs.write(body, sealer), md5: md5Hex(body) };
  }
  const hasher = createHasher("md5");
  const blob = await store.blobs.write(hashed(body, hasher), sealer);
  return { blob, md5: hasher.digest().toString("hex") };
}

async function* hashed(
  body: AsyncIterable<Uint8Array>,
  hasher: ReturnType<typeof createHasher>,
): AsyncGenerator<Uint8Array> {
  for await (const piece of body) {
    hasher.update(piece);
    yield piece;
  }
}
