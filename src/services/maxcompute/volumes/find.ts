import type { OdpsInput } from "../../../pipeline/document.ts";
import { ServiceError } from "../../../pipeline/operation.ts";
import type { WantedFlow } from "../../../projects/projects.ts";
import { type OdpsCall, type ProjectTarget, projectOf, schemaOf } from "../find-project.ts";
import { invalid } from "../invalid.ts";
import { type VolumeRecord, type VolumeType, volumeArn, volumeKey, volumeRows } from "./records.ts";

/** A volume of a project. */
export interface VolumeTarget extends ProjectTarget {
  readonly volume: VolumeRecord;
}

/** The volume of a name; a missing one is refused only after access to its name was judged. */
export function volumeNamed(
  within: ProjectTarget,
  schema: string,
  name: string,
  id?: string,
): VolumeTarget {
  const { project, store } = within;
  const volume = volumeRows(store).find(volumeKey(project.id, schema, name));
  const target = {
    ...within,
    arn: volumeArn(project.name, schema, nameInArn(name)),
    type: "ODPS::Volume",
  };
  if (volume && (id === undefined || id === volume.id)) {
    return { ...target, volume, creator: volume.owner };
  }
  return { ...target, volume: nothing, absent: { refusal: noSuchVolume(name) } };
}

/** The refusal of a volume that is not there. */
export const noSuchVolume = (name: string): ServiceError =>
  new ServiceError(
    "NoSuchObject",
    `ODPS-0430071: Volume not found - '${name.slice(0, 256)}' does not exist`,
  );

/** Refuses what is done with volumes of the other type. */
export function checkType({ volume }: VolumeTarget, type: VolumeType): void {
  if (volume.type === type) return;
  const is = volume.type === "old" ? "has partitions" : "is a file system";
  throw invalid(`the volume ${volume.name} ${is}: this is done with the other type`);
}

/** A name that no volume can have is judged as one that none has. */
const nameInArn = (name: string) => (/^\w{1,128}$/.test(name) ? name : "-");

/** The volume that the path names. */
export const volumeOf = (input: OdpsInput, call: OdpsCall): VolumeTarget =>
  volumeNamed(projectOf(input, call), schemaOf(input), input.labels["Volume"] ?? "");

/** What is in a volume is data of its project: reading it is a download. */
export const volumeFlow = ({ project, volume }: VolumeTarget): WantedFlow => ({
  ...{ project, destination: { kind: "download" }, taskType: "DT", action: "Read" },
  creator: volume.owner,
  source: {
    ...{ type: "volume", schema: volume.schema, table: volume.name },
    ...{ id: volume.id, version: String(volume.version) },
  },
});

/** In the place of a volume that is not there; never handled. */
const nothing: VolumeRecord = {
  ...{ id: "", schema: "", name: "", type: "old", owner: "", comment: "" },
  ...{ createdAtMs: 0, modifiedAtMs: 0, version: 0 },
};
