import type { Cursor } from "./cursor.ts";
import {
  ifExists,
  ifNotExists,
  optionalPartition,
  parseClustering,
  parseDays,
  parseNames,
  parsePartition,
  parsePartitionFilters,
  parseProperties,
} from "./parse-clauses.ts";
import { parseColumn } from "./parse-column.ts";
import { parseSqlType } from "./parse-type.ts";
import type {
  AlterMaterializedView,
  AlterTableAction,
  AlterView,
  PartitionSpec,
  Statement,
} from "./tree.ts";

/** What ALTER TABLE does, by the words that begin it after the table's name. */
const actions: readonly (readonly [words: string, read: (cursor: Cursor) => AlterTableAction])[] = [
  ["ADD", parseAdd],
  ["DROP", parseDrop],
  ["RENAME TO", (cursor) => ({ kind: "rename", to: cursor.name() })],
  ["CHANGE", parseChange],
  ["SET COMMENT", (cursor) => ({ kind: "set-comment", comment: cursor.string() })],
  ["SET LIFECYCLE", (cursor) => ({ kind: "set-lifecycle", days: parseDays(cursor) })],
  ["SET TBLPROPERTIES", setProperties],
  ["SET LOCATION", (cursor) => ({ kind: "set-location", location: cursor.string() })],
  ["TOUCH", (cursor) => ({ kind: "touch", ...optionalPartition(cursor) })],
  ["MERGE SMALLFILES", (cursor) => ({ kind: "merge-small-files", ...optionalPartition(cursor) })],
  ["MERGE", parseMergePartitions],
  ["EXCHANGE", parseExchange],
  ["CHANGEOWNER TO", (cursor) => ({ kind: "change-owner", owner: parseOwner(cursor) })],
  ["ENABLE LIFECYCLE", () => ({ kind: "enable-lifecycle" })],
  ["DISABLE LIFECYCLE", () => ({ kind: "disable-lifecycle" })],
  ["COMPACT", parseCompact],
  ["NOT CLUSTERED", () => ({ kind: "set-clustering" })],
];

/** What it does to one partition, by the words after PARTITION (..). */
const partitionActions: readonly (readonly [
  words: string,
  read: (cursor: Cursor, partition: PartitionSpec) => AlterTableAction,
])[] = [
  [
    "RENAME TO",
    (cursor, partition) => ({ kind: "rename-partition", partition, to: parsePartition(cursor) }),
  ],
  [
    "SET LIFECYCLE",
    (cursor, partition) => ({ kind: "set-lifecycle", days: parseDays(cursor), partition }),
  ],
  [
    "SET LOCATION",
    (cursor, partition) => ({ kind: "set-location", location: cursor.string(), partition }),
  ],
  ["ENABLE LIFECYCLE", (_, partition) => ({ kind: "enable-lifecycle", partition })],
  ["DISABLE LIFECYCLE", (_, partition) => ({ kind: "disable-lifecycle", partition })],
  ["MERGE SMALLFILES", (_, partition) => ({ kind: "merge-small-files", partition })],
  ["TOUCH", (_, partition) => ({ kind: "touch", partition })],
  ["COMPACT", (cursor, partition) => ({ ...parseCompact(cursor), partition })],
];

/** Reads what begins with ALTER. */
export function parseAlter(cursor: Cursor): Statement {
  const { at } = cursor.expect("ALTER");
  if (cursor.takeAll("MATERIALIZED", "VIEW")) return parseAlterMaterialized(cursor, at);
  if (cursor.take("VIEW")) return parseAlterView(cursor, at);
  cursor.expect("TABLE");
  const table = cursor.objectName("a table");
  return { kind: "alter-table", at, table, action: parseAction(cursor) };
}

function parseAction(cursor: Cursor): AlterTableAction {
  if (cursor.is("PARTITION")) {
    const partition = parsePartition(cursor);
    const found = partitionActions.find(([words]) => cursor.takeAll(...words.split(" ")));
    return found ? found[1](cursor, partition) : cursor.fail();
  }
  const clustering = parseClustering(cursor);
  if (clustering) return { kind: "set-clustering", clustering };
  const found = actions.find(([words]) => cursor.takeAll(...words.split(" ")));
  return found ? found[1](cursor) : cursor.fail();
}

function setProperties(cursor: Cursor): {
  kind: "set-properties";
  properties: ReturnType<typeof parseProperties>;
} {
  return { kind: "set-properties", properties: parseProperties(cursor) };
}

function parseAdd(cursor: Cursor): AlterTableAction {
  if (cursor.take("COLUMNS") || cursor.take("COLUMN")) {
    const unlessThere = ifNotExists(cursor);
    const columns = cursor.is("(")
      ? cursor.group(() => parseColumn(cursor))
      : cursor.list(() => parseColumn(cursor));
    return { kind: "add-columns", ifNotExists: unlessThere, columns };
  }
  const unlessThere = ifNotExists(cursor);
  if (!cursor.is("PARTITION")) cursor.fail('"PARTITION"', '"COLUMNS"');
  const partitions: { spec: PartitionSpec; location?: string }[] = [];
  while (cursor.is("PARTITION")) {
    const spec = parsePartition(cursor);
    partitions.push(cursor.take("LOCATION") ? { spec, location: cursor.string() } : { spec });
    cursor.take(",");
  }
  return { kind: "add-partitions", ifNotExists: unlessThere, partitions };
}

function parseDrop(cursor: Cursor): AlterTableAction {
  if (cursor.take("COLUMNS") || cursor.take("COLUMN")) {
    const columns = cursor.is("(") ? parseNames(cursor) : cursor.list(() => cursor.name());
    return { kind: "drop-columns", columns };
  }
  return { kind: "drop-partitions", ...parseDropPartitions(cursor) };
}

function parseDropPartitions(cursor: Cursor) {
  const whenThere = ifExists(cursor);
  if (!cursor.is("PARTITION")) cursor.fail('"PARTITION"', '"COLUMN"', '"COLUMNS"');
  const partitions = parsePartitionFilters(cursor);
  cursor.take("PURGE");
  return { ifExists: whenThere, partitions };
}

/** CHANGE [COLUMN] old new [type] [COMMENT ..] [FIRST | AFTER x], old COMMENT '..', old [NOT] NULL. */
function parseChange(cursor: Cursor): AlterTableAction {
  cursor.take("COLUMN");
  const column = cursor.name("a column");
  if (cursor.takeAll("RENAME", "TO")) return { kind: "change-column", column, name: cursor.name() };
  const only = parseChanged(cursor);
  if (only) return { kind: "change-column", column, name: column, ...only };
  const name = cursor.name("a column");
  const typed = cursor.token.kind === "word" && !changeWords.has(cursor.token.key);
  const type = typed ? parseSqlType(cursor) : undefined;
  const changed = parseChanged(cursor);
  const place = parsePlace(cursor);
  return {
    kind: "change-column",
    column,
    name,
    ...(type && { type }),
    ...changed,
    ...(place && { place }),
  };
}

const changeWords: ReadonlySet<string> = new Set(["COMMENT", "NOT", "NULL", "FIRST", "AFTER"]);

function parseChanged(cursor: Cursor): { comment?: string; nullable?: boolean } | undefined {
  if (cursor.takeAll("NOT", "NULL")) return { nullable: false };
  if (cursor.take("NULL")) return { nullable: true };
  const isComment = cursor.is("COMMENT") && cursor.peek().kind === "string";
  return isComment && cursor.take("COMMENT") ? { comment: cursor.string() } : undefined;
}

function parsePlace(cursor: Cursor): { after?: ReturnType<Cursor["name"]> } | undefined {
  if (cursor.take("FIRST")) return {};
  return cursor.take("AFTER") ? { after: cursor.name("a column") } : undefined;
}

function parseMergePartitions(cursor: Cursor): AlterTableAction {
  const whenThere = ifExists(cursor);
  const partitions = parsePartitionFilters(cursor);
  if (!cursor.takeAll("OVERWRITE")) cursor.fail('"OVERWRITE"');
  const into = parsePartition(cursor);
  const purge = cursor.take("PURGE");
  return {
    kind: "merge-partitions",
    ifExists: whenThere,
    partitions,
    into,
    overwrite: true,
    purge,
  };
}

function parseExchange(cursor: Cursor): AlterTableAction {
  const partition = parsePartition(cursor);
  cursor.expect("WITH");
  cursor.expect("TABLE");
  return { kind: "exchange-partition", partition, with: cursor.objectName("a table") };
}

function parseCompact(cursor: Cursor): Extract<AlterTableAction, { readonly kind: "compact" }> {
  if (cursor.take("MAJOR")) return { kind: "compact", mode: "major" };
  if (cursor.take("MINOR")) return { kind: "compact", mode: "minor" };
  return cursor.fail('"MAJOR"', '"MINOR"');
}

/** An owner stands in quotes. */
function parseOwner(cursor: Cursor): string {
  return cursor.string("an owner");
}

function parseAlterView(cursor: Cursor, at: AlterView["at"]): AlterView {
  const view = cursor.objectName("a view");
  if (cursor.takeAll("RENAME", "TO")) {
    return { kind: "alter-view", at, view, action: { kind: "rename", to: cursor.name() } };
  }
  if (cursor.takeAll("CHANGEOWNER", "TO")) {
    const owner = parseOwner(cursor);
    return { kind: "alter-view", at, view, action: { kind: "change-owner", owner } };
  }
  cursor.expect("SET", "COMMENT");
  const comment = cursor.string();
  return { kind: "alter-view", at, view, action: { kind: "set-comment", comment } };
}

function parseAlterMaterialized(
  cursor: Cursor,
  at: AlterMaterializedView["at"],
): AlterMaterializedView {
  const view = cursor.objectName("a view");
  return { kind: "alter-materialized-view", at, view, action: materializedAction(cursor) };
}

function materializedAction(cursor: Cursor): AlterMaterializedView["action"] {
  if (cursor.take("REBUILD")) {
    const partitions = cursor.is("PARTITION") ? parsePartitionFilters(cursor) : [];
    return { kind: "rebuild", partitions };
  }
  if (cursor.take("DROP")) return { kind: "drop-partitions", ...parseDropPartitions(cursor) };
  if (cursor.takeAll("SET", "LIFECYCLE")) return { kind: "set-lifecycle", days: parseDays(cursor) };
  if (cursor.takeAll("SET", "TBLPROPERTIES")) return setProperties(cursor);
  for (const verb of ["enable", "disable"] as const) {
    if (cursor.takeAll(verb.toUpperCase(), "LIFECYCLE")) return { kind: `${verb}-lifecycle` };
    if (cursor.takeAll(verb.toUpperCase(), "REWRITE")) return { kind: `${verb}-rewrite` };
  }
  return cursor.fail();
}
