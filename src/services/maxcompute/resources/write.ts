import { createHasher } from "../../../lib/hash.ts";
import type { OdpsAnswer, OdpsInput } from "../../../pipeline/document.ts";
import { operation, ServiceError } from "../../../pipeline/operation.ts";
import { keepOrDiscard } from "../../../storage/keep-or-discard.ts";
import type { AccountStore } from "../../../storage/store.ts";
import { type OdpsCall, type ProjectTarget, projectOf, schemaOf } from "../find-project.ts";
import { invalid } from "../invalid.ts";
import { callerName } from "../projects.ts";
import { forgetResource } from "../security/change.ts";
import { checkPath } from "../volumes/path.ts";
import {
  noBytes,
  readResourceContent,
  resourceBytesMax,
  type WrittenContent,
  writeContent,
} from "./content.ts";
import { noSuchResource, type ResourceTarget, resourceOf } from "./find.ts";
import { isResourceType, type ResourceRecord, resourceKey, resourceRows } from "./records.ts";

const resourcesMax = 10_000;
const partsMax = 1_000;
const mergeTextMax = 1024 * 1024;
const nameForm = /^\w[\w.-]{0,254}$/;
const tableForm = /^[\w.`]{1,400}(?: partition\([^)]{1,400}\))?$/;

/** Makes a resource of what the client sends. */
export const createResource = operation("CreateResource", {
  resolve: (input: OdpsInput, call: OdpsCall) => projectOf(input, call),
  told: true,
  async handle(within: ProjectTarget, input: OdpsInput, call: OdpsCall): Promise<OdpsAnswer> {
    const name = input.headers["x-odps-resource-name"] ?? "";
    if (!nameForm.test(name)) {
      throw invalid(`\`${name.slice(0, 128)}\` is no resource's name: letters, digits, _, . and -`);
    }
    const { project, store } = within;
    const schema = schemaOf(input);
    const made = await contentOf(within, input, call);
    const record: ResourceRecord = {
      ...{ id: call.parts.random.uuid(), schema, name, owner: callerName(call) },
      ...{ createdAtMs: call.timeMs, version: 1, part: input.parameters["rIsPart"] === "true" },
      ...changedBy(input, made, call),
    };
    const key = resourceKey(project.id, schema, name);
    await keepOrDiscard(call.parts.store, within.store, contentsOf(made), () => {
      const rows = resourceRows(store);
      if (rows.find(key)) {
        throw new ServiceError(
          "ObjectAlreadyExists",
          `ODPS-0420181: Resource already exists - '${name}' already exists`,
        );
      }
      if ([...rows.range({ prefix: [project.id], limit: resourcesMax })].length >= resourcesMax) {
        throw invalid(`a project has at most ${resourcesMax} resources`);
      }
      putContent(store, project.id, schema, made);
      rows.put(key, record);
    });
    return { created: `/projects/${project.name}/resources/${name}` };
  },
});

/** Puts another content in the place of a resource's. */
export const updateResource = operation("UpdateResource", {
  resolve: (input: OdpsInput, call: OdpsCall) => resourceOf(input, call),
  action: "Write",
  told: true,
  async handle(target: ResourceTarget, input: OdpsInput, call: OdpsCall): Promise<OdpsAnswer> {
    const { store, project, resource } = target;
    // Nothing else may take the place of a content: a new owner, tags.
    const type = (input.headers["x-odps-resource-type"] ?? "").toLowerCase();
    if (type !== resource.type) {
      throw invalid(`${resource.name} is a resource of type ${resource.type}, not \`${type}\``);
    }
    const made = await contentOf(target, input, call);
    const key = resourceKey(project.id, resource.schema, resource.name);
    await keepOrDiscard(call.parts.store, target.store, contentsOf(made), () => {
      const now = resourceRows(store).find(key);
      if (now?.id !== resource.id) throw noSuchResource(resource.name);
      if (now.blob) store.blobs.remove(now.blob);
      putContent(store, project.id, resource.schema, made);
      const { blob: _blob, sealedBy: _by, classes: _classes, lines: _lines, ...rest } = now;
      resourceRows(store).put(key, {
        ...{ ...rest, version: now.version + 1 },
        ...changedBy(input, made, call),
      });
    });
    return {};
  },
});

/** Drops a resource, and what was granted on its name. */
export const deleteResource = operation("DeleteResource", {
  resolve: (input: OdpsInput, call: OdpsCall) => resourceOf(input, call),
  action: "Delete",
  async handle({ store, project, resource }: ResourceTarget, _input, call): Promise<OdpsAnswer> {
    await call.parts.store.transaction(() => {
      const key = resourceKey(project.id, resource.schema, resource.name);
      const now = resourceRows(store).find(key);
      if (now?.id !== resource.id) return;
      if (now.blob) store.blobs.remove(now.blob);
      resourceRows(store).remove(key);
      forgetResource(store, project, resource);
    });
    return {};
  },
});

/** What a request makes of a resource, written to disk. */
interface Made {
  readonly type: ResourceRecord["type"];
  readonly content?: WrittenContent;
  readonly table?: string;
  readonly volumeFile?: string;
  /** Pieces that the content was put together of: they go with it. */
  readonly parts: readonly ResourceRecord[];
}

const contentsOf = ({ content }: Made) => (content ? [content] : []);

async function contentOf(within: ProjectTarget, input: OdpsInput, call: OdpsCall): Promise<Made> {
  const { store, project } = within;
  const type = (input.headers["x-odps-resource-type"] ?? "").toLowerCase();
  if (!isResourceType(type)) {
    throw invalid(`resources of type \`${type.slice(0, 32)}\` are not built in this Bondstore`);
  }
  if (type === "table") {
    const table = input.headers["x-odps-copy-table-source"] ?? "";
    if (!tableForm.test(table)) throw invalid("x-odps-copy-table-source names no table");
    return { type, table, parts: [] };
  }
  if (type === "volumefile" || type === "volumearchive") {
    const volumeFile = input.headers["x-odps-copy-file-source"] ?? "";
    const [, within = ""] = /^(?:[A-Za-z]\w{1,127}\/volumes)?\/(.+)$/s.exec(volumeFile) ?? [];
    if (checkPath(within) === "")
      throw invalid("x-odps-copy-file-source names no file of a volume");
    return { type, volumeFile, parts: [] };
  }
  const body = input.body ?? noBytes();
  if (input.parameters["rOpMerge"] !== "true") {
    return { type, content: await writeContent(within, body, type, call), parts: [] };
  }
  const parts = await partsNamed(body, store, project.id, input, call);
  const content = await writeContent(within, joined(within, parts.list, call), type, call);
  if (content.md5 === parts.md5.toLowerCase()) return { type, content, parts: parts.list };
  store.blobs.discard(content.blob);
  throw invalid("the parts do not make the content of this MD5");
}

async function* joined(within: ProjectTarget, parts: readonly ResourceRecord[], call: OdpsCall) {
  for (const part of parts) yield* readResourceContent(within, part, call.own.sealing);
}

/** Reads `md5|part,part`: pieces that the caller has sent before. */
async function partsNamed(
  body: AsyncIterable<Buffer>,
  store: AccountStore,
  projectId: string,
  input: OdpsInput,
  call: OdpsCall,
): Promise<{ readonly md5: string; readonly list: readonly ResourceRecord[] }> {
  let text = "";
  for await (const piece of body) {
    text += piece.toString("utf8");
    if (text.length > mergeTextMax) throw invalid("the list of parts is too long");
  }
  const [md5 = "", names = ""] = text.split("|");
  const written = names.split(",");
  if (written.length > partsMax) throw invalid(`a resource has at most ${partsMax} parts`);
  const list = written.map((name) => {
    const part = resourceRows(store).find(resourceKey(projectId, schemaOf(input), name.trim()));
    // A piece is its sender's alone: nobody reads another's resource by putting it into one.
    if (!part?.part || part.owner !== callerName(call)) throw noSuchResource(name);
    return part;
  });
  if (list.reduce((sum, { size }) => sum + size, 0) > resourceBytesMax) {
    throw invalid(`A resource has at most ${resourceBytesMax} bytes.`);
  }
  return { md5, list };
}

/** What a record says of its content and of who changed it. */
const changedBy = (
  input: OdpsInput,
  { type, content, table, volumeFile }: Made,
  call: OdpsCall,
) => ({
  ...{ type, modifiedAtMs: call.timeMs, modifiedBy: callerName(call) },
  comment: (input.headers["x-odps-comment"] ?? "").slice(0, 1024),
  temporary: input.headers["x-odps-resource-istemp"] === "true",
  ...{ size: content?.size ?? 0, md5: content?.md5 ?? emptyMd5 },
  ...(content && {
    blob: content.blob,
    ...(content.sealedBy !== undefined && { sealedBy: content.sealedBy }),
    ...looksOf(content),
  }),
  ...(table !== undefined && { table }),
  ...(volumeFile !== undefined && { volumeFile }),
});

const looksOf = ({ classes, lines }: WrittenContent) => ({
  ...(classes && { classes }),
  ...(lines !== undefined && { lines }),
});

const emptyMd5 = createHasher("md5").digest().toString("hex");

/** Keeps a content, inside a transaction; the pieces that it was put together of go. */
function putContent(
  store: AccountStore,
  projectId: string,
  schema: string,
  { content, parts }: Made,
): void {
  if (content) store.blobs.keep(content.blob);
  for (const part of parts) {
    const key = resourceKey(projectId, schema, part.name);
    if (resourceRows(store).find(key)?.id !== part.id) continue;
    if (part.blob) store.blobs.remove(part.blob);
    resourceRows(store).remove(key);
  }
}
