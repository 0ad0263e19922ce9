import { isUtf8 } from "node:buffer";
import { readSync, writeSync } from "node:fs";
import duckdb, { type Database, type DataChunk, type Vector } from "@duckdb/node-bindings";
import type { SqlType } from "../../../sql/types.ts";
import { frameBytesMax, functionError } from "../lent-functions.ts";
import { fillVector } from "./fill-vector.ts";
import { readVector } from "./read-vector.ts";

/** Told when a batch goes to a function, and when it is back. */
export type Watch = (busy: boolean) => void;

const text: SqlType = { kind: "string" };
const newline = 0x0a;

/**
 * Lets queries call functions whose code is at the other end of a connection. DuckDB calls and waits: so this is a
 * process of its own, which is ended when a function does not answer. `fds` are connections, in the order of the names.
 */
export async function registerFunctions(
  database: Database,
  names: readonly string[],
  fds: readonly number[],
  watch: Watch,
): Promise<void> {
  const connection = await duckdb.connect(database);
  const varchar = duckdb.create_logical_type(duckdb.Type.VARCHAR);
  for (const [at, name] of names.entries()) {
    const made = duckdb.create_scalar_function();
    duckdb.scalar_function_set_name(made, name);
    duckdb.scalar_function_add_parameter(made, varchar);
    duckdb.scalar_function_set_return_type(made, varchar);
    duckdb.scalar_function_set_volatile(made);
    const fd = fds[at] ?? -1;
    duckdb.scalar_function_set_function(made, (info, input, output) => {
      watch(true);
      try {
        answer(fd, input, output);
      } catch (error) {
        const why = error instanceof Error ? error.message : "";
        duckdb.scalar_function_set_error(info, `${functionError}${at}:${why}`);
      } finally {
        watch(false);
      }
    });
    duckdb.register_scalar_function(connection, made);
  }
  duckdb.disconnect_sync(connection);
}

function answer(fd: number, input: DataChunk, output: Vector): void {
  const count = duckdb.data_chunk_get_size(input);
  const given = readVector(text, "record", duckdb.data_chunk_get_vector(input, 0), {
    from: 0,
    to: count,
  });
  if (given.bytes.length > frameBytesMax) throw failure("size");
  send(fd, given.bytes);
  const kind = Buffer.alloc(5);
  receive(fd, kind);
  const length = kind.readUInt32BE() - 1;
  if (length < 0 || length > frameBytesMax) throw failure("ended");
  const bytes = Buffer.alloc(length);
  receive(fd, bytes);
  if (!isUtf8(bytes)) throw failure("ended");
  if (kind[4] !== 0) throw new Error(bytes.toString("utf8").slice(0, errorMax));
  fillVector(text, "record", { ...given, bytes, offsets: linesOf(bytes, count) }, output);
}

const errorMax = 1_500;
const failure = (error: string) => new Error(JSON.stringify({ error }));

/** Where each row's line begins; refuses more or fewer lines than there are rows. */
function linesOf(bytes: Uint8Array, count: number): Int32Array {
  const offsets = new Int32Array(count + 1);
  let at = 0;
  for (let row = 1; row <= count; row += 1) {
    const end = bytes.indexOf(newline, at);
    if (end < 0) throw failure("ended");
    at = end + 1;
    offsets[row] = at;
  }
  if (at !== bytes.length) throw failure("ended");
  return offsets;
}

function send(fd: number, payload: Uint8Array): void {
  const head = Buffer.alloc(4);
  head.writeUInt32BE(payload.length);
  for (const part of [head, payload]) {
    for (let at = 0; at < part.length; ) at += attempt(() => writeSync(fd, part, at));
  }
}

function receive(fd: number, into: Buffer): void {
  for (let at = 0; at < into.length; ) {
    const count = attempt(() => readSync(fd, into, at, into.length - at, null));
    if (count === 0) throw failure("ended");
    at += count;
  }
}

/** What a broken connection says is of no use to anybody. */
function attempt(work: () => number): number {
  try {
    return work();
  } catch {
    throw failure("ended");
  }
}
