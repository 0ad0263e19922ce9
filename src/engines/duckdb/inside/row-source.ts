import duckdb, { type Connection, type Database, type LogicalType } from "@duckdb/node-bindings";
import { quoteText } from "../../../sql/quote.ts";
import type { Column } from "../../../sql/types.ts";
import { stageType } from "../duckdb-types.ts";
import type { Form, Vector } from "../tunnel/vectors.ts";
import { fillVector } from "./fill-vector.ts";

/** Batches of rows that queries read as if they were a table, without a copy of them in DuckDB. */
export interface RowSource {
  /** The batches as a relation of columns `c0`, `c1` and so on. Each can be read once. */
  readonly sql: string;
  /** What the next query reads. */
  offer(batches: readonly (readonly Vector[])[]): void;
  /** Why a batch could not be read: DuckDB tells it in words of its own. */
  failure(): unknown;
  close(): void;
}

/** Makes sources for streams of these columns. */
export type OpenRowSource = (
  connection: Connection,
  columns: readonly Column[],
  form: Form,
) => Promise<RowSource>;

const functionName = "rows_of_stream";

interface Offered {
  readonly types: readonly LogicalType[];
  next(): readonly Vector[] | undefined;
  fill(batch: readonly Vector[], vectorAt: (column: number) => ReturnType<typeof columnOf>): void;
}

const columnOf = duckdb.data_chunk_get_vector;

/** Teaches a database to read batches. DuckDB asks for one after the other, and waits for each on a thread of its own. */
export async function openRowSources(database: Database): Promise<OpenRowSource> {
  const sources = new Map<string, Offered>();
  let opened = 0;
  const connection = await duckdb.connect(database);
  const made = duckdb.create_table_function();
  const sourceOf = (id: unknown): Offered => {
    const found = sources.get(String(id));
    if (!found) throw new Error("there is no such stream");
    return found;
  };
  duckdb.table_function_set_name(made, functionName);
  duckdb.table_function_add_parameter(made, duckdb.create_logical_type(duckdb.Type.VARCHAR));
  duckdb.table_function_set_bind(made, (info) => {
    const id = duckdb.get_varchar(duckdb.bind_get_parameter(info, 0));
    for (const [at, type] of sourceOf(id).types.entries()) {
      duckdb.bind_add_result_column(info, `c${at}`, type);
    }
    duckdb.bind_set_bind_data(info, { id });
  });
  duckdb.table_function_set_init(made, () => {});
  duckdb.table_function_set_function(made, (info, output) => {
    const source = sourceOf(Object(duckdb.function_get_bind_data(info)).id);
    const batch = source.next();
    duckdb.data_chunk_set_size(output, batch?.[0]?.count ?? 0);
    if (batch) source.fill(batch, (column) => columnOf(output, column));
  });
  duckdb.register_table_function(connection, made);
  duckdb.disconnect_sync(connection);

  return async (own, columns, form) => {
    opened += 1;
    const id = String(opened);
    const nulls = columns.map(({ type }) => `CAST(NULL AS ${stageType(type, form)})`);
    const prepared = await duckdb.prepare(own, `SELECT ${nulls.join(", ")}`);
    const types = columns.map((_, at) =>
      duckdb.prepared_statement_column_logical_type(prepared, at),
    );
    let left: Iterator<readonly Vector[]> = [].values();
    let failure: unknown;
    sources.set(id, {
      types,
      next: () => left.next().value,
      fill(batch, vectorAt) {
        try {
          for (const [at, { type }] of columns.entries()) {
            const vector = batch[at];
            if (vector) fillVector(type, form, vector, vectorAt(at));
          }
        } catch (error) {
          failure = error;
          throw error;
        }
      },
    });
    return {
      sql: `${functionName}(${quoteText(id)})`,
      offer(batches) {
        left = batches.values();
      },
      failure: () => failure,
      close: () => void sources.delete(id),
    };
  };
}
