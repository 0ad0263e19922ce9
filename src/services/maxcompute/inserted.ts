import type { AccountStore } from "../../storage/store.ts";
import {
  contentAt,
  emptyVersion,
  type FileRecord,
  type PartitionRecord,
  type TableRecord,
  type VersionRecord,
} from "./catalog.ts";

/** Most files of versions that one BETWEEN looks through, each as often as a version has it. */
const lookedAtMax = 200_000;

/** Changes after which a table has the same rows, whatever files they are in. */
const sameRows: ReadonlySet<string> = new Set(["COMPACT", "ALTER"]);

/**
 * The rows that were inserted after one kept version up to another, as a content of their own. Files are never changed,
 * so what a version has and the one before had not was inserted by it; where something is missing, or in another
 * partition, rows were changed or taken away, and files do not tell which.
 */
export function insertedSince(
  store: AccountStore,
  table: TableRecord,
  since: number,
  until: number,
): VersionRecord | "rewritten" | "too much" {
  const versionOf = (version: number): VersionRecord =>
    contentAt(store, table, version) ?? emptyVersion(table);
  let had = filesOf(versionOf(since));
  let lookedAt = had.size;
  const inserted = new Map<string, PartitionRecord>();
  for (let version = since + 1; version <= until; version += 1) {
    const now = versionOf(version);
    const has = filesOf(now);
    lookedAt += has.size + 1;
    if (lookedAt > lookedAtMax) return "too much";
    const isSame = sameRows.has(now.operation);
    if (!isSame && [...had].some(([id, place]) => has.get(id) !== place)) return "rewritten";
    // What was restored was inserted before.
    const brings = !isSame && now.operation !== "RESTORE";
    for (const partition of brings ? now.partitions : []) {
      const files = partition.files.filter(({ id }) => !had.has(id));
      if (files.length === 0) continue;
      const key = JSON.stringify(partition.values);
      const all: readonly FileRecord[] = [...(inserted.get(key)?.files ?? []), ...files];
      inserted.set(key, { ...partition, files: all });
    }
    had = has;
  }
  return { ...versionOf(until), partitions: [...inserted.values()] };
}

/** In which partition each file is: its rows have that one's values. */
const filesOf = ({ partitions }: VersionRecord): ReadonlyMap<string, string> =>
  new Map(
    partitions.flatMap(({ files, values }) => {
      const place = JSON.stringify(values);
      return files.map(({ id }) => [id, place] as const);
    }),
  );
