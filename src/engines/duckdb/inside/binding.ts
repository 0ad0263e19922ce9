import duckdb, {
  type Connection,
  type Database,
  type DataChunk,
  type LogicalType,
  type PreparedStatement,
} from "@duckdb/node-bindings";
import { duckDbPrelude } from "../../../sql/prelude.ts";
import { quoteText } from "../../../sql/quote.ts";
import type { SqlType } from "../../../sql/types.ts";
import { registerOwn } from "./register-own.ts";

/** What a running DuckDB may use and touch. */
export interface DatabaseOptions {
  /** The only ones whose files it reads and writes. */
  readonly directories: readonly string[];
  /** Where it puts what does not fit in memory. */
  readonly spill: string;
  readonly memoryBytes: number;
  readonly spillBytes: number;
  readonly threads: number;
  /** Rows that a view does not show go to no function of a user: nothing is moved across what is written out first. */
  readonly barriers?: boolean;
}

/** Optimizers of DuckDB that move conditions out of or into a query that is written out first. */
const acrossBarriers = "filter_pullup,cte_filter_pusher,cte_inlining";

/** What is set for each connection, and so after the lock: DuckDB takes none of them for all at once. */
const ownToConnections = ["TimeZone", "enable_progress_bar", "enable_progress_bar_print"];

/** Opens a DuckDB in memory that can be told nothing more about itself, and reaches no other directories than these. */
export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  const config = duckdb.create_config();
  const first = {
    threads: String(options.threads),
    memory_limit: `${options.memoryBytes}B`,
    autoinstall_known_extensions: "false",
    autoload_known_extensions: "false",
    allow_community_extensions: "false",
    allow_persistent_secrets: "false",
    // It would hold some of what is read of local files until memory is short. The kernel has their pages.
    enable_external_file_cache: "false",
  };
  for (const [name, value] of Object.entries(first)) duckdb.set_config(config, name, value);
  const database = await duckdb.open(":memory:", config);
  const connection = await duckdb.connect(database);
  const settings = [
    ...(options.barriers ? [`disabled_optimizers = ${quoteText(acrossBarriers)}`] : []),
    `temp_directory = ${quoteText(options.spill)}`,
    `max_temp_directory_size = '${options.spillBytes}B'`,
    `allowed_directories = [${options.directories.map(quoteText).join(", ")}]`,
    "enable_external_access = false",
    `allowed_configs = [${ownToConnections.map(quoteText).join(", ")}]`,
    "lock_configuration = true",
  ];
  registerOwn(connection);
  for (const macro of duckDbPrelude) await duckdb.query(connection, macro);
  for (const setting of settings) await duckdb.query(connection, `SET GLOBAL ${setting}`);
  duckdb.disconnect_sync(connection);
  return database;
}

/** Lends a connection that knows the time zone to a piece of work. */
export async function withConnection<Result>(
  database: Database,
  timezone: string,
  work: (connection: Connection) => Promise<Result>,
): Promise<Result> {
  const connection = await duckdb.connect(database);
  try {
    await duckdb.query(connection, `SET SESSION TimeZone = ${quoteText(timezone)}`);
    return await work(connection);
  } finally {
    duckdb.disconnect_sync(connection);
  }
}

/** Has a connection count how far its queries are. It draws no bar: standard output has lines of ours alone. */
export async function countProgress(connection: Connection): Promise<void> {
  await duckdb.query(connection, "SET enable_progress_bar_print = false");
  await duckdb.query(connection, "SET enable_progress_bar = true");
}

/** Prepares a text that must be one SELECT and nothing else. */
export async function prepareSelect(
  connection: Connection,
  sql: string,
): Promise<PreparedStatement> {
  const { extracted_statements: statements, statement_count: count } =
    await duckdb.extract_statements(connection, sql);
  if (count !== 1) throw new Error(`one query is expected, not ${count} statements`);
  const prepared = await duckdb.prepare_extracted_statement(connection, statements, 0);
  if (duckdb.prepared_statement_type(prepared) !== duckdb.StatementType.SELECT) {
    throw new Error("the statement is no query");
  }
  // DuckDB takes some PRAGMAs for queries: what cannot stand inside of another query is none.
  return duckdb.prepare(connection, `SELECT * FROM (\n${sql}\n) AS kept`);
}

/** Runs a query and hands its rows over in chunks, never more of them than the one in work. */
export async function* chunksOf(
  connection: Connection,
  sql: string,
): AsyncGenerator<{ chunk: DataChunk; rows: number }> {
  const prepared = await duckdb.prepare(connection, sql);
  const result = await duckdb.execute_prepared_streaming(prepared);
  for (;;) {
    const chunk = await duckdb.fetch_chunk(result);
    const rows = chunk ? duckdb.data_chunk_get_size(chunk) : 0;
    if (!chunk || rows === 0) return;
    yield { chunk, rows };
  }
}

const kinds: Readonly<Record<number, SqlType>> = {
  [duckdb.Type.BOOLEAN]: { kind: "boolean" },
  [duckdb.Type.TINYINT]: { kind: "tinyint" },
  [duckdb.Type.SMALLINT]: { kind: "smallint" },
  [duckdb.Type.INTEGER]: { kind: "int" },
  [duckdb.Type.BIGINT]: { kind: "bigint" },
  [duckdb.Type.UTINYINT]: { kind: "smallint" },
  [duckdb.Type.USMALLINT]: { kind: "int" },
  [duckdb.Type.UINTEGER]: { kind: "bigint" },
  [duckdb.Type.UBIGINT]: { kind: "decimal", precision: 20, scale: 0 },
  [duckdb.Type.HUGEINT]: { kind: "decimal", precision: 38, scale: 0 },
  [duckdb.Type.FLOAT]: { kind: "float" },
  [duckdb.Type.DOUBLE]: { kind: "double" },
  [duckdb.Type.VARCHAR]: { kind: "string" },
  [duckdb.Type.BLOB]: { kind: "binary" },
  [duckdb.Type.DATE]: { kind: "date" },
  [duckdb.Type.TIMESTAMP_TZ]: { kind: "datetime" },
  [duckdb.Type.TIMESTAMP_MS]: { kind: "datetime" },
  [duckdb.Type.TIMESTAMP_S]: { kind: "datetime" },
  [duckdb.Type.TIMESTAMP]: { kind: "timestamp_ntz" },
  [duckdb.Type.TIMESTAMP_NS]: { kind: "timestamp" },
  [duckdb.Type.INTERVAL]: { kind: "interval_day_time" },
  [duckdb.Type.SQLNULL]: { kind: "void" },
};

/** The type of MaxCompute that a type of DuckDB stands for. */
export function sqlTypeOf(type: LogicalType): SqlType {
  const id = duckdb.get_type_id(type);
  switch (id) {
    case duckdb.Type.DECIMAL:
      return {
        kind: "decimal",
        precision: duckdb.decimal_width(type),
        scale: duckdb.decimal_scale(type),
      };
    case duckdb.Type.LIST:
      return { kind: "array", element: sqlTypeOf(duckdb.list_type_child_type(type)) };
    case duckdb.Type.ARRAY:
      return { kind: "array", element: sqlTypeOf(duckdb.array_type_child_type(type)) };
    case duckdb.Type.MAP:
      return {
        kind: "map",
        key: sqlTypeOf(duckdb.map_type_key_type(type)),
        value: sqlTypeOf(duckdb.map_type_value_type(type)),
      };
    case duckdb.Type.STRUCT: {
      const count = duckdb.struct_type_child_count(type);
      const fields = Array.from({ length: count }, (_, at) => ({
        name: duckdb.struct_type_child_name(type, at),
        type: sqlTypeOf(duckdb.struct_type_child_type(type, at)),
      }));
      return { kind: "struct", fields };
    }
    default: {
      if (duckdb.logical_type_get_alias(type) === "JSON") return { kind: "json" };
      const found = kinds[id];
      if (!found) throw new Error(`DuckDB's type ${duckdb.Type[id] ?? id} has no counterpart`);
      return found;
    }
  }
}
