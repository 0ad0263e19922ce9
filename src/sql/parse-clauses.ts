import type { Cursor } from "./cursor.ts";
import { parseExpression } from "./parse-expression.ts";
import { parseError } from "./sql-error.ts";
import type {
  Clustering,
  Expression,
  Name,
  PartitionItem,
  PartitionSpec,
  Property,
  ViewColumn,
} from "./tree.ts";

/** IF NOT EXISTS. */
export const ifNotExists = (cursor: Cursor) => cursor.takeAll("IF", "NOT", "EXISTS");
/** IF EXISTS. */
export const ifExists = (cursor: Cursor) => cursor.takeAll("IF", "EXISTS");

/** Reads `('key'='value', ..)`; keys may be bare names with dots. */
export function parseProperties(cursor: Cursor): Property[] {
  return cursor.group(() => {
    const { at } = cursor.token;
    const key = cursor.token.kind === "string" ? cursor.next().value : dottedName(cursor);
    cursor.expect("=");
    return { key, value: parseValue(cursor), at };
  });
}

function dottedName(cursor: Cursor): string {
  let name = cursor.anyName("a property").text;
  while (cursor.take(".")) name += `.${cursor.anyName().text}`;
  return name;
}

function parseValue(cursor: Cursor): string {
  const { kind } = cursor.token;
  if (kind === "string" || kind === "number" || kind === "word") return cursor.next().value;
  return cursor.fail("a value");
}

/** `'a.jar,b.py'` and `'a.jar', 'b.py'`: the resources one by one. */
export function parseResources(cursor: Cursor): string[] {
  const texts = cursor.list(() => cursor.string("resources"));
  return texts.flatMap((text) => text.split(",")).map((text) => text.trim());
}

/** Reads `PARTITION (a='x', b)`; without `dynamic` every column has a value. */
export function parsePartition(cursor: Cursor, dynamic = false): PartitionSpec {
  cursor.expect("PARTITION");
  return parsePartitionValues(cursor, dynamic);
}

/** The parentheses of PARTITION. */
export function parsePartitionValues(cursor: Cursor, dynamic: boolean): PartitionSpec {
  return cursor.group((): PartitionItem => {
    const column = cursor.name();
    if (!dynamic && !cursor.is("=")) cursor.fail('"="');
    return cursor.take("=") ? { column, value: parseExpression(cursor) } : { column };
  });
}

/** PARTITION (..) when it comes next. */
export function optionalPartition(cursor: Cursor): { partition?: PartitionSpec } {
  return cursor.is("PARTITION") ? { partition: parsePartition(cursor) } : {};
}

/** `PARTITION (..), PARTITION (..)`, with the comma or without it. */
export function parsePartitions(cursor: Cursor): PartitionSpec[] {
  const partitions: PartitionSpec[] = [];
  while (cursor.is("PARTITION")) {
    partitions.push(parsePartition(cursor));
    cursor.take(",");
  }
  return partitions;
}

/** `PARTITION (ds > '1', ds < '5'), PARTITION (..)`: conditions that choose partitions. */
export function parsePartitionFilters(cursor: Cursor): Expression[][] {
  return cursor.list(() => {
    cursor.expect("PARTITION");
    return cursor.group(() => parseExpression(cursor));
  });
}

/** `(a COMMENT 'x', b)` of a view. */
export function parseViewColumns(cursor: Cursor): ViewColumn[] {
  return cursor.group(() => {
    const name = cursor.name();
    return cursor.take("COMMENT") ? { name, comment: cursor.string() } : { name };
  });
}

/** `(a, b)`. */
export function parseNames(cursor: Cursor): Name[] {
  return cursor.group(() => cursor.name());
}

/** [RANGE] CLUSTERED BY (..) [SORTED BY (..)] [INTO n BUCKETS] when it comes next. */
export function parseClustering(cursor: Cursor): Clustering | undefined {
  const { at } = cursor.token;
  const range = cursor.areNext("RANGE", "CLUSTERED");
  if (!range && !cursor.is("CLUSTERED")) return undefined;
  if (range) cursor.next();
  cursor.expect("CLUSTERED", "BY");
  const columns = parseNames(cursor);
  const sortedBy = cursor.takeAll("SORTED", "BY")
    ? cursor.group(() => {
        const column = cursor.name();
        const descending = cursor.take("DESC");
        if (!descending) cursor.take("ASC");
        return { column, descending };
      })
    : [];
  if (!cursor.take("INTO")) return { at, range, columns, sortedBy };
  const buckets = cursor.integer();
  cursor.expect("BUCKETS");
  return { at, range, columns, sortedBy, buckets };
}

/** The delimiters after ROW FORMAT DELIMITED, such as FIELDS TERMINATED BY ','. */
export function parseDelimiters(cursor: Cursor): Property[] {
  const delimiters: Property[] = [];
  for (;;) {
    const { at } = cursor.token;
    const words = delimiterWords.find((line) => cursor.takeAll(...line.split(" ")));
    if (!words) return delimiters;
    delimiters.push({ key: words, value: cursor.string(), at });
  }
}

const delimiterWords = [
  "FIELDS TERMINATED BY",
  "ESCAPED BY",
  "COLLECTION ITEMS TERMINATED BY",
  "MAP KEYS TERMINATED BY",
  "LINES TERMINATED BY",
  "NULL DEFINED AS",
] as const;

/** A number of days, as LIFECYCLE has it. */
export function parseDays(cursor: Cursor): number {
  const { at } = cursor.token;
  const days = cursor.integer();
  if (days < 1) throw parseError(at, `invalid lifecycle '${days}', expect a positive number`);
  return days;
}
