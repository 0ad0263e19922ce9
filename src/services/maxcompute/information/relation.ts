import { fileText } from "../../../engines/duckdb/files.ts";
import { assert } from "../../../lib/assert.ts";
import { ServiceError } from "../../../pipeline/operation.ts";
import { duckDbType } from "../../../sql/duckdb-types.ts";
import { quoteName } from "../../../sql/quote.ts";
import type { Column } from "../../../sql/types.ts";

/** A row of a view; a datetime is milliseconds since the epoch. */
export type InformationRow = Readonly<Record<string, string | number | boolean | null>>;

/** A file that is written into the cell for one query, and is gone with it. */
export interface MadeFile {
  readonly name: string;
  readonly body: () => AsyncIterable<Buffer>;
}

const rowsMax = 1_000_000;
const pieceBytes = 64 * 1024;

/** Rows as lines of JSON. */
export async function* linesOf(rows: Iterable<InformationRow>): AsyncGenerator<Buffer> {
  let [lines, count] = ["", 0];
  for (const row of rows) {
    count += 1;
    if (count > rowsMax) throw tooMany;
    lines += `${JSON.stringify(row)}\n`;
    if (lines.length < pieceBytes) continue;
    yield Buffer.from(lines);
    lines = "";
  }
  yield Buffer.from(lines);
}

const tooMany = new ServiceError(
  "ODPS-0130071",
  `ODPS-0130071: Semantic analysis exception - the information schema shows at most ${rowsMax} rows`,
);

/** The rows of such a file as DuckDB reads them: the columns asked for. */
export function madeRelationSql(
  { name }: Pick<MadeFile, "name">,
  columns: readonly Column[],
  wanted: readonly string[],
): string {
  const asked = columns.filter((column) => wanted.includes(column.name));
  const isTime = ({ type }: Column) => type.kind === "datetime";
  const shape = asked.map(
    (column) =>
      `${quoteName(column.name)}: '${isTime(column) ? "BIGINT" : duckDbType(column.type)}'`,
  );
  // One column at least: a file's shape cannot be empty.
  const [first] = columns;
  assert(first, "a view has columns");
  const read = shape.length > 0 ? shape : [`${quoteName(first.name)}: 'VARCHAR'`];
  const list = asked.map((column) => {
    const quoted = quoteName(column.name);
    return isTime(column) ? `make_timestamptz(${quoted} * 1000) AS ${quoted}` : quoted;
  });
  const options = `format = 'newline_delimited', columns = {${read.join(", ")}}`;
  const from = `read_json(${fileText(name)}, ${options})`;
  return `(SELECT ${list.join(", ") || "1 AS _"} FROM ${from})`;
}
