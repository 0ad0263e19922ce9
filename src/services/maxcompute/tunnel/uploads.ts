import type { OdpsAnswer, OdpsInput } from "../../../pipeline/document.ts";
import { operation } from "../../../pipeline/operation.ts";
import { keepOrDiscard } from "../../../storage/keep-or-discard.ts";
import type { AccountStore, Table } from "../../../storage/store.ts";
import type { FileRecord, PartitionRecord } from "../catalog.ts";
import type { OdpsCall, TableTarget } from "../find-project.ts";
import { callerName } from "../projects.ts";
import { tunnelSchema } from "../table-answer.ts";
import { putVersion, withFiles } from "../versions.ts";
import {
  type BlockRecord,
  blocksMax,
  blocksOf,
  forgetBlocks,
  keepBlock,
  partitionFor,
  removeBlocks,
  takeBlock,
} from "./blocks.ts";
import { dividedRows, withPartitionsInRows } from "./dynamic-partitions.ts";
import {
  beginSession,
  checkTakesRows,
  intoTable,
  invalid,
  noSession,
  openIn,
  sessionFinder,
  storedColumns,
  tellSession,
  type WritingSession,
} from "./tunnel.ts";

/** An upload: nothing of it is in the table before it is committed. */
export interface UploadRecord extends WritingSession {
  /** Absent: all of a table without partitions, or those that the rows tell. */
  readonly partition?: readonly string[];
  /** Set where the rows tell their partitions: most of them. */
  readonly partitionsMax?: number;
  readonly overwrite: boolean;
  readonly status: "normal" | "closed";
}

/** Sessions, by project and id. */
export const uploadRows = (store: AccountStore): Table<UploadRecord> => store.table("odps-uploads");

const fieldBytesMax = 8 * 1024 * 1024;

const answerOf = ({ store, table }: TableTarget, upload: UploadRecord) => ({
  UploadID: upload.id,
  Status: upload.status,
  Schema: tunnelSchema(table.columns, table.partitionColumns),
  UploadedBlockList: blocksOf(store, upload.id).map(({ id, file, atMs }) => ({
    BlockID: id,
    BlockLength: file.blob.size,
    Date: new Date(atMs).toUTCString(),
    ModifyTime: Math.floor(atMs / 1000),
  })),
  MaxFieldSize: fieldBytesMax,
  QuotaName: "default",
});

const uploadOf = sessionFinder(uploadRows, ({ parameters }) => parameters["uploadid"]);

/** Begins an upload: into one partition, or into all of a table that has none. */
export function beginUpload(
  target: TableTarget,
  wanted: Pick<UploadRecord, "partition" | "overwrite" | "partitionsMax">,
  call: OdpsCall,
): Promise<UploadRecord> {
  const { store, table } = target;
  const own = { ...wanted, tableId: table.id, status: "normal" } as const;
  return beginSession(uploadRows(store), target, own, call);
}

/** Begins an upload into a table or one partition. */
export const createTableUpload = operation("CreateTableUpload", {
  ...intoTable,
  async handle(target: TableTarget, input: OdpsInput, call: OdpsCall): Promise<OdpsAnswer> {
    const { parameters } = input;
    checkTakesRows(target.table);
    const partition = await partitionFor(target, parameters, call);
    const overwrite = parameters["overwrite"] === "true";
    const upload = await beginUpload(target, { overwrite, ...(partition && { partition }) }, call);
    return { created: "", json: answerOf(target, upload) };
  },
});

/** Whether somebody may still commit an upload into a table. */
export const hasOpenUpload = openIn(uploadRows, ({ status }) => status === "normal");

/** Takes one block: sent again, it takes the place of the first. */
export const putTableBlock = operation("PutTableBlock", {
  ...intoTable,
  data: true,
  async handle(target: TableTarget, input: OdpsInput, call: OdpsCall): Promise<OdpsAnswer> {
    const upload = uploadOf(target, input, call);
    const text = input.parameters["blockid"] ?? "";
    const id = Number(text);
    if (!/^\d{1,5}$/.test(text) || id >= blocksMax) {
      throw invalid(`A block's id is a number below ${blocksMax}, not \`${text.slice(0, 32)}\`.`);
    }
    const file = await takeUploadBlock(target, upload, { id, input }, call);
    return {
      headers: {
        "x-odps-tunnel-block-rows": String(file.rows),
        "odps-tunnel-table": target.table.name,
      },
    };
  },
});

/** Takes the rows of a request as a block of an upload; nothing of them is in the table yet. */
export async function takeUploadBlock(
  target: TableTarget,
  upload: UploadRecord,
  { id, input }: { readonly id: number; readonly input: OdpsInput },
  call: OdpsCall,
): Promise<FileRecord> {
  const { store, project } = target;
  if (upload.status !== "normal") throw invalid(`The upload ${upload.id} is ${upload.status}.`);
  const { columns } =
    upload.partitionsMax === undefined ? target.table : withPartitionsInRows(target.table);
  const keep = (file: FileRecord) => {
    const now = uploadRows(store).find([project.id, upload.id]);
    if (now?.status !== "normal") throw invalid(`The upload ${upload.id} is over.`);
    keepBlock(store, upload.id, { id, file, atMs: call.timeMs });
  };
  return takeBlock(target, input, call, keep, storedColumns(target.table, columns));
}

/** Tells where an upload has come to. */
export const getTableUpload = operation("GetTableUpload", {
  ...intoTable,
  handle: tellSession(uploadOf, answerOf),
});

/** Puts all blocks into the table at once; committed again, it is done already. */
export const commitTableUpload = operation("CommitTableUpload", {
  ...intoTable,
  async handle(
    target: TableTarget,
    input: OdpsInput,
    call: OdpsCall,
    judgeAgain: () => void,
  ): Promise<OdpsAnswer> {
    const done = await commitUpload(target, uploadOf(target, input, call), call, judgeAgain);
    return { json: answerOf(target, done) };
  },
});

/**
 * Puts blocks of an upload into the table at once, those that `chosen` answers out of all; others go. One that was
 * committed already stays as it is.
 */
export async function commitUpload(
  target: TableTarget,
  upload: UploadRecord,
  call: OdpsCall,
  judgeAgain: () => void,
  chosen: (blocks: readonly BlockRecord[]) => readonly BlockRecord[] = (blocks) => blocks,
): Promise<UploadRecord> {
  const { project, store, table } = target;
  if (upload.partitionsMax !== undefined)
    return commitDivided(target, upload, call, judgeAgain, chosen);
  const key = [project.id, upload.id];
  const done: UploadRecord = { ...upload, status: "closed" };
  await call.parts.store.transaction(() => {
    judgeAgain();
    const now = uploadRows(store).find(key);
    if (!now) throw noSession(upload.id);
    if (now.status !== "normal") return;
    const all = blocksOf(store, upload.id);
    // Blocks were kept when they came: here they only change hands.
    const kept = new Set(chosen(all).filter(({ file }) => file.rows > 0));
    const files = [...kept].map(({ file }) => file);
    for (const block of all) if (!kept.has(block)) store.blobs.remove(block.file.blob);
    const { partition = [], overwrite } = upload;
    putVersion(store, {
      ...{ projectId: project.id, table, clock: call.parts.clock, by: callerName(call) },
      ...{ operation: "TUNNEL", added: [] },
      change: (partitions) =>
        withFiles(partitions, partition, files, { atMs: call.timeMs, overwrite }),
    });
    forgetBlocks(store, upload.id);
    uploadRows(store).put(key, done);
  });
  return done;
}

/**
 * The same where the rows tell their partitions. They are divided first; blocks that came or were committed meanwhile
 * make that worth nothing.
 */
async function commitDivided(
  target: TableTarget,
  upload: UploadRecord,
  call: OdpsCall,
  judgeAgain: () => void,
  chosen: (blocks: readonly BlockRecord[]) => readonly BlockRecord[],
): Promise<UploadRecord> {
  const { project, store, table } = target;
  const key = [project.id, upload.id];
  const done: UploadRecord = { ...upload, status: "closed" };
  if (upload.status === "closed") return done;
  const before = blocksOf(store, upload.id);
  const blocks = chosen(before).filter(({ file }) => file.rows > 0);
  const taken = blocks.map(({ file }) => file);
  const made = await dividedRows(target, taken, upload.partitionsMax ?? 1, call);
  const added = made.flatMap(({ files }) => files);
  await keepOrDiscard(call.parts.store, store, added, () => {
    judgeAgain();
    const now = blocksOf(store, upload.id);
    const same = now.map(({ file }) => file.id).join() === before.map(({ file }) => file.id).join();
    if (uploadRows(store).find(key)?.status !== "normal" || !same) {
      throw invalid(`The upload ${upload.id} has changed meanwhile.`);
    }
    putVersion(store, {
      ...{ projectId: project.id, table, clock: call.parts.clock, by: callerName(call) },
      ...{ operation: "TUNNEL", added },
      change: (partitions) => withDivided(partitions, made, upload.overwrite),
    });
    removeBlocks(store, upload.id);
    uploadRows(store).put(key, done);
  });
  return done;
}

/** Rows of a large partition may be in several files: the first takes the place of what was there. */
function withDivided(
  before: readonly PartitionRecord[],
  made: readonly PartitionRecord[],
  overwrite: boolean,
): readonly PartitionRecord[] {
  const begun = new Set<string>();
  return made.reduce((partitions, { values, files, modifiedAtMs }) => {
    const name = JSON.stringify(values);
    const replaces = overwrite && !begun.has(name);
    begun.add(name);
    return withFiles(partitions, values, files, { atMs: modifiedAtMs, overwrite: replaces });
  }, before);
}
