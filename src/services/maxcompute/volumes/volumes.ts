import {
  type Document,
  type OdpsAnswer,
  type OdpsInput,
  partOf,
  textOf,
} from "../../../pipeline/document.ts";
import { operation, ServiceError } from "../../../pipeline/operation.ts";
import { type OdpsCall, type ProjectTarget, projectOf, schemaOf } from "../find-project.ts";
import { invalid } from "../invalid.ts";
import { callerName } from "../projects.ts";
import { forgetVolume } from "../security/change.ts";
import { rfc822 } from "../table-answer.ts";
import { pageOfNamed } from "../tables.ts";
import { type VolumeTarget, volumeOf } from "./find.ts";
import { checkVolumeName } from "./path.ts";
import { sizeOf, type VolumeRecord, type VolumeType, volumeKey, volumeRows } from "./records.ts";
import { forgetSessions } from "./sessions.ts";
import { entriesBelow, removeVolume } from "./tree.ts";

const volumesMax = 1_000;
const commentMax = 1024;

const metaOf = (volume: VolumeRecord): Document => ({
  Name: volume.name,
  Owner: volume.owner,
  Comment: volume.comment,
  Type: volume.type,
  CreationTime: rfc822(volume.createdAtMs),
  LastModifiedTime: rfc822(volume.modifiedAtMs),
});

/** The Java SDK reads these of headers. */
export const headersOf = ({
  owner,
  createdAtMs,
  modifiedAtMs,
}: Pick<VolumeRecord, "owner" | "createdAtMs" | "modifiedAtMs">) => ({
  "x-odps-owner": owner,
  "x-odps-creation-time": rfc822(createdAtMs),
  Last_Modified: rfc822(modifiedAtMs),
});

/** How much is in a directory of a volume, at any depth; `""` is all of it. */
export function contentOf(target: VolumeTarget, directory: string) {
  const files = [...entriesBelow(target, directory)].filter(({ isDirectory }) => !isDirectory);
  const Length = files.reduce((sum, { pieces }) => sum + sizeOf(pieces), 0);
  return { Length, FileNumber: files.length };
}

/** Lists volumes by name, some at a time. */
export const listVolumes = operation("ListVolumes", {
  resolve: (input: OdpsInput, call: OdpsCall) => projectOf(input, call),
  action: "List",
  handle({ project, store }, input): OdpsAnswer {
    const rows = volumeRows(store).range({ prefix: [project.id, schemaOf(input)] });
    const { page, ...rest } = pageOfNamed(
      [...rows].map(({ value }) => value),
      input,
    );
    return { document: { Volumes: { Volume: page.map(metaOf), ...rest } } };
  },
});

function typeOf(text: string): VolumeType {
  const type = text.toLowerCase();
  if (type === "old" || type === "new") return type;
  if (type === "") return "old";
  throw invalid(
    type === "external"
      ? "external volumes are not built in this Bondstore: use a volume of the type new"
      : `there is no type of volume ${JSON.stringify(type.slice(0, 32))}`,
  );
}

/** Makes an empty volume. */
export const createVolume = operation("CreateVolume", {
  resolve: (input: OdpsInput, call: OdpsCall) => projectOf(input, call),
  told: true,
  async handle({ project, store }: ProjectTarget, input, call: OdpsCall): Promise<OdpsAnswer> {
    const meta = partOf(input.document, "Meta");
    const told = (name: string) => textOf(partOf(meta, name)) ?? "";
    const name = checkVolumeName(told("Name"));
    const type = typeOf(told("Type"));
    if (told("Lifecycle") !== "") throw invalid("lifecycles of volumes are not built");
    const schema = schemaOf(input);
    const record: VolumeRecord = {
      ...{ id: call.parts.random.uuid(), schema, name, type, owner: callerName(call) },
      ...{ comment: told("Comment").slice(0, commentMax), version: 1 },
      ...{ createdAtMs: call.timeMs, modifiedAtMs: call.timeMs },
    };
    await call.parts.store.transaction(() => {
      const rows = volumeRows(store);
      const key = volumeKey(project.id, schema, name);
      if (rows.find(key)) {
        const why = `ODPS-0430055: Volume already exists - '${name}' already exists`;
        throw new ServiceError("ObjectAlreadyExists", why);
      }
      if ([...rows.range({ prefix: [project.id], limit: volumesMax })].length >= volumesMax) {
        throw invalid(`a project has at most ${volumesMax} volumes`);
      }
      rows.put(key, record);
    });
    return { created: `/projects/${project.name}/volumes/${name}` };
  },
});

/** Tells all of a volume but what is in it. */
export const getVolume = operation("GetVolume", {
  resolve: volumeOf,
  action: "Read",
  handle(target: VolumeTarget): OdpsAnswer {
    const { volume } = target;
    const Meta = { ...metaOf(volume), ...contentOf(target, "") };
    return { document: { Meta }, headers: headersOf(volume) };
  },
});

/** Drops a volume with all that is in it, and what was granted on its name. */
export const deleteVolume = operation("DeleteVolume", {
  resolve: volumeOf,
  action: "Delete",
  async handle({ store, project, volume }: VolumeTarget, _input, call): Promise<OdpsAnswer> {
    await call.parts.store.transaction(() => {
      const now = volumeRows(store).find(volumeKey(project.id, volume.schema, volume.name));
      if (now?.id !== volume.id) return;
      removeVolume({ store, project }, volume);
      forgetSessions({ store, project }, volume.id);
      forgetVolume(store, project, volume);
    });
    return {};
  },
});
