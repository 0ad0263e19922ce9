import { ServiceError } from "../../../pipeline/operation.ts";
import type { AccountStore, Key } from "../../../storage/store.ts";
import type { OdpsCall, ProjectTarget } from "../find-project.ts";
import { invalid } from "../invalid.ts";
import { callerName } from "../projects.ts";
import { noSuchVolume, type VolumeTarget } from "./find.ts";
import { checkPath, joinPath, splitPath } from "./path.ts";
import {
  type EntryRecord,
  entryRows,
  type Piece,
  type VolumeRecord,
  volumeKey,
  volumeRows,
} from "./records.ts";

/** Most files and directories of one volume: all of them go in one transaction. */
export const entriesMax = 10_000;
const replicationDefault = 3;

/** Where something of a volume is kept. */
type Place = Pick<VolumeTarget, "store" | "project" | "volume">;

const keyOf = ({ project, volume }: Place, path: string): Key => {
  const { directory, name } = splitPath(path);
  return [project.id, volume.id, directory, name];
};

/** What is at a path; undefined where nothing is. */
export const findEntry = (place: Place, path: string): EntryRecord | undefined =>
  path === "" ? undefined : entryRows(place.store).find(keyOf(place, path));

/** The refusal of a path where nothing is. */
export const noSuchPath = (path: string): ServiceError =>
  new ServiceError("NoSuchObject", `ODPS-0430071: '${path.slice(0, 256)}' does not exist`);

/** What is directly in a directory, by name. */
export function* entriesIn(
  { store, project, volume }: Place,
  directory: string,
): Generator<EntryRecord> {
  const prefix = [project.id, volume.id, directory];
  for (const { value } of entryRows(store).range({ prefix })) yield value;
}

/** All that is below a directory, itself not among it. */
export function* entriesBelow(place: Place, directory: string): Generator<EntryRecord> {
  const { store, project, volume } = place;
  const within = [project.id, volume.id];
  if (directory === "") {
    for (const { value } of entryRows(store).range({ prefix: within })) yield value;
    return;
  }
  yield* entriesIn(place, directory);
  // What is deeper is in directories that begin with this one and a slash; `0` is the character after it.
  const [from, before] = [
    [...within, `${directory}/`],
    [...within, `${directory}0`],
  ];
  for (const { value } of entryRows(store).range({ prefix: within, from, before })) yield value;
}

/**
 * Changes what is in a volume, in one transaction, if it is still the one that was judged and `judgeAgain` lets it.
 * Another version of the volume comes of it, unless the change answers false: there was nothing to do.
 */
export function changeVolume(
  { store, project, volume }: VolumeTarget,
  call: OdpsCall,
  judgeAgain: () => void,
  change: () => unknown,
): Promise<void> {
  return call.parts.store.transaction(() => {
    judgeAgain();
    const now = stillThere({ store, project, volume });
    if (change() === false) return;
    const key = volumeKey(project.id, volume.schema, volume.name);
    volumeRows(store).put(key, { ...now, version: now.version + 1, modifiedAtMs: call.timeMs });
  });
}

/** A volume as it is now. Refuses one that was dropped since it was found. */
export function stillThere({ store, project, volume }: Place): VolumeRecord {
  const now = volumeRows(store).find(volumeKey(project.id, volume.schema, volume.name));
  if (now?.id !== volume.id) throw noSuchVolume(volume.name);
  return now;
}

const newEntry = (path: string, call: OdpsCall): EntryRecord => ({
  ...{ id: call.parts.random.uuid(), ...splitPath(path), isDirectory: true },
  ...{ owner: callerName(call), createdAtMs: call.timeMs, modifiedAtMs: call.timeMs },
  ...{ replication: replicationDefault, pieces: [] },
});

/** Makes a directory and those that it is in; inside a transaction, as all below. Tells whether it was not there. */
export function makeDirectory(place: Place, path: string, call: OdpsCall): boolean {
  if (path === "") return false;
  const found = findEntry(place, path);
  if (found && !found.isDirectory) throw invalid(`'${path.slice(0, 256)}' is a file`);
  if (found) return false;
  makeDirectory(place, splitPath(path).directory, call);
  entryRows(place.store).put(keyOf(place, path), newEntry(path, call));
  return true;
}

/** Puts a file in the place of one that was there; its pieces are kept already. */
export function putFile(
  place: Place,
  path: string,
  { pieces, replication }: { readonly pieces: readonly Piece[]; readonly replication?: number },
  call: OdpsCall,
): void {
  const before = findEntry(place, path);
  if (path === "" || before?.isDirectory) throw invalid(`'${path.slice(0, 256)}' is a directory`);
  makeDirectory(place, splitPath(path).directory, call);
  removePieces(place.store, before?.pieces ?? []);
  entryRows(place.store).put(keyOf(place, path), {
    ...newEntry(path, call),
    ...{ isDirectory: false, pieces },
    ...(replication !== undefined && { replication }),
  });
}

/** Refuses what would make more of a volume than there may be. */
export function checkRoom(place: Place): void {
  const { store, project, volume } = place;
  const range = { prefix: [project.id, volume.id], limit: entriesMax + 1 };
  if ([...entryRows(store).range(range)].length > entriesMax) {
    throw invalid(`a volume has at most ${entriesMax} files and directories`);
  }
}

/** Takes away what is at a path, with all below it. */
export function removeEntry(place: Place, entry: EntryRecord): void {
  const path = joinPath(entry.directory, entry.name);
  for (const one of [...entriesBelow(place, path), entry]) {
    removePieces(place.store, one.pieces);
    entryRows(place.store).remove(keyOf(place, joinPath(one.directory, one.name)));
  }
}

/** Moves what is at a path, with all below it, to where nothing is. */
export function moveEntry(place: Place, entry: EntryRecord, path: string, call: OdpsCall): void {
  const from = joinPath(entry.directory, entry.name);
  if (path === "" || findEntry(place, path)) {
    throw new ServiceError("ObjectAlreadyExists", `'${path.slice(0, 256)}' already exists`);
  }
  if (`${path}/`.startsWith(`${from}/`)) throw invalid("a directory cannot move into itself");
  makeDirectory(place, splitPath(path).directory, call);
  for (const one of [entry, ...entriesBelow(place, from)]) {
    const before = joinPath(one.directory, one.name);
    const after = checkPath(`${path}${before.slice(from.length)}`);
    entryRows(place.store).remove(keyOf(place, before));
    entryRows(place.store).put(keyOf(place, after), { ...one, ...splitPath(after) });
  }
}

/** Changes facts of an entry that are not its content. */
export const putEntry = (place: Place, entry: EntryRecord): void =>
  entryRows(place.store).put(keyOf(place, joinPath(entry.directory, entry.name)), entry);

/** Removes bytes of files. */
export function removePieces(store: AccountStore, pieces: readonly Piece[]): void {
  for (const { blob } of pieces) store.blobs.remove(blob);
}

/** Removes a volume with all that is in it. */
export function removeVolume(
  { store, project }: Pick<ProjectTarget, "store" | "project">,
  volume: VolumeRecord,
): void {
  const rows = [...entryRows(store).range({ prefix: [project.id, volume.id] })];
  for (const { key, value } of rows) {
    removePieces(store, value.pieces);
    entryRows(store).remove(key);
  }
  volumeRows(store).remove(volumeKey(project.id, volume.schema, volume.name));
}
