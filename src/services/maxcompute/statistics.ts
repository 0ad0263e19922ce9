import type { AccountStore, Table } from "../../storage/store.ts";
import type { FileRecord, TableRecord } from "./catalog.ts";

/** What ANALYZE has found in one column of a table, or of one of its partitions, by table, partition and column. */
interface StatisticsRecord {
  readonly atMs: number;
  readonly by: string;
  /** Lines of text by their place: they hold values, and are sealed as rows are. */
  readonly file: FileRecord;
}

const statisticsRows = (store: AccountStore): Table<StatisticsRecord> =>
  store.table("odps-statistics");

type Analyzed = Pick<TableRecord, "id">;

const keyOf = ({ id }: Analyzed, values: readonly string[], column: string) => [
  ...[id, JSON.stringify(values), column],
];

/** Keeps what was found in a column, in the place of what was found before, inside a transaction. */
export function putStatistics(
  store: AccountStore,
  table: Analyzed,
  { values, column }: { readonly values: readonly string[]; readonly column: string },
  found: StatisticsRecord,
): void {
  const key = keyOf(table, values, column);
  const before = statisticsRows(store).find(key);
  if (before) store.blobs.remove(before.file.blob);
  store.blobs.keep(found.file.blob);
  statisticsRows(store).put(key, found);
}

/** What there is of a column, of a table as it is now. */
export const statisticsOf = (
  store: AccountStore,
  table: Analyzed,
  values: readonly string[],
  column: string,
): StatisticsRecord | undefined => statisticsRows(store).find(keyOf(table, values, column));

/** Forgets what was found, except what `stays` keeps, inside a transaction. */
export function forgetStatistics(
  store: AccountStore,
  { id }: Analyzed,
  stays: (values: string, column: string) => boolean = () => false,
): void {
  for (const { key, value } of [...statisticsRows(store).range({ prefix: [id] })]) {
    const [, values, column] = key;
    if (stays(String(values), String(column))) continue;
    store.blobs.remove(value.file.blob);
    statisticsRows(store).remove(key);
  }
}
