import { EngineRefusal } from "../../engines/duckdb/ask.ts";
import type { OdpsInput } from "../../pipeline/document.ts";
import { contentAt, type FileRecord, readPartition } from "./catalog.ts";
import type { OdpsCall, TableTarget } from "./find-project.ts";
import { callerName } from "./projects.ts";
import { findPartition } from "./tables.ts";
import { invalid, sentCompression, storedColumns } from "./tunnel.ts";
import { putVersion, sameValues, withFiles } from "./versions.ts";

/** `create_partition`, `create_partition=true`: clients write it in both ways. */
const isMade = (told: string | undefined): boolean => told === "" || told === "true";

/** The partition that an upload is for; one that is not there is made where the client asks for it. */
export async function partitionFor(
  { table, store, project }: TableTarget,
  parameters: OdpsInput["parameters"],
  call: OdpsCall,
): Promise<readonly string[] | undefined> {
  const { partition } = parameters;
  if (table.partitionColumns.length === 0) {
    if (partition !== undefined) throw invalid(`The table ${table.name} has no partitions.`);
    return undefined;
  }
  if (partition === undefined) {
    throw invalid(`The table ${table.name} is partitioned: name a partition.`);
  }
  const { partitions } = contentAt(store, table, table.version) ?? { partitions: [] };
  const values = readPartition(table, partition);
  const there = values && partitions.some((one) => sameValues(one.values, values));
  if (!values || there || !isMade(parameters["create_partition"])) {
    return findPartition(table, partitions, partition).values;
  }
  await call.parts.store.transaction(() => {
    putVersion(store, {
      ...{ projectId: project.id, table, atMs: call.timeMs, by: callerName(call) },
      ...{ operation: "ALTER PARTITION", added: [] },
      change: (now) =>
        now.some((one) => sameValues(one.values, values))
          ? now
          : withFiles(now, values, [], { atMs: call.timeMs, overwrite: false }),
    });
  });
  return values;
}

/** Takes the rows that a request brings into a sealed file that is nobody's yet. */
export async function takeBlock(
  { project, table }: TableTarget,
  input: OdpsInput,
  call: OdpsCall,
): Promise<FileRecord> {
  const { body } = input;
  if (!body) throw invalid("A block has a body.");
  const compression = sentCompression(input);
  const name = `u/${call.parts.random.bytes(8).toString("hex")}.parquet`;
  return call.own.engines.use(project, async (cell) => {
    const wanted = {
      file: name,
      columns: storedColumns(table, table.columns),
      form: "arrow" in input.parameters ? ("arrow" as const) : ("record" as const),
      ...(compression && { compression }),
    };
    const { rows } = await cell.engine.take(wanted, body).catch((error: unknown) => {
      throw error instanceof EngineRefusal
        ? invalid(`The block is refused: ${error.message}.`)
        : error;
    });
    const file = await cell.seal(name, rows);
    await cell.engine.remove(name);
    return file;
  });
}
