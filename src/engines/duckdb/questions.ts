import { parseType } from "../../sql/parse-type.ts";
import { type Column, typeText } from "../../sql/types.ts";
import type { LentFunctions } from "./lent-functions.ts";
import type { BufferCompression } from "./tunnel/compression/compressions.ts";

/** How a stream of the tunnel is compressed, as clients call it. */
export const compressions = [
  "deflate",
  "zstd",
  "x-lz4-frame",
  "x-odps-lz4-frame",
  "x-snappy-framed",
] as const;

/** The name of a compression, as clients write it. */
export type Compression = (typeof compressions)[number];

/** A query whose rows are to be kept. */
export interface KeepQuestion {
  /** Unique among the jobs that run. */
  readonly id: string;
  readonly sql: string;
  /** Where the rows go, below the data directory: a file, or with `partitionBy` a new directory. */
  readonly file: string;
  readonly settings: { readonly timezone: string };
  /** Columns of the query that are not kept in the file but say into which of several files a row goes. */
  readonly partitionBy?: readonly string[];
  /** Functions of users that it calls: connections to them have come before. */
  readonly functions?: LentFunctions;
  /** The file is for other programs to read, not only for ours. */
  readonly leaves?: boolean;
  /** Rows as lines of text, as other programs read them; without it Parquet. */
  readonly text?: TextForm;
}

/** Lines of JSON, or values with a delimiter between them. */
type TextForm =
  | "json"
  | { readonly delimiter: string; readonly null: string; readonly gzip: boolean };

/** One file that a query has left. */
export interface KeptFile {
  readonly file: string;
  readonly rows: number;
  readonly bytes: number;
  /** Text of each `partitionBy` column, in its order; null where it is NULL. */
  readonly values: readonly (string | null)[];
}

/** What a query has left in the cell. */
export interface Kept {
  /** All columns of the query, those of `partitionBy` among them. */
  readonly columns: readonly Column[];
  readonly rows: number;
  readonly bytes: number;
  /** One file, or without rows to part: none. A large partition may have several. */
  readonly files: readonly KeptFile[];
}

/** Rows to be read. */
export interface ReadQuestion {
  /** Read one after the other, as if they were one. */
  readonly files: readonly string[];
  /** What is read, by name; a file that lacks a column has NULL there. */
  readonly columns: readonly Column[];
  readonly from: number;
  readonly count: number;
  /** `stream` is a whole Arrow stream with its schema, and so is `preview`, with other points in time; `text` are lines. */
  readonly form: "record" | "arrow" | "stream" | "preview" | "csv" | "text";
  /** What a stream's schema calls the columns, where files call them otherwise. */
  readonly named?: readonly string[];
  /** Some columns are not in the files but in their paths: `ds=x`. */
  readonly inPaths?: boolean;
  readonly compression?: Compression;
  /** Buffers of Arrow's batches are compressed, each by itself. */
  readonly buffers?: BufferCompression;
  /** In which zone CSV shows points in time; the other forms have no zone. */
  readonly timezone?: string;
}

/** A stream of the tunnel that is to become a file. */
export interface TakeQuestion {
  readonly columns: readonly Column[];
  /** `stream` is a whole Arrow stream with its schema, which must be of these columns. */
  readonly form: "record" | "arrow" | "stream";
  readonly compression?: Compression;
}

/** What has become of a stream: how many rows, and what was made of their file. */
export interface Taken<Kept> {
  readonly rows: number;
  readonly kept: Kept;
}

/** A column as it is written between the two sides: its type as text. */
export interface WrittenColumn {
  readonly name: string;
  readonly type: string;
  readonly nullable: boolean;
}

/** Writes columns for the other side. */
export const writtenColumns = (columns: readonly Column[]): readonly WrittenColumn[] =>
  columns.map(({ name, type, nullable }) => ({ name, type: typeText(type), nullable }));

/** Reads columns that the other side has written. */
export const readColumns = (columns: readonly WrittenColumn[]): readonly Column[] =>
  columns.map(({ name, type, nullable }) => ({ name, type: parseType(type), nullable }));
