import type { CatalogTable } from "../catalog.ts";
import { duckDbType } from "../duckdb-types.ts";
import type { Selection } from "../plan.ts";
import { quoteName } from "../quote.ts";
import { readQuery } from "./queries.ts";
import { type Names, openReader, refuseSpark, sparkName } from "./reader.ts";

/** How a Spark has to be set for these texts to mean what they mean for DuckDB. */
export const sparkSettings: Readonly<Record<string, string>> = {
  "spark.sql.ansi.enabled": "true",
  "spark.sql.legacy.sizeOfNull": "false",
  "spark.sql.legacy.timeParserPolicy": "CORRECTED",
  "spark.sql.groupByOrdinal": "false",
  "spark.sql.orderByOrdinal": "false",
  "spark.sql.parser.escapedStringLiterals": "false",
  "spark.sql.variable.substitute": "false",
};

/**
 * The text of a selection for Spark SQL. `relationOf` is as for DuckDB. What has no words in Spark's
 * tables is refused.
 */
export function emitSpark(
  { relations, sql, columns }: Selection,
  relationOf: (table: CatalogTable, columns: readonly string[]) => string,
): string {
  const names: Names = { made: 0 };
  const translated = (text: string): string => {
    const reader = openReader(text, names);
    const query = readQuery(reader);
    return reader.peek().kind === "end" ? query : refuseSpark(`\`${reader.peek().value}\``);
  };
  const parts = relations.map((relation) => {
    const name = sparkName(relation.name);
    if ("sql" in relation) {
      // Spark may calculate a query of WITH each time that it is named.
      if (relation.once) return refuseSpark("UPDATE with FROM, or MERGE,");
      return `${name} AS (${translated(relation.sql)})`;
    }
    const list = relation.columns.map(sparkName).join(", ") || "true AS `_`";
    return `${name} AS (SELECT ${list} FROM ${relationOf(relation.table, relation.columns)})`;
  });
  const list = columns.map(
    ({ name, type }, index) => `CAST("c${index}" AS ${duckDbType(type)}) AS ${quoteName(name)}`,
  );
  const result = translated(`SELECT ${list.join(", ")} FROM (${sql}) AS "result"`);
  return `${parts.length > 0 ? `WITH ${parts.join(", ")} ` : ""}${result}`;
}
