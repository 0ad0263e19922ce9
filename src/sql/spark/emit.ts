import type { CatalogTable } from "../catalog.ts";
import { duckDbType } from "../duckdb-types.ts";
import type { PlannedTable } from "../emit.ts";
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

/** A query in Spark's words. */
export interface SparkQuery {
  /**
   * Queries whose rows are calculated first and kept, each for those after it, which know it by its name: Spark may
   * calculate a query of WITH each time that it is named.
   */
  readonly steps: readonly { readonly name: string; readonly sql: string }[];
  readonly sql: string;
}

/**
 * A selection in the words of Spark SQL. `relationOf` is as for DuckDB. What has no words in Spark's tables is refused.
 */
export function emitSpark(
  { relations, sql, columns }: Selection,
  relationOf: (table: CatalogTable, columns: readonly string[], relation: PlannedTable) => string,
): SparkQuery {
  const names: Names = { made: 0 };
  const parts: string[] = [];
  const steps: { name: string; sql: string }[] = [];
  const translated = (text: string): string => {
    const reader = openReader(text, names);
    const query = readQuery(reader);
    return reader.peek().kind === "end" ? query : refuseSpark(`\`${reader.peek().value}\``);
  };
  const whole = (text: string): string =>
    `${parts.length > 0 ? `WITH ${parts.join(", ")} ` : ""}${translated(text)}`;
  for (const relation of relations) {
    const name = sparkName(relation.name);
    if ("table" in relation) {
      const list = relation.columns.map(sparkName).join(", ") || "true AS `_`";
      const from = relationOf(relation.table, relation.columns, relation);
      parts.push(`${name} AS (SELECT ${list} FROM ${from})`);
    } else if (relation.recursive) refuseSpark("WITH RECURSIVE");
    else if (relation.once) {
      steps.push({ name: relation.name, sql: whole(relation.sql) });
    } else parts.push(`${name} AS (${translated(relation.sql)})`);
  }
  const list = columns.map(
    ({ name, type }, index) => `CAST("c${index}" AS ${duckDbType(type)}) AS ${quoteName(name)}`,
  );
  return { steps, sql: whole(`SELECT ${list.join(", ")} FROM (${sql}) AS "result"`) };
}
