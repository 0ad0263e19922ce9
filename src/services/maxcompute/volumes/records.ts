import { projectArn } from "../../../projects/project-key.ts";
import type { AccountStore, BlobRef, Key, Table } from "../../../storage/store.ts";

/**
 * Clients' words: an `old` volume has partitions with files, a `new` one directories and files. Both are kept as
 * directories; a partition is one at the top.
 */
export type VolumeType = "old" | "new";

/** A volume as it is stored, by project, schema and name in lower case. */
export interface VolumeRecord {
  /** What was dropped and made anew under the name is another volume. */
  readonly id: string;
  readonly schema: string;
  /** In lower case. */
  readonly name: string;
  readonly type: VolumeType;
  readonly owner: string;
  readonly comment: string;
  readonly createdAtMs: number;
  readonly modifiedAtMs: number;
  /** One more with each change of what is in it. */
  readonly version: number;
}

/** Bytes of a file that came in one request. */
export interface Piece {
  readonly blob: BlobRef;
  /** Id of the project's data key that sealed it; absent: the account's own. */
  readonly sealedBy?: string;
}

/** A file or directory in a volume, by project, volume, the directory that it is in, and name. */
export interface EntryRecord {
  /** Another file of the same name has another id. */
  readonly id: string;
  readonly directory: string;
  readonly name: string;
  readonly isDirectory: boolean;
  readonly owner: string;
  readonly createdAtMs: number;
  readonly modifiedAtMs: number;
  readonly replication: number;
  readonly pieces: readonly Piece[];
}

/** All volumes of an account. */
export const volumeRows = (store: AccountStore): Table<VolumeRecord> => store.table("odps-volumes");

/** What is in them. */
export const entryRows = (store: AccountStore): Table<EntryRecord> =>
  store.table("odps-volume-entries");

export const volumeKey = (projectId: string, schema: string, name: string): Key => [
  projectId,
  schema,
  name.toLowerCase(),
];

/** What grants and policies call a volume. */
export const volumeArn = (project: string, schema: string, name: string): string =>
  `${projectArn(project)}/schemas/${schema}/volumes/${name.toLowerCase()}`;

/** Bytes of a file. */
export const sizeOf = (pieces: readonly Piece[]): number =>
  pieces.reduce((sum, { blob }) => sum + blob.size, 0);
