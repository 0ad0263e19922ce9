import type { OdpsInput } from "../../../pipeline/document.ts";
import type { OdpsCall, ProjectTarget } from "../find-project.ts";
import { invalid } from "../invalid.ts";
import { readBlob } from "../resources/content.ts";
import { sentCompression } from "../tunnel/tunnel.ts";
import { framed, inflated, unframed } from "./frames.ts";
import type { Piece } from "./records.ts";

/** Most bytes of one file. */
export const fileBytesMax = 5 * 1024 * 1024 * 1024;

/** The refusal of a file of more. */
export const tooLarge = () => invalid(`a file has at most ${fileBytesMax} bytes`);

/** Writes the file that a request brings to disk; it belongs to nobody until it is kept. */
export async function writePiece(
  { store, project }: ProjectTarget,
  input: OdpsInput,
  call: OdpsCall,
): Promise<Piece> {
  const { body } = input;
  if (!body) throw invalid("a file has a body");
  const compression = sentCompression(input);
  if (compression !== undefined && compression !== "deflate") {
    throw invalid("files of volumes are sent as deflate, or as they are");
  }
  const { sealer, sealedBy } = await call.own.sealing.forWriting(project);
  const plain = unframed(compression === undefined ? body : inflated(body));
  const blob = await store.blobs.write(limited(plain), sealer);
  return { blob, ...(sealedBy !== undefined && { sealedBy }) };
}

async function* limited(body: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let bytes = 0;
  for await (const part of body) {
    bytes += part.length;
    if (bytes > fileBytesMax) throw tooLarge();
    yield part;
  }
}

/** Reads bytes of a file in frames, opened by what the project's key allows now. Throws what that refuses. */
export async function readPieces(
  { store, project }: Pick<ProjectTarget, "store" | "project">,
  pieces: readonly Piece[],
  range: { readonly start: number; readonly end: number },
  call: OdpsCall,
): Promise<AsyncIterable<Buffer>> {
  const sealers = await call.own.sealing.opening(project.account, pieces);
  async function* bytes() {
    let begin = 0;
    for (const { blob, sealedBy } of pieces) {
      const [start, end] = [
        Math.max(range.start - begin, 0),
        Math.min(range.end - begin, blob.size),
      ];
      begin += blob.size;
      const sealer = sealedBy === undefined ? undefined : sealers.get(sealedBy);
      if (start < end) yield* readBlob(store, blob, { range: { start, end }, sealer });
    }
  }
  return framed(bytes());
}

/** `(start,length)` within what there is; clients say the largest number where they mean all. */
export function rangeOf(text: string | undefined, size: number): { start: number; end: number } {
  const [, start, length] = /^\((\d{1,19}),\s*(\d{1,19})\)$/.exec(text ?? `(0,${size})`) ?? [];
  if (start === undefined || length === undefined) throw invalid("range is (start,length)");
  const from = Math.min(Number(start), size);
  return { start: from, end: Math.min(from + Number(length), size) };
}
