import type { BufferCompression } from "../../../engines/duckdb/tunnel/compression/compressions.ts";
import type { OdpsAnswer, OdpsInput } from "../../../pipeline/document.ts";
import { operation } from "../../../pipeline/operation.ts";
import { type Column, typeText } from "../../../sql/types.ts";
import type { AccountStore, Table } from "../../../storage/store.ts";
import { carriedBy, contentAt, type PartitionRecord } from "../catalog.ts";
import type { OdpsCall, TableTarget } from "../find-project.ts";
import { checkKeys, resultFiles } from "../jobs/results.ts";
import { placedFiles } from "../relations.ts";
import { sameValues } from "../versions.ts";
import { type DownloadTarget, onDownload } from "./download-target.ts";
import { type FilteredRows, filteredRows } from "./storage-filter.ts";
import { type ReadRequest, readRequest, type Split, sessionIn } from "./storage-request.ts";
import {
  beginSession,
  invalid,
  noSession,
  sessionFinder,
  sessionMs,
  storedColumns,
  tellSession,
  type WritingSession,
} from "./tunnel.ts";

/** Rows that somebody reads in parts: all of them as they were when it was begun. */
interface ReadRecord extends WritingSession, Omit<ReadRequest, "split" | "filter"> {
  readonly version: number;
  readonly rows: number;
  /** How many parts; none: the reader tells rows. */
  readonly splits: number;
  /** Where there was a condition: the rows for which it held. */
  readonly filtered?: FilteredRows;
}

const splitsMax = 10_000;
/** Sessions, by project and id. */
export const readRows = (store: AccountStore): Table<ReadRecord> =>
  store.table("odps-storage-reads");

const readOf = sessionFinder(readRows, sessionIn);

const onTable = onDownload((input, target, call) =>
  sessionIn(input) === undefined ? undefined : readOf(target, input, call).version,
);

const columnAnswer = ({ name, type, comment = "", nullable }: Column) => ({
  Name: name,
  Type: typeText(type),
  Comment: comment,
  Nullable: nullable,
});

/** The form of rows that is built. */
const dataFormats = [{ Type: "ARROW", Version: "V5" }];

const namedOf = (columns: readonly Column[], names: readonly string[]): readonly Column[] =>
  names.flatMap((name) => columns.filter((column) => column.name === name));

/** What clients are told of any session: until when it serves, and the columns of its rows. */
export const sessionAnswer = (
  { id, beganAtMs }: WritingSession,
  { columns, partitionColumns }: Pick<TableTarget["table"], "columns" | "partitionColumns">,
) => ({
  SessionId: id,
  ExpirationTime: beganAtMs + sessionMs,
  DataSchema: {
    DataColumns: columns.map(columnAnswer),
    PartitionColumns: partitionColumns.map(columnAnswer),
  },
  SupportedDataFormat: dataFormats,
});

const answerOf = ({ table }: TableTarget, read: ReadRecord) => ({
  ...sessionAnswer(read, {
    columns: namedOf(table.columns, read.columns),
    partitionColumns: namedOf(table.partitionColumns, read.partitionColumns),
  }),
  SessionType: "batch_read",
  SessionStatus: "NORMAL",
  SplitsCount: read.splits,
  RecordCount: read.rows,
});

/** The partitions that a session reads, of the version at which it was begun. */
function partitionsOf(
  { store, table }: TableTarget,
  { version, partitions: wanted }: Pick<ReadRecord, "version" | "partitions">,
): readonly PartitionRecord[] {
  const content = contentAt(store, table, version);
  // A table that was never written has no version yet; another version may be forgotten by now.
  if (!content && version > 0) throw noSession("");
  if (!content) return [];
  return wanted.length === 0
    ? content.partitions
    : content.partitions.filter(({ values }) => wanted.some((one) => sameValues(one, values)));
}

/** Begins to read a table in parts. */
export const createReadSession = operation("CreateReadSession", {
  ...onTable,
  async handle(
    target: DownloadTarget,
    input: OdpsInput,
    call: OdpsCall,
    judgeAgain: () => void,
  ): Promise<OdpsAnswer> {
    const { store, table } = target;
    if (table.kind !== "table")
      throw invalid(`${table.name} is a ${table.kind}: run a query instead.`);
    const { split, filter, ...wanted } = readRequest(input.text, table);
    const partitions = partitionsOf(target, { ...wanted, version: table.version });
    const columns = [...wanted.columns, ...wanted.partitionColumns];
    const filtered =
      filter === undefined
        ? undefined
        : await filteredRows(target, { filter, columns, partitions }, call);
    const { rows = 0, bytes = 0 } = filtered ? sizeOf(filtered) : carriedBy(partitions);
    const splits = splitsOf(split, rows, bytes);
    const own = {
      ...{ ...wanted, tableId: table.id, version: table.version, rows, splits },
      ...(filtered && { filtered }),
    };
    const keep = () => {
      judgeAgain();
      if (filtered) store.blobs.keep(filtered.file.blob);
    };
    const begun = beginSession(readRows(store), target, own, call, keep);
    const read = await begun.catch((error: unknown) => {
      if (filtered) store.blobs.discard(filtered.file.blob);
      throw error;
    });
    return { created: "", json: answerOf(target, read) };
  },
});

const sizeOf = ({ file }: FilteredRows) => ({ rows: file.rows, bytes: file.blob.size });

/** Removes what a session has of its own, inside a transaction. */
export function forgetFiltered(
  store: AccountStore,
  { filtered }: Pick<ReadRecord, "filtered">,
): void {
  if (filtered) store.blobs.remove(filtered.file.blob);
}

/** Each part has a row at least. */
function splitsOf(split: Split, rows: number, bytes: number): number {
  if (split.mode === "rows") return 0;
  const wanted = split.mode === "size" ? Math.ceil(bytes / split.number) : split.number;
  return Math.min(wanted, rows, splitsMax);
}

/** Tells how a session of reading divides its rows. */
export const getReadSession = operation("GetReadSession", {
  ...onTable,
  handle: tellSession<DownloadTarget, ReadRecord>(readOf, answerOf),
});

/** Rows of one part, judged anew at each read. */
export const readSessionRows = operation("ReadSessionRows", {
  ...onTable,
  readOnly: true,
  async handle(target: DownloadTarget, input: OdpsInput, call: OdpsCall): Promise<OdpsAnswer> {
    const { project } = target;
    const read = readOf(target, input, call);
    const { files, ...how } = readable(target, read);
    const range = rangeOf(read, input);
    const buffers = bufferCompression(input);
    await checkKeys(project, files, call);
    const body = call.own.engines.stream(project, async (cell) => {
      await cell.place(files);
      return cell.engine.read({
        files: files.map(({ name }) => name),
        ...(buffers && { buffers }),
        ...{ ...range, ...how, form: "stream" },
      });
    });
    return { body, carried: { rows: range.count, stream: "body" } };
  },
  carries: ({ carried }) => carried,
});

/** The files of a session, and what of them is read. */
function readable(target: DownloadTarget, read: ReadRecord) {
  const { table } = target;
  const { filtered } = read;
  if (filtered) return { files: resultFiles(filtered), columns: filtered.columns };
  const columns = [
    ...namedOf(table.columns, read.columns),
    ...namedOf(table.partitionColumns, read.partitionColumns),
  ];
  return {
    files: placedFiles(table, partitionsOf(target, read)),
    ...{ columns: storedColumns(table, columns), named: columns.map(({ name }) => name) },
    inPaths: read.partitionColumns.length > 0,
  };
}

/** How this API's clients call the compressions of Arrow's buffers. */
const bufferCompressions: ReadonlyMap<string, BufferCompression> = new Map([
  ["LZ4_FRAME", "lz4"],
  ["ZSTD", "zstd"],
]);

const bufferCompression = ({ headers }: OdpsInput): BufferCompression | undefined =>
  bufferCompressions.get(headers["accept-encoding"] ?? "");

/** Which rows are asked for: those of a part, or those that are told. */
function rangeOf({ splits, rows }: ReadRecord, { parameters }: OdpsInput) {
  const number = (name: string): number => {
    const text = parameters[name] ?? "0";
    if (!/^\d{1,15}$/.test(text)) throw invalid(`${name} is a number.`);
    return Number(text);
  };
  if (splits === 0) {
    const from = number("row_index");
    if (from > rows) throw invalid(`row_index is ${from}, and there are ${rows} rows.`);
    return { from, count: Math.min(number("row_count"), rows - from) };
  }
  const at = number("split_index");
  if (at >= splits) throw invalid(`split_index is ${at}, and there are ${splits} parts.`);
  const from = Math.floor((at * rows) / splits);
  return { from, count: Math.floor(((at + 1) * rows) / splits) - from };
}
