import { rm } from "node:fs/promises";
import duckdb, { type Connection } from "@duckdb/node-bindings";
import { duckDbType } from "../../../sql/duckdb-types.ts";
import { quoteName, quoteText } from "../../../sql/quote.ts";
import type { Column } from "../../../sql/types.ts";
import { intoFile } from "../duckdb-types.ts";
import type { Vector } from "../tunnel/vectors.ts";
import { parquetOptions, rowGroupRows } from "./keep.ts";
import { createParquetJoin } from "./parquet-join.ts";
import type { RowSource } from "./row-source.ts";

/** A file of Parquet that takes rows, however many: it holds a part of them in memory, writes that, and sends it. */
export interface RowFile {
  /** Takes a batch, which must stay as it is until `written`; answers when there is room for the next. */
  append(batch: readonly Vector[]): Promise<void>;
  /** Sends what is left; answers how many rows there are. */
  end(): Promise<number>;
}

/** What is written, and how. */
interface RowFileOptions {
  readonly columns: readonly Column[];
  readonly source: RowSource;
  /** Told when the batches that were taken so far are in the file. */
  readonly written: () => void;
  /** Takes the file, from its beginning to its end. */
  readonly send: (bytes: Buffer) => Promise<void>;
}

/** Of all streams together: each has a part of it. */
const heldBytesMax = 96 * 1024 * 1024;
/** Parts end where a group of rows does, once they are worth the joining. */
const partBytesMin = 16 * 1024 * 1024;
let writers = 0;

/** Lends a new file to a piece of work. Each part of it is written at `part`, and there no longer than until it is sent. */
export async function withRowFile<Result>(
  connection: Connection,
  part: string,
  { columns, source, written, send }: RowFileOptions,
  work: (file: RowFile) => Promise<Result>,
): Promise<Result> {
  const join = createParquetJoin(send);
  const stored = columns.map(
    ({ name, type }, at) =>
      `${intoFile(`CAST(c${at} AS ${duckDbType(type)})`, type)} AS ${quoteName(name)}`,
  );
  const copy = `COPY (SELECT ${stored.join(", ")} FROM ${source.sql}) TO ${quoteText(part)} (${parquetOptions(columns, "us").join(", ")})`;
  let held: (readonly Vector[])[] = [];
  let [heldBytes, groupRows, rows, parts] = [0, 0, 0, 0];

  async function write(): Promise<void> {
    source.offer(held);
    await duckdb.query(connection, copy).catch((error: unknown) => {
      throw source.failure() ?? error;
    });
    [held, heldBytes, groupRows] = [[], 0, 0];
    written();
    parts += 1;
    await join.add(part);
  }

  writers += 1;
  try {
    return await work({
      async append(batch) {
        const count = batch[0]?.count ?? 0;
        held.push(batch);
        heldBytes += bytesIn(batch);
        rows += count;
        groupRows += count;
        const isGroup = groupRows >= rowGroupRows;
        if (isGroup) groupRows = 0;
        const isFull = heldBytes >= heldBytesMax / (1 + writers);
        if (isFull || (isGroup && heldBytes >= partBytesMin)) await write();
      },
      async end() {
        if (held.length > 0 || parts === 0) await write();
        await join.end();
        return rows;
      },
    });
  } finally {
    writers -= 1;
    await rm(part, { force: true });
  }
}

function bytesIn(vectors: readonly Vector[]): number {
  let sum = 0;
  for (const { bytes, offsets, valid, children, count } of vectors) {
    const isText = offsets.length > 0 && children.length === 0;
    const own = isText ? (offsets[count] ?? 0) - (offsets[0] ?? 0) : bytes.length;
    sum += own + offsets.byteLength + (valid?.length ?? 0) + bytesIn(children);
  }
  return sum;
}
