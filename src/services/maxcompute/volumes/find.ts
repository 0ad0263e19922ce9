import type { OdpsInput } from "../../../pipeline/document.ts";
import type { WantedFlow } from "../../../projects/projects.ts";
import { type OdpsCall, type ProjectTarget, projectOf, schemaOf } from "../find-project.ts";
import { type VolumeRecord, volumeArn, volumeKey, volumeRows } from "./records.ts";
import { noSuchVolume } from "./tree.ts";

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
