import { createHasher } from "../../../lib/hash.ts";
import { ServiceError } from "../../../pipeline/operation.ts";
import { type PythonClass, pythonClasses } from "../../../sql/python-classes.ts";
import type { AccountStore, BlobRef, Sealer } from "../../../storage/store.ts";
import type { OdpsCall, ProjectTarget } from "../find-project.ts";
import type { ProjectSealing } from "../project-sealing.ts";

/** MaxCompute's own bound of one resource. */
export const resourceBytesMax = 500 * 1024 * 1024;
/** Larger Python files are kept, and no class in them can be a function. */
const pythonBytesMax = 1024 * 1024;

/** The content of a resource on disk; it belongs to nobody until it is kept. */
export interface WrittenContent {
  readonly blob: BlobRef;
  readonly sealedBy?: string;
  readonly size: number;
  readonly md5: string;
  readonly classes?: readonly PythonClass[];
  readonly lines?: number;
}

/** Writes a body to disk, and looks at it on its way. */
export async function writeContent(
  { store, project }: ProjectTarget,
  body: AsyncIterable<Buffer>,
  type: string,
  call: OdpsCall,
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
  const { sealer, sealedBy } = await call.own.sealing.forWriting(project);
  const blob = await store.blobs.write(watched(), sealer);
  const written = {
    ...{ blob, size, md5: hasher.digest().toString("hex") },
    ...(sealedBy !== undefined && { sealedBy }),
  };
  if (type !== "py" || size > pythonBytesMax) return written;
  const text = Buffer.concat(head).toString("utf8");
  return { ...written, classes: pythonClasses(text), lines: text.split("\n").length };
}

/** A body without bytes. */
export async function* noBytes(): AsyncGenerator<Buffer> {}

interface ReadHow {
  readonly range?: { readonly start: number; readonly end: number };
  readonly sealer?: Sealer | undefined;
}

/** Reads bytes of a blob, as a stream whatever their number. */
export async function* readBlob(
  store: AccountStore,
  blob: BlobRef,
  { range, sealer }: ReadHow,
): AsyncGenerator<Buffer> {
  const found = store.blobs.read(blob, range, sealer);
  if (Buffer.isBuffer(found)) yield found;
  else yield* found;
}

/** Reads all of a resource, opened by what its project's key allows now. Throws what that refuses. */
export async function* readResourceContent(
  { project, store }: Pick<ProjectTarget, "project" | "store">,
  resource: Pick<WrittenContent, "sealedBy"> & { readonly blob?: BlobRef },
  sealing: ProjectSealing,
): AsyncGenerator<Buffer> {
  const sealer = await sealing.openerOf(project.account, resource);
  if (resource.blob) yield* readBlob(store, resource.blob, { sealer });
}
