import type { TakeQuestion } from "../../../engines/duckdb/questions.ts";
import { EngineRefusal } from "../../../engines/kept/ask.ts";
import type { OdpsInput } from "../../../pipeline/document.ts";
import { keepOrDiscard } from "../../../storage/keep-or-discard.ts";
import type { AccountStore, Table } from "../../../storage/store.ts";
import { contentAt, type FileRecord, readPartition } from "../catalog.ts";
import type { OdpsCall, TableTarget } from "../find-project.ts";
import { callerName } from "../projects.ts";
import { findPartition } from "../tables.ts";
import { putVersion, sameValues, withFiles } from "../versions.ts";
import { invalid, sentCompression, storedColumns } from "./tunnel.ts";

/** A block that is on disk for good. */
export interface BlockRecord {
  readonly id: number;
  readonly file: FileRecord;
  readonly atMs: number;
}

const blockRows = (store: AccountStore): Table<BlockRecord> => store.table("odps-blocks");

/** Most blocks of one session. */
export const blocksMax = 20_000;

/** The blocks of a session, in the order of their ids. */
export const blocksOf = (store: AccountStore, id: string): readonly BlockRecord[] =>
  [...blockRows(store).range({ prefix: [id] })].map(({ value }) => value);

/** Keeps a block that came, in the place of one of its id that came before; inside a transaction, as all below. */
export function keepBlock(store: AccountStore, session: string, block: BlockRecord): void {
  const key = [session, block.id];
  const before = blockRows(store).find(key);
  if (before) store.blobs.remove(before.file.blob);
  store.blobs.keep(block.file.blob);
  blockRows(store).put(key, block);
}

/** Forgets blocks whose files have become a table's. */
export function forgetBlocks(store: AccountStore, id: string): void {
  for (const { key } of [...blockRows(store).range({ prefix: [id] })]) blockRows(store).remove(key);
}

/** Forgets blocks, with their files. */
export function removeBlocks(store: AccountStore, session: string): void {
  for (const { file } of blocksOf(store, session)) store.blobs.remove(file.blob);
  forgetBlocks(store, session);
}

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
      ...{ projectId: project.id, table, clock: call.parts.clock, by: callerName(call) },
      ...{ operation: "ALTER PARTITION", added: [] },
      change: (now) =>
        now.some((one) => sameValues(one.values, values))
          ? now
          : withFiles(now, values, [], { atMs: call.timeMs, overwrite: false }),
    });
  });
  return values;
}

/** The Storage API writes to a session in the path, whole Arrow streams; the tunnel says whether it is Arrow. */
function formOf({ labels, parameters }: OdpsInput): TakeQuestion["form"] {
  if (labels["Session"] !== undefined) return "stream";
  return "arrow" in parameters ? "arrow" : "record";
}

/**
 * Takes the rows that a request brings into a sealed file, for which `keep` finds a place inside a transaction. Where it
 * throws, nothing of the file is left.
 */
export async function takeBlock(
  target: TableTarget,
  input: OdpsInput,
  call: OdpsCall,
  keep: (file: FileRecord) => void,
  columns = storedColumns(target.table, target.table.columns),
): Promise<FileRecord> {
  const file = await sealedRows(target, input, call, columns);
  await keepOrDiscard(call.parts.store, target.store, [file], () => keep(file));
  return file;
}

/** The rows of a request as a file that is nobody's yet. */
async function sealedRows(
  { project }: TableTarget,
  input: OdpsInput,
  call: OdpsCall,
  columns: TakeQuestion["columns"],
): Promise<FileRecord> {
  const { body } = input;
  if (!body) throw invalid("A block has a body.");
  const compression = sentCompression(input);
  const wanted = { columns, form: formOf(input), ...(compression && { compression }) };
  return call.own.engines.use(project, (cell) =>
    cell.take(wanted, body, project).catch((error: unknown) => {
      throw error instanceof EngineRefusal
        ? invalid(`The block is refused: ${error.message}.`)
        : error;
    }),
  );
}
