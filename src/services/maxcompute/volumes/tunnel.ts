import type { OdpsAnswer, OdpsInput } from "../../../pipeline/document.ts";
import { operation } from "../../../pipeline/operation.ts";
import { type OdpsCall, projectOf, schemaOf } from "../find-project.ts";
import { invalid } from "../invalid.ts";
import { noSession } from "../tunnel/tunnel.ts";
import { rangeOf, readPieces, writePiece } from "./content.ts";
import { checkType, type VolumeTarget, volumeFlow, volumeNamed } from "./find.ts";
import { checkPartition, checkPath, joinPath } from "./path.ts";
import { sizeOf } from "./records.ts";
import {
  beginVolumeDownload,
  beginVolumeUpload,
  checkOpen,
  commitVolumeUpload as commit,
  findSession,
  keepPart,
  type SessionTarget,
  uploadAnswer,
  type VolumeDownload,
  type VolumeUpload,
  volumeDownloadRows,
  volumeUploadRows,
} from "./sessions.ts";
import { findEntry, noSuchPath } from "./tree.ts";

/** What `type=volumefile&target=project/volume/partition/file` names. */
interface Aim extends VolumeTarget {
  readonly partition: string;
  readonly file: string;
}

function aimOf(input: OdpsInput, call: OdpsCall): Aim {
  const within = projectOf(input, call);
  const { type, target = "" } = input.parameters;
  const [project = "", volume = "", partition = "", ...file] = target.split("/");
  if (type !== "volumefile" || project.toLowerCase() !== within.project.name) {
    throw invalid("a session of a volume has type=volumefile, and a target in its project");
  }
  return { ...volumeNamed(within, schemaOf(input), volume), partition, file: file.join("/") };
}

/** Begins an upload into a partition, which is made when it is committed. */
export const createVolumeUpload = operation("CreateVolumeUpload", {
  resolve: aimOf,
  action: "Write",
  async handle(target: Aim, _input, call: OdpsCall): Promise<OdpsAnswer> {
    checkType(target, "old");
    const directory = checkPartition(target.partition);
    const session = await beginVolumeUpload(target, { directory }, call);
    return { created: "", json: uploadAnswer(target, session) };
  },
});

const ofUpload = {
  resolve: findSession(volumeUploadRows, ({ labels }) => labels["Upload"]),
  action: "Write",
} as const;

/** Takes one file: sent again, it takes the place of the first; with `resume`, it goes behind it. */
export const putVolumeFile = operation("PutVolumeFile", {
  ...ofUpload,
  data: true,
  async handle(target: SessionTarget<VolumeUpload>, input, call: OdpsCall): Promise<OdpsAnswer> {
    const { session } = target;
    checkOpen(session, session.id);
    const name = checkPath(input.parameters["blockid"] ?? "");
    if (name === "") throw invalid("a file has a name");
    checkPath(joinPath(session.directory, name));
    const piece = await writePiece(target, input, call);
    await keepPart(target, session.id, { name, piece, append: "resume" in input.parameters }, call);
    return {};
  },
});

/** Tells what a session has taken. */
export const getVolumeUpload = operation("GetVolumeUpload", {
  ...ofUpload,
  handle: (target: SessionTarget<VolumeUpload>): OdpsAnswer => ({
    json: uploadAnswer(target, target.session),
  }),
});

/** Puts all files into the partition at once; committed again, it is done already. */
export const commitVolumeUpload = operation("CommitVolumeUpload", {
  ...ofUpload,
  async handle(target: SessionTarget<VolumeUpload>, _input, call: OdpsCall, judgeAgain) {
    return { json: uploadAnswer(target, await commit(target, call, judgeAgain)) };
  },
});

const downloadAnswer = ({ id, volume, path, size }: VolumeDownload) => {
  const [partition = "", ...file] = path.split("/");
  return {
    ...{ DownloadID: id, Status: "normal", QuotaName: "default" },
    File: { FileName: file.join("/"), FileLength: size },
    Partition: { Volume: volume, Partition: partition },
  };
};

/** Begins a download of a file. */
export const createVolumeDownload = operation("CreateVolumeDownload", {
  resolve: aimOf,
  ...{ action: "Read", readOnly: true },
  flows: (_input, target) => [volumeFlow(target)],
  carries: () => undefined,
  async handle(target: Aim, _input, call: OdpsCall): Promise<OdpsAnswer> {
    checkType(target, "old");
    const path = joinPath(checkPartition(target.partition), checkPath(target.file));
    const found = findEntry(target, path);
    if (!found || found.isDirectory) throw noSuchPath(path);
    const own = { path, entryId: found.id, size: sizeOf(found.pieces) };
    const session = await beginVolumeDownload(target, own, call);
    return { created: "", json: downloadAnswer(session) };
  },
});

const ofDownload = {
  resolve: findSession(volumeDownloadRows, ({ labels }) => labels["Download"]),
  ...{ action: "Read", readOnly: true },
} as const;

/** Tells of what file a session is, and how long it is. */
export const getVolumeDownload = operation("GetVolumeDownload", {
  ...ofDownload,
  handle: ({ session }: SessionTarget<VolumeDownload>): OdpsAnswer => ({
    json: downloadAnswer(session),
  }),
});

/** Bytes of a file, judged anew at each read; a file that was replaced since is not read on. */
export const readVolumeDownload = operation("ReadVolumeDownload", {
  ...ofDownload,
  data: true,
  flows: (_input, target) => [volumeFlow(target)],
  carries: () => ({ stream: "body" }),
  async handle(target: SessionTarget<VolumeDownload>, { parameters }, call: OdpsCall) {
    const { session } = target;
    const file = findEntry(target, session.path);
    if (file?.id !== session.entryId) throw noSession(session.id);
    const range = rangeOf(parameters["range"], session.size);
    return { body: await readPieces(target, file.pieces, range, call) };
  },
});
