import { memberOf } from "../../../lib/record.ts";
import type { OdpsInput } from "../../../pipeline/document.ts";
import type { Column } from "../../../sql/types.ts";
import { readPartition, type TableRecord } from "../catalog.ts";
import { partitionsMax } from "./dynamic-partitions.ts";
import { invalid } from "./tunnel.ts";
import type { UploadRecord } from "./uploads.ts";

/** How a session of the Storage API divides its rows. */
export type Split =
  | { readonly mode: "size" | "parallelism"; readonly number: number }
  | { readonly mode: "rows" };

/** What a client asks for when it begins to read. */
export interface ReadRequest {
  readonly columns: readonly string[];
  readonly partitionColumns: readonly string[];
  /** None: all. */
  readonly partitions: readonly (readonly string[])[];
  readonly split: Split;
  /** A condition, as the client has written it. */
  readonly filter?: string;
}

const namesMax = 10_000;

/** The session that a request is about: it stands in the path or beside it. */
export const sessionIn = ({ labels, parameters }: OdpsInput): string | undefined =>
  labels["Session"] ?? parameters["session_id"];

/** Reads the JSON of a request. */
export function jsonOf(text = ""): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw invalid("The body is no JSON.");
  }
}

/** A list of texts in it; one that is not there is empty. */
export function textsIn(value: unknown, name: string, max = namesMax): readonly string[] {
  const found = memberOf(value, name) ?? [];
  const fits =
    Array.isArray(found) && found.length <= max && found.every((one) => typeof one === "string");
  if (!fits) throw invalid(`${name} is a list of at most ${max} texts.`);
  return found;
}

/** Reads what is to be read of a table. */
export function readRequest(text: string | undefined, table: TableRecord): ReadRequest {
  const asked = jsonOf(text);
  checkUnits(asked);
  const filter = memberOf(asked, "FilterPredicate") ?? "";
  if (typeof filter !== "string") throw invalid("FilterPredicate is a text.");
  if (textsIn(asked, "RequiredBucketIds").length > 0) throw invalid("Buckets are not built.");
  const columns = namesIn(asked, "RequiredDataColumns", table.columns);
  const partitionColumns = namesIn(asked, "RequiredPartitionColumns", table.partitionColumns);
  const all = columns.length + partitionColumns.length === 0;
  const named = ({ name }: Column) => name;
  return {
    columns: all ? table.columns.map(named) : columns,
    partitionColumns: all ? table.partitionColumns.map(named) : partitionColumns,
    partitions: textsIn(asked, "RequiredPartitions").map((partition) => {
      const values = readPartition(table, partition);
      if (!values) throw invalid(`\`${partition.slice(0, 128)}\` is no partition of the table.`);
      return values;
    }),
    split: splitOf(memberOf(asked, "SplitOptions")),
    ...(filter.trim() !== "" && { filter }),
  };
}

/**
 * What a client asks for when it begins to write; a partition that is not there is made by the commit. Without one, the
 * rows tell their own.
 */
export function writeRequest(
  text: string | undefined,
  table: TableRecord,
): Pick<UploadRecord, "overwrite" | "partition" | "partitionsMax"> {
  const asked = jsonOf(text);
  checkUnits(asked);
  const overwrite = memberOf(asked, "Overwrite") ?? true;
  const told = memberOf(asked, "PartitionSpec") ?? "";
  if (typeof overwrite !== "boolean") throw invalid("Overwrite is true or false.");
  if (typeof told !== "string") throw invalid("PartitionSpec is a text.");
  if (table.partitionColumns.length === 0 && told === "") return { overwrite };
  const partition = table.partitionColumns.length === 0 ? undefined : readPartition(table, told);
  if (partition) return { overwrite, partition };
  if (told === "") {
    return { overwrite, partitionsMax: partitionsIn(memberOf(asked, "DynamicPartitionOptions")) };
  }
  throw invalid(`\`${told.slice(0, 128)}\` is no partition of the table.`);
}

/** How many partitions rows may go into. */
function partitionsIn(options: unknown): number {
  if ((memberOf(options, "InvalidStrategy") ?? "Exception") !== "Exception") {
    throw invalid("Of InvalidStrategy, Exception is built: a row without a partition refuses all.");
  }
  const most = Number(memberOf(options, "DynamicPartitionLimit") ?? partitionsMax);
  if (Number.isSafeInteger(most) && most >= 1) return Math.min(most, partitionsMax);
  throw invalid("DynamicPartitionLimit is a number from 1.");
}

/** Points in time are handed out, and taken, in the units of the tunnel. */
function checkUnits(asked: unknown): void {
  const options = memberOf(asked, "ArrowOptions");
  const units = [
    memberOf(options, "TimestampUnit") ?? "nano",
    memberOf(options, "DatetimeUnit") ?? "milli",
  ];
  if (units.join() !== "nano,milli") {
    throw invalid("Of ArrowOptions, TimestampUnit nano and DatetimeUnit milli are built.");
  }
}

function namesIn(asked: unknown, list: string, columns: readonly Column[]): readonly string[] {
  return textsIn(asked, list).map((told) => {
    const found = columns.find(({ name }) => name === told.toLowerCase());
    if (!found) throw invalid(`There is no column \`${told.slice(0, 128)}\` for ${list}.`);
    return found.name;
  });
}

const sizeDefault = 256 * 1024 * 1024;

function splitOf(options: unknown): Split {
  const mode = memberOf(options, "SplitMode") ?? "Size";
  const number = Number(memberOf(options, "SplitNumber") ?? sizeDefault);
  if (mode === "RowOffset") return { mode: "rows" };
  const known = mode === "Size" ? "size" : mode === "Parallelism" ? "parallelism" : undefined;
  if (!known) throw invalid("SplitMode is Size, Parallelism or RowOffset.");
  if (!Number.isSafeInteger(number) || number < 1) throw invalid("SplitNumber is a number from 1.");
  return { mode: known, number };
}
