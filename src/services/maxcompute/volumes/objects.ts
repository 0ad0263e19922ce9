import {
  type Document,
  type OdpsAnswer,
  type OdpsInput,
  partOf,
  textOf,
} from "../../../pipeline/document.ts";
import { operation, ServiceError } from "../../../pipeline/operation.ts";
import type { OdpsCall } from "../find-project.ts";
import { invalid } from "../invalid.ts";
import { rfc822 } from "../table-answer.ts";
import { noSession } from "../tunnel/tunnel.ts";
import { readPieces, writePiece } from "./content.ts";
import { checkType, type VolumeTarget, volumeFlow, volumeOf } from "./find.ts";
import { pageOfEntries } from "./partitions.ts";
import { joinPath, pathWithin } from "./path.ts";
import { type EntryRecord, sizeOf } from "./records.ts";
import {
  beginVolumeUpload,
  commitVolumeUpload,
  findSession,
  keepPart,
  partsOf,
  type SessionTarget,
  type VolumeUpload,
  volumeUploadRows,
} from "./sessions.ts";
import {
  changeVolume,
  checkRoom,
  entriesIn,
  findEntry,
  makeDirectory,
  moveEntry,
  noSuchPath,
  putEntry,
  removeEntry,
} from "./tree.ts";

const blockBytes = 64 * 1024 * 1024;
const replicationForm = /^[1-9]$/;

/** The path that a request speaks of, inside a volume that is a file system. */
function pathOf(target: VolumeTarget, told: string | undefined): string {
  checkType(target, "new");
  return pathWithin(target.volume.name, told ?? "");
}

const headerPath = (target: VolumeTarget, { headers }: OdpsInput): string =>
  pathOf(target, headers["x-odps-volume-fs-path"]);

/** What a request speaks of: the volume itself is the directory above all. */
function asked(target: VolumeTarget, input: OdpsInput) {
  const path = headerPath(target, input);
  return { path, entry: path === "" ? rootOf(target) : found(target, path) };
}

function found(target: VolumeTarget, path: string): EntryRecord {
  const entry = findEntry(target, path);
  if (!entry) throw noSuchPath(path);
  return entry;
}

/** What clients read of a file or directory. */
function itemOf({ project, volume }: VolumeTarget, entry: EntryRecord): Document {
  const { isDirectory, owner, pieces, createdAtMs, modifiedAtMs, replication } = entry;
  return {
    ...{ Project: project.name, Volume: volume.name },
    Path: `/${joinPath(volume.name, joinPath(entry.directory, entry.name))}`,
    ...{ Isdir: isDirectory, Permission: isDirectory ? "0777" : "0666" },
    ...{ BlockReplications: isDirectory ? 0 : replication, Length: sizeOf(pieces), Quota: -1 },
    ...{ BlockSize: isDirectory ? 0 : blockBytes, Owner: owner, Group: owner, Symlink: "" },
    ...{ CreationTime: rfc822(createdAtMs), AccessTime: rfc822(modifiedAtMs) },
    ModificationTime: rfc822(modifiedAtMs),
  };
}

const rootOf = ({
  volume: { id, owner, createdAtMs, modifiedAtMs },
}: VolumeTarget): EntryRecord => ({
  ...{ id, owner, createdAtMs, modifiedAtMs, directory: "", name: "" },
  ...{ isDirectory: true, replication: 0, pieces: [] },
});

/** Tells all of a file or directory but what is in it. */
export const getVolumeObject = operation("GetVolumeObject", {
  resolve: volumeOf,
  action: "Read",
  handle(target: VolumeTarget, input): OdpsAnswer {
    return { document: { Item: itemOf(target, asked(target, input).entry) } };
  },
});

/** Lists what is in a directory by name, some at a time; of a file, itself. */
export const listVolumeObjects = operation("ListVolumeObjects", {
  resolve: volumeOf,
  action: "Read",
  handle(target: VolumeTarget, input): OdpsAnswer {
    const { path, entry } = asked(target, input);
    const entries = entry.isDirectory ? entriesIn(target, path) : [entry];
    const { page, ...rest } = pageOfEntries(entries, input);
    return { document: { Items: { Item: page.map((one) => itemOf(target, one)), ...rest } } };
  },
});

/** Makes a directory, and those that it is in. */
export const createVolumeDirectory = operation("CreateVolumeDirectory", {
  resolve: volumeOf,
  ...{ action: "Write", told: true },
  async handle(target: VolumeTarget, input, call: OdpsCall, judgeAgain): Promise<OdpsAnswer> {
    const item = partOf(input.document, "Item");
    if (textOf(partOf(item, "Type"))?.toLowerCase() !== "directory") {
      throw invalid("only directories are made so: a file is written");
    }
    const path = pathOf(target, textOf(partOf(item, "Path")));
    await changeVolume(target, call, judgeAgain, () => {
      if (!makeDirectory(target, path, call)) {
        throw new ServiceError("ObjectAlreadyExists", `'${path.slice(0, 256)}' already exists`);
      }
      checkRoom(target);
    });
    return { created: "" };
  },
});

/** Moves a file or directory, or tells how often a file is to be kept: that is remembered, and changes nothing. */
export const updateVolumeObject = operation("UpdateVolumeObject", {
  resolve: volumeOf,
  ...{ action: "Write", told: true },
  async handle(target: VolumeTarget, input, call: OdpsCall, judgeAgain): Promise<OdpsAnswer> {
    const item = partOf(input.document, "Item");
    const path = headerPath(target, input);
    const to = textOf(partOf(item, "Path")) ?? "";
    const replication = replicationOf(textOf(partOf(item, "Replication")));
    await changeVolume(target, call, judgeAgain, () => {
      const entry = { ...found(target, path), ...(replication && { replication }) };
      putEntry(target, entry);
      if (to !== "") moveEntry(target, entry, pathOf(target, to), call);
      checkRoom(target);
    });
    return {};
  },
});

function replicationOf(text = ""): number | undefined {
  if (text === "") return undefined;
  if (replicationForm.test(text)) return Number(text);
  throw invalid("a replication is a number from 1 to 9");
}

/** Removes a file or directory; one with something in it where `recursive` says so. */
export const deleteVolumeObject = operation("DeleteVolumeObject", {
  resolve: volumeOf,
  action: "Write",
  async handle(target: VolumeTarget, input, call: OdpsCall, judgeAgain): Promise<OdpsAnswer> {
    const path = headerPath(target, input);
    const recursive = input.parameters["recursive"]?.toLowerCase() === "true";
    await changeVolume(target, call, judgeAgain, () => {
      const entry = found(target, path);
      if (!recursive && [...entriesIn(target, path)].length > 0) {
        throw invalid(`the directory '${path.slice(0, 256)}' is not empty`);
      }
      removeEntry(target, entry);
    });
    return {};
  },
});

/** `bytes=0-9`, `bytes=10-`, the last ones as `bytes=-5`; clients ask for none as `bytes=5-4`, also `bytes=0--1`. */
function rangeOf({ headers }: OdpsInput, size: number): { start: number; end: number } {
  const [, first, last] =
    /^bytes=(\d{0,19})-(-?\d{0,19})$/.exec(headers["range"] ?? "bytes=-") ?? [];
  if (first === undefined || last === undefined) throw invalid("Range is bytes=first-last");
  const isSuffix = first === "" && last !== "";
  const start = Math.min(isSuffix ? Math.max(size - Number(last), 0) : Number(first), size);
  const end = last === "" || isSuffix ? size : Math.min(Number(last) + 1, size);
  return { start, end: Math.max(start, end) };
}

/** Sends the content of a file, or bytes of it. */
export const readVolumeObject = operation("ReadVolumeObject", {
  resolve: volumeOf,
  ...{ action: "Read", data: true, readOnly: true },
  flows: (_input, target) => [volumeFlow(target)],
  carries: () => ({ stream: "body" }),
  async handle(target: VolumeTarget, input, call: OdpsCall): Promise<OdpsAnswer> {
    const path = headerPath(target, input);
    const entry = found(target, path);
    if (entry.isDirectory) throw invalid(`'${path.slice(0, 256)}' is a directory`);
    const range = rangeOf(input, sizeOf(entry.pieces));
    return { body: await readPieces(target, entry.pieces, range, call) };
  },
});

/** Takes the content of a file: it is there once the session that is answered is committed. */
export const writeVolumeObject = operation("WriteVolumeObject", {
  resolve: volumeOf,
  ...{ action: "Write", data: true },
  async handle(target: VolumeTarget, input, call: OdpsCall): Promise<OdpsAnswer> {
    const name = headerPath(target, input);
    if (name === "") throw invalid("a file has a name");
    const replication = replicationOf(input.parameters["replication"]);
    const own = { directory: "", ...(replication && { replication }) };
    const { id } = await beginVolumeUpload(target, own, call);
    const piece = await writePiece(target, input, call);
    await keepPart(target, id, { name, piece, append: false }, call);
    return { headers: { "x-odps-volume-sessionid": id } };
  },
});

/** Puts a file that was written where it belongs. */
export const commitVolumeObject = operation("CommitVolumeObject", {
  resolve: findSession(volumeUploadRows, ({ headers }) => headers["x-odps-volume-sessionid"]),
  action: "Write",
  async handle(
    target: SessionTarget<VolumeUpload>,
    input: OdpsInput,
    call: OdpsCall,
    judgeAgain,
  ): Promise<OdpsAnswer> {
    const { session } = target;
    const path = headerPath(target, input);
    const parts = partsOf(target, session.id);
    const fits = session.directory === "" && parts.every(({ name }) => name === path);
    if (!fits) throw noSession(session.id);
    await commitVolumeUpload(target, call, judgeAgain);
    return {};
  },
});
