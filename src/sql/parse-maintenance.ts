import type { Cursor } from "./cursor.ts";
import {
  ifExists,
  optionalPartition,
  parseNames,
  parsePartitions,
  parseProperties,
} from "./parse-clauses.ts";
import type { Drop, Name, Position, Show, Statement } from "./tree.ts";

const dropped: readonly (readonly [words: string, type: Drop["type"]])[] = [
  ["TABLE", "table"],
  ["VIEW", "view"],
  ["MATERIALIZED VIEW", "materialized-view"],
  ["FUNCTION", "function"],
  ["SCHEMA", "schema"],
];

/** DROP TABLE|VIEW|MATERIALIZED VIEW|FUNCTION|SCHEMA [IF EXISTS] name. */
export function parseDrop(cursor: Cursor): Statement {
  const { at } = cursor.expect("DROP");
  const found = dropped.find(([words]) => cursor.takeAll(...words.split(" ")));
  if (!found) return cursor.fail();
  const whenThere = ifExists(cursor);
  const name = cursor.objectName();
  const purge = cursor.take("PURGE");
  return { kind: "drop", at, type: found[1], name, ifExists: whenThere, purge };
}

/** PURGE TABLE t, PURGE ALL. */
export function parsePurge(cursor: Cursor): Statement {
  const { at } = cursor.expect("PURGE");
  if (cursor.take("ALL")) return { kind: "purge", at };
  cursor.expect("TABLE");
  return { kind: "purge", at, table: cursor.objectName("a table") };
}

/** TRUNCATE TABLE t [PARTITION (..), ..]. */
export function parseTruncate(cursor: Cursor): Statement {
  const { at } = cursor.expect("TRUNCATE");
  cursor.expect("TABLE");
  const table = cursor.objectName("a table");
  return { kind: "truncate", at, table, partitions: parsePartitions(cursor) };
}

/** CLONE TABLE t [PARTITION (..), ..] TO t2 [IF EXISTS OVERWRITE|IGNORE]. */
export function parseClone(cursor: Cursor): Statement {
  const { at } = cursor.expect("CLONE");
  cursor.expect("TABLE");
  const source = cursor.objectName("a table");
  const partitions = parsePartitions(cursor);
  cursor.expect("TO");
  const target = cursor.objectName("a table");
  const clone = { kind: "clone", at, source, partitions, target } as const;
  if (!ifExists(cursor)) return clone;
  if (cursor.take("OVERWRITE")) return { ...clone, ifExists: "overwrite" };
  return cursor.take("IGNORE")
    ? { ...clone, ifExists: "ignore" }
    : cursor.fail('"OVERWRITE"', '"IGNORE"');
}

/** RESTORE TABLE t [('LSN'='x')] [PARTITION (..)] [TO LSN 'x'] [AS t2]. */
export function parseRestore(cursor: Cursor): Statement {
  const { at } = cursor.expect("RESTORE");
  cursor.expect("TABLE");
  const table = cursor.objectName("a table");
  const properties = cursor.is("(") ? parseProperties(cursor) : [];
  const partitions = parsePartitions(cursor);
  const lsn = cursor.takeAll("TO", "LSN") ? cursor.string("a version") : undefined;
  const as = cursor.take("AS") ? cursor.name() : undefined;
  return {
    kind: "restore",
    at,
    table,
    properties,
    partitions,
    ...(lsn !== undefined && { lsn }),
    ...(as && { as }),
  };
}

/** MSCK [REPAIR] TABLE t [ADD PARTITIONS]. */
export function parseRepair(cursor: Cursor): Statement {
  const { at } = cursor.expect("MSCK");
  cursor.take("REPAIR");
  cursor.expect("TABLE");
  const table = cursor.objectName("a table");
  cursor.takeAll("ADD", "PARTITIONS");
  return { kind: "repair", at, table };
}

/** ANALYZE TABLE t [PARTITION (..)] COMPUTE|DELETE STATISTICS FOR COLUMNS [(..)]. */
export function parseAnalyze(cursor: Cursor): Statement {
  const { at } = cursor.expect("ANALYZE");
  cursor.expect("TABLE");
  const table = cursor.objectName("a table");
  const partition = optionalPartition(cursor);
  const action = cursor.take("DELETE") ? "delete" : "compute";
  if (action === "compute") cursor.expect("COMPUTE");
  cursor.expect("STATISTICS");
  cursor.expect("FOR");
  return { kind: "analyze", at, table, ...partition, action, columns: statisticColumns(cursor) };
}

/** SHOW STATISTIC t [PARTITION (..)] COLUMNS [(..)], from the table on. */
function parseShowStatistic(cursor: Cursor, at: Position): Statement {
  const table = cursor.objectName("a table");
  const partition = optionalPartition(cursor);
  if (!cursor.is("COLUMNS")) {
    throw cursor.unsupported("SHOW STATISTIC without COLUMNS (say SHOW STATISTIC t COLUMNS)");
  }
  return { kind: "show-statistic", at, table, ...partition, columns: statisticColumns(cursor) };
}

/** COLUMNS [(..)]; a name that is told twice is one. */
function statisticColumns(cursor: Cursor): Name[] {
  cursor.expect("COLUMNS");
  const names = cursor.is("(") ? parseNames(cursor) : [];
  return [...new Map(names.map((name) => [name.key, name])).values()];
}

/** USE project, USE SCHEMA s. */
export function parseUse(cursor: Cursor): Statement {
  const { at } = cursor.expect("USE");
  const isSchema = cursor.is("SCHEMA") && cursor.isName(cursor.peek());
  if (isSchema) cursor.next();
  return { kind: "use", at, type: isSchema ? "schema" : "project", name: cursor.objectName() };
}

/** Reads what begins with SHOW. */
export function parseShow(cursor: Cursor): Statement {
  const { at } = cursor.expect("SHOW");
  if (cursor.take("STATISTIC")) return parseShowStatistic(cursor, at);
  const show = (what: Show["what"], more: Partial<Show> = {}): Show => ({
    kind: "show",
    at,
    what,
    ...more,
  });
  if (cursor.take("TABLES")) return show("tables", parseScope(cursor));
  if (cursor.take("VIEWS")) return show("views", parseScope(cursor));
  if (cursor.takeAll("MATERIALIZED", "VIEWS")) {
    return show("materialized-views", parseScope(cursor));
  }
  if (cursor.take("FUNCTIONS")) return show("functions", parseScope(cursor));
  if (cursor.take("SCHEMAS")) return show("schemas", parseScope(cursor));
  if (cursor.takeAll("CREATE", "TABLE")) {
    return show("create-table", { table: cursor.objectName("a table") });
  }
  if (cursor.take("PARTITIONS")) {
    const table = cursor.objectName("a table");
    return show("partitions", { table, ...optionalPartition(cursor) });
  }
  if (cursor.take("COLUMNS")) {
    if (!cursor.take("FROM") && !cursor.take("IN")) cursor.fail('"FROM"', '"IN"');
    return show("columns", { table: cursor.objectName("a table") });
  }
  if (!cursor.takeAll("HISTORY", "FOR")) return cursor.fail();
  if (cursor.take("TABLES")) return show("history", parseScope(cursor));
  cursor.expect("TABLE");
  const table = cursor.objectName("a table");
  if (cursor.is("(")) parseProperties(cursor);
  return show("history", { table, ...optionalPartition(cursor) });
}

/** [IN|FROM project] [LIKE '..']. */
function parseScope(cursor: Cursor): Partial<Show> {
  const scoped = cursor.take("IN") || cursor.take("FROM");
  const within = scoped ? { in: cursor.objectName("a project") } : {};
  return cursor.take("LIKE") ? { ...within, like: cursor.string("a pattern") } : within;
}

/** DESC|DESCRIBE [EXTENDED] [TABLE] t [PARTITION (..)], DESC FUNCTION f, DESC SCHEMA s. */
export function parseDescribe(cursor: Cursor): Statement {
  const { at } = cursor.next();
  const extended = cursor.take("EXTENDED");
  for (const type of ["function", "schema"] as const) {
    const isType = cursor.is(type.toUpperCase()) && cursor.isName(cursor.peek());
    if (!isType) continue;
    cursor.next();
    return { kind: "describe", at, type, name: cursor.objectName(), extended };
  }
  cursor.take("TABLE");
  const name = cursor.objectName("a table");
  return { kind: "describe", at, type: "table", name, extended, ...optionalPartition(cursor) };
}
