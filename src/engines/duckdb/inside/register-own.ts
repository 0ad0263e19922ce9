import duckdb, { type Connection, type DataChunk, type Vector } from "@duckdb/node-bindings";
import type { SqlType } from "../../../sql/types.ts";
import { type OwnFunction, ownFunctions } from "../own-functions.ts";
import { isValid } from "../tunnel/vectors.ts";
import { fillVector } from "./fill-vector.ts";
import { readVector } from "./read-vector.ts";

const binary: SqlType = { kind: "binary" };
const none = new Uint8Array(0);

/** Makes functions of ours known to a database, for all of its connections. */
export function registerOwn(connection: Connection): void {
  const blob = duckdb.create_logical_type(duckdb.Type.BLOB);
  for (const own of ownFunctions) {
    const made = duckdb.create_scalar_function();
    duckdb.scalar_function_set_name(made, own.name);
    for (let at = 0; at < own.parameters; at += 1) {
      duckdb.scalar_function_add_parameter(made, blob);
    }
    duckdb.scalar_function_set_return_type(made, blob);
    if (own.random) duckdb.scalar_function_set_volatile(made);
    duckdb.scalar_function_set_function(made, (info, input, output) => {
      try {
        calculateAll(own, input, output);
      } catch {
        // What it says could hold values; who wrote the statement is told which function it was.
        duckdb.scalar_function_set_error(info, `${own.name} failed`);
      }
    });
    duckdb.register_scalar_function(connection, made);
  }
}

function calculateAll({ parameters, calculate }: OwnFunction, input: DataChunk, output: Vector) {
  const count = duckdb.data_chunk_get_size(input);
  const columns = Array.from({ length: parameters }, (_, at) =>
    readVector(binary, "record", duckdb.data_chunk_get_vector(input, at), { from: 0, to: count }),
  );
  const value = (column: number, row: number): Uint8Array => {
    const { bytes, offsets } = columns[column] ?? { bytes: none, offsets: [] };
    return bytes.subarray(offsets[row] ?? 0, offsets[row + 1] ?? 0);
  };
  const results = Array.from({ length: count }, (_, row) =>
    columns.every((column) => isValid(column, row))
      ? calculate(value(0, row), value(1, row), value(2, row))
      : undefined,
  );
  const valid = new Uint8Array(8 * Math.ceil(count / 64));
  const offsets = new Int32Array(count + 1);
  for (const [row, result] of results.entries()) {
    if (result) valid[row >> 3] = (valid[row >> 3] ?? 0) | (1 << (row & 7));
    offsets[row + 1] = (offsets[row] ?? 0) + (result?.length ?? 0);
  }
  const bytes = Buffer.concat(results.map((result) => result ?? none));
  fillVector(binary, "record", { count, valid, bytes, offsets, children: [] }, output);
}
