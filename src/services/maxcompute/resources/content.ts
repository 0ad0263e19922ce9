import { createHasher } from "../../../lib/hash.ts";
import { ServiceError } from "../../../pipeline/operation.ts";
import { type PythonClass, pythonClasses } from "../../../sql/python-classes.ts";
import type { AccountStore, BlobRef } from "../../../storage/store.ts";

/** MaxCompute's own bound of one resource. */
export const resourceBytesMax = 500 * 1024 * 1024;
/** Larger Python files are kept, and no class in them can be a function. */
const pythonBytesMax = 1024 * 1024;

/** The content of a resource on disk; it belongs to nobody until it is kept. */
export interface WrittenContent {
  readonly blob: BlobRef;
  readonly size: number;
  readonly md5: string;
  readonly classes?: readonly PythonClass[];
  readonly lines?: number;
}

/** Writes a body to disk, and looks at it on its way. */
export async function writeContent(
  store: AccountStore,
  body: AsyncIterable<Buffer>,
  type: string,
): Promise<WrittenContent> {
  const hasher = createHasher("md5");
  const head: Buffer[] = [];
  let size = 0;
  async function* watched() {
    for await (const part of body) {
      size += part.length;
      if (size > resourceBytesMax) {
        throw new ServiceError(
          "InvalidArgument",
          `A resource has at most ${resourceBytesMax} bytes.`,
        );
      }
      hasher.update(part);
      if (type === "py" && size <= pythonBytesMax) head.push(Buffer.from(part));
      yield part;
    }
  }
  const blob = await store.blobs.write(watched());
  const written = { blob, size, md5: hasher.digest().toString("hex") };
  if (type !== "py" || size > pythonBytesMax) return written;
  const text = Buffer.concat(head).toString("utf8");
  return { ...written, classes: pythonClasses(text), lines: text.split("\n").length };
}

/** Reads bytes of a blob, as a stream whatever their number. */
export async function* readBlob(
  store: AccountStore,
  blob: BlobRef,
  range?: { readonly start: number; readonly end: number },
): AsyncGenerator<Buffer> {
  const found = store.blobs.read(blob, range);
  if (Buffer.isBuffer(found)) yield found;
  else yield* found;
}
