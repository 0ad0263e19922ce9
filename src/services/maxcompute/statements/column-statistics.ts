import { textOf } from "../../../engines/duckdb/duckdb-types.ts";
import { quoteText } from "../../../sql/quote.ts";
import type { SqlType } from "../../../sql/types.ts";

/** Values that stand in TopK. */
const topMax = 20;
/** How much of a long text stands there. */
const topTextMax = 256;

type Kind = SqlType["kind"];

const numbers: readonly Kind[] = [
  ...(["tinyint", "smallint", "int", "bigint", "float", "double", "decimal"] as const),
];
const moments: readonly Kind[] = ["date", "datetime", "timestamp", "timestamp_ntz"];
const texts: readonly Kind[] = ["string", "varchar", "char"];
const ordered = [...numbers, ...moments];
const measured: readonly Kind[] = [...texts, "binary"];
const counted: readonly Kind[] = [...ordered, ...measured, "boolean"];

interface Fact {
  readonly name: string;
  /** What types of columns have it. Absent: all. */
  readonly of?: readonly Kind[];
  /** Calculated of `counted`: values `v`, their texts `t` and lengths `l`, and how many rows have each, `n`. */
  readonly sql: string;
}

const asNumber = (sql: string) => `CAST(CAST(${sql} AS DOUBLE) AS VARCHAR)`;
/** In bytes. A cast of a text to BLOB would read its backslashes as escapes. */
const lengthOf = ({ kind }: SqlType) =>
  kind === "binary" ? "octet_length(v)" : texts.includes(kind) ? "strlen(v)" : "NULL";

/** What there is to tell of a column, in MaxCompute's words and order. */
const facts: readonly Fact[] = [
  { name: "MaxValue", of: ordered, sql: "SELECT arg_max(t, v) FROM counted" },
  { name: "MinValue", of: ordered, sql: "SELECT arg_min(t, v) FROM counted" },
  { name: "MaxLength", of: measured, sql: `SELECT ${asNumber("max(l)")} FROM counted` },
  {
    name: "AvgLength",
    of: measured,
    sql: `SELECT ${asNumber("sum(l * n) / sum(n)")} FROM counted WHERE v IS NOT NULL`,
  },
  // NULL is one of them, as MaxCompute counts.
  { name: "DistinctNum", of: counted, sql: `SELECT ${asNumber("count(*)")} FROM counted` },
  {
    name: "NullNum",
    sql: `SELECT ${asNumber("coalesce(sum(n), 0)")} FROM counted WHERE v IS NULL`,
  },
  {
    name: "TopK",
    of: counted,
    sql: [
      `SELECT '{' || coalesce(string_agg(left(t, ${topTextMax}) || '=' || ${asNumber("n")}, ', ' ORDER BY n DESC, v), '') || '}'`,
      `FROM (SELECT * FROM counted WHERE v IS NOT NULL ORDER BY n DESC, v LIMIT ${topMax})`,
    ].join(" "),
  },
];

/** Asks DuckDB for lines of text on one column of a query that has so many: each with its place. */
export function statisticsSql(sql: string, width: number, column: number, type: SqlType): string {
  const names = Array.from({ length: width }, (_, at) => `"c${at}"`);
  const isCounted = counted.includes(type.kind);
  // Of what is nested only NULLs are counted.
  const value = isCounted ? names[column] : `CASE WHEN ${names[column]} IS NOT NULL THEN true END`;
  const text = isCounted ? textOf("v", type) : "NULL";
  const lines = facts
    .filter(({ of }) => of?.includes(type.kind) ?? true)
    .map(
      ({ name, sql: fact }, line) =>
        `SELECT ${line} AS line, ${quoteText(`${name}: `)} || (${fact}) AS text`,
    );
  return [
    `WITH rows AS (SELECT ${value} AS v FROM (\n${sql}\n) AS analyzed(${names.join(", ")})),`,
    `counted AS MATERIALIZED (SELECT v, ${text} AS t, ${lengthOf(type)} AS l, n FROM (SELECT v, count(*) AS n FROM rows GROUP BY v))`,
    `SELECT * FROM (${lines.join(" UNION ALL ")}) WHERE text IS NOT NULL`,
  ].join("\n");
}
