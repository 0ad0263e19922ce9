import type { OdpsInput } from "../../../pipeline/document.ts";
import { keepOrDiscard } from "../../../storage/keep-or-discard.ts";
import type { AccountStore, Key, Table } from "../../../storage/store.ts";
import { type OdpsCall, type ProjectTarget, projectOf } from "../find-project.ts";
import { invalid } from "../invalid.ts";
import { callerName } from "../projects.ts";
import { beginSession, noSession, sessionMs, type TunnelSession } from "../tunnel/tunnel.ts";
import { fileBytesMax, tooLarge } from "./content.ts";
import { type VolumeTarget, volumeNamed } from "./find.ts";
import { joinPath } from "./path.ts";
import { type Piece, sizeOf, type VolumeRecord } from "./records.ts";
import { changeVolume, checkRoom, putFile, removePieces, stillThere } from "./tree.ts";

/** What sessions on a volume have in common: which one it was when they began. */
interface VolumeSession extends TunnelSession {
  readonly volumeId: string;
  readonly schema: string;
  readonly volume: string;
}

/** An upload: nothing of it is in the volume before it is committed. */
export interface VolumeUpload extends VolumeSession {
  /** The directory that all files go into: the partition. */
  readonly directory: string;
  readonly status: "normal" | "closed";
  readonly replication?: number;
}

/** A download of one file. */
export interface VolumeDownload extends VolumeSession {
  readonly path: string;
  /** The file that was there when it began. */
  readonly entryId: string;
  readonly size: number;
}

/** A file of an upload. */
interface Part {
  readonly name: string;
  readonly pieces: readonly Piece[];
}

/** Sessions, by project and id. */
export const volumeUploadRows = (store: AccountStore): Table<VolumeUpload> =>
  store.table("odps-volume-uploads");
export const volumeDownloadRows = (store: AccountStore): Table<VolumeDownload> =>
  store.table("odps-volume-downloads");
/** Files of uploads, by project, session and name. */
export const volumePartRows = (store: AccountStore): Table<Part> =>
  store.table("odps-volume-parts");

/** Most files of one upload, and most requests that append to one file. */
const partsMax = 1_000;

type Place = Pick<ProjectTarget, "store" | "project">;

const sessionOn = ({ id, schema, name }: VolumeRecord) => ({ volumeId: id, schema, volume: name });

/** Begins an upload of files into a directory. */
export function beginVolumeUpload(
  target: VolumeTarget,
  own: Pick<VolumeUpload, "directory" | "replication">,
  call: OdpsCall,
): Promise<VolumeUpload> {
  const wanted = { ...own, ...sessionOn(target.volume), status: "normal" } as const;
  // What a volume's end has not forgotten nobody would.
  const keep = () => void stillThere(target);
  return beginSession(volumeUploadRows(target.store), target, wanted, call, keep);
}

/** Begins a download of a file. */
export const beginVolumeDownload = (
  target: VolumeTarget,
  own: Pick<VolumeDownload, "path" | "entryId" | "size">,
  call: OdpsCall,
): Promise<VolumeDownload> => {
  const wanted = { ...own, ...sessionOn(target.volume) };
  return beginSession(volumeDownloadRows(target.store), target, wanted, call);
};

/** A volume, and the caller's own session on it. */
export interface SessionTarget<Session> extends VolumeTarget {
  readonly session: Session;
}

/** Finds a session and the volume that it is on; what is not there is refused once the project may be read. */
export const findSession =
  <Session extends VolumeSession>(
    rowsOf: (store: AccountStore) => Table<Session>,
    idIn: (input: OdpsInput) => string | undefined,
  ) =>
  (input: OdpsInput, call: OdpsCall): SessionTarget<Session> => {
    const within = projectOf(input, call);
    const id = idIn(input) ?? "";
    const session = rowsOf(within.store).find([within.project.id, id]);
    const fits = session?.by === callerName(call) && call.timeMs - session.beganAtMs <= sessionMs;
    if (fits) {
      const { schema, volume, volumeId } = session;
      return { ...volumeNamed(within, schema, volume, volumeId), session };
    }
    const nothing = volumeNamed(within, "", "");
    return { ...nothing, ...within, absent: { refusal: noSession(id) }, session: none };
  };

/** In the place of a session that is not there; never handled. */
const none = {} as never;

/** The files of an upload, by name. */
export const partsOf = ({ store, project }: Place, id: string): readonly Part[] =>
  [...volumePartRows(store).range({ prefix: [project.id, id] })].map(({ value }) => value);

/** Keeps a file that came, in the place of one of its name, or behind what came of it before. */
export async function keepPart(
  { store, project }: Place,
  id: string,
  {
    name,
    piece,
    append,
  }: { readonly name: string; readonly piece: Piece; readonly append: boolean },
  call: OdpsCall,
): Promise<void> {
  const key: Key = [project.id, id, name];
  await keepOrDiscard(call.parts.store, store, [piece], () => {
    checkOpen(volumeUploadRows(store).find([project.id, id]), id);
    const before = volumePartRows(store).find(key)?.pieces ?? [];
    const parts = partsOf({ store, project }, id);
    const pieces = [...(append ? before : []), piece];
    if (pieces.length > partsMax || (before.length === 0 && parts.length >= partsMax)) {
      throw invalid(`an upload has at most ${partsMax} files, of at most ${partsMax} pieces`);
    }
    if (sizeOf(pieces) > fileBytesMax) throw tooLarge();
    if (!append) removePieces(store, before);
    store.blobs.keep(piece.blob);
    volumePartRows(store).put(key, { name, pieces });
  });
}

/** Refuses what comes to an upload that is over. */
export function checkOpen(session: VolumeUpload | undefined, id: string): void {
  if (session?.status !== "normal") throw invalid(`the upload ${id} is over`);
}

/** Puts all files of an upload into the volume at once. One that was committed already stays as it is. */
export async function commitVolumeUpload(
  target: SessionTarget<VolumeUpload>,
  call: OdpsCall,
  judgeAgain: () => void,
): Promise<VolumeUpload> {
  const { store, project, session } = target;
  const { id, directory, replication } = session;
  const done: VolumeUpload = { ...session, status: "closed" };
  if (session.status === "closed") return done;
  const key = [project.id, id];
  await changeVolume(target, call, judgeAgain, () => {
    const now = volumeUploadRows(store).find(key);
    if (!now) throw noSession(id);
    if (now.status !== "normal") return false;
    for (const { name, pieces } of partsOf(target, id)) {
      const file = { pieces, ...(replication !== undefined && { replication }) };
      putFile(target, joinPath(directory, name), file, call);
      volumePartRows(store).remove([...key, name]);
    }
    checkRoom(target);
    volumeUploadRows(store).put(key, done);
    return true;
  });
  return done;
}

/** Removes the files of an upload, inside a transaction. */
export function removeParts(store: AccountStore, projectId: string, id: string): void {
  for (const { key, value } of [...volumePartRows(store).range({ prefix: [projectId, id] })]) {
    removePieces(store, value.pieces);
    volumePartRows(store).remove(key);
  }
}

/** Forgets sessions on a volume that goes, inside a transaction. */
export function forgetSessions({ store, project }: Place, volumeId: string): void {
  for (const rows of [volumeUploadRows(store), volumeDownloadRows(store)]) {
    for (const { key, value } of [...rows.range({ prefix: [project.id] })]) {
      if (value.volumeId !== volumeId) continue;
      removeParts(store, project.id, value.id);
      rows.remove(key);
    }
  }
}

/** What clients read of an upload. */
export const uploadAnswer = (place: Place, { id, status }: VolumeUpload) => ({
  ...{ UploadID: id, Status: status, QuotaName: "default" },
  FileList: partsOf(place, id).map(({ name, pieces }) => ({
    FileName: name,
    FileLength: sizeOf(pieces),
  })),
});
