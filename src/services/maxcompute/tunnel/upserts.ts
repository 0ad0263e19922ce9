import type { OdpsAnswer, OdpsInput } from "../../../pipeline/document.ts";
import { operation, ServiceError } from "../../../pipeline/operation.ts";
import { keepOrDiscard } from "../../../storage/keep-or-discard.ts";
import type { AccountStore, Table } from "../../../storage/store.ts";
import type { FileRecord } from "../catalog.ts";
import type { OdpsCall, TableTarget } from "../find-project.ts";
import { callerName } from "../projects.ts";
import { schemaVersion, tunnelSchema } from "../table-answer.ts";
import { changedMeanwhile, dataChanged, putVersion, sameValues, withFiles } from "../versions.ts";
import { keepBlock, partitionFor, removeBlocks, takeBlock } from "./blocks.ts";
import {
  beginSession,
  blockTaken,
  intoTable,
  invalid,
  noSession,
  openIn,
  routedServer,
  sessionFinder,
  tellSession,
  type WritingSession,
} from "./tunnel.ts";
import { changeColumns, type Merged, mergeChanges } from "./upsert-merge.ts";

/** Rows that are to be written over those of their keys, or to take them away: nothing happens before the commit. */
interface UpsertRecord extends WritingSession {
  readonly partition: readonly string[];
  /** Blocks were read by these columns. */
  readonly schemaVersion: string;
  readonly blocks: number;
  readonly status: "normal" | "committed";
}

/** Rows of a session are merged at once. */
const blocksMax = 1_000;
const triesMax = 5;

/** Sessions, by project and id. */
export const upsertRows = (store: AccountStore): Table<UpsertRecord> => store.table("odps-upserts");

/** Whether somebody may still commit changes by key into a table. */
export const hasOpenUpsert = openIn(upsertRows, ({ status }) => status === "normal");

const answerOf = ({ table }: TableTarget, { id, status }: UpsertRecord) => ({
  id,
  status,
  schema: tunnelSchema(table.columns, table.partitionColumns),
  hash_key: table.primaryKey,
  hasher: "default",
  slots: [{ slot_id: "0", buckets: [0], worker_addr: routedServer }],
  quota_name: "default",
  enable_partial_update: false,
});

const notFound = "UpsertSessionNotFound";

const upsertOf = sessionFinder(upsertRows, ({ parameters }) => parameters["upsertid"], notFound);

/** Begins a session of changes by key to a table or one partition. */
export const createTableUpsert = operation("CreateTableUpsert", {
  ...intoTable,
  async handle(target: TableTarget, input: OdpsInput, call: OdpsCall): Promise<OdpsAnswer> {
    const { store, table } = target;
    const { parameters } = input;
    if (!table.transactional || table.primaryKey.length === 0) {
      throw invalid(`${table.name} is no transactional table with a primary key.`);
    }
    const partition = (await partitionFor(target, parameters, call)) ?? [];
    const begun = { schemaVersion: schemaVersion(table), blocks: 0, status: "normal" } as const;
    const own = { tableId: table.id, partition, ...begun };
    const upsert = await beginSession(upsertRows(store), target, own, call);
    return { json: answerOf(target, upsert) };
  },
});

/** Tells where a session of changes has come to. */
export const getTableUpsert = operation("GetTableUpsert", {
  ...intoTable,
  handle: tellSession(upsertOf, answerOf),
});

/** Takes changes: of one key, the one that came last will count. */
export const putUpsertBlock = operation("PutUpsertBlock", {
  ...intoTable,
  data: true,
  async handle(target: TableTarget, input: OdpsInput, call: OdpsCall): Promise<OdpsAnswer> {
    const { table, store, project } = target;
    checkOpen(target, upsertOf(target, input, call));
    const keep = (file: FileRecord) => {
      const now = upsertOf(target, input, call);
      checkOpen(target, now);
      if (now.blocks >= blocksMax) throw invalid(`A session has at most ${blocksMax} blocks.`);
      keepBlock(store, now.id, { id: now.blocks, file, atMs: call.timeMs });
      upsertRows(store).put([project.id, now.id], { ...now, blocks: now.blocks + 1 });
    };
    await takeBlock(target, input, call, keep, changeColumns(table));
    return blockTaken;
  },
});

function checkOpen({ table }: TableTarget, upsert: UpsertRecord): void {
  if (upsert.status !== "normal") throw invalid(`The session ${upsert.id} is ${upsert.status}.`);
  if (upsert.schemaVersion !== schemaVersion(table)) {
    throw invalid(`The columns of ${table.name} have changed: begin another session.`);
  }
}

/** Makes all changes at once; committed again, it is done already. */
export const commitTableUpsert = operation("CommitTableUpsert", {
  ...intoTable,
  async handle(
    target: TableTarget,
    input: OdpsInput,
    call: OdpsCall,
    judgeAgain: () => void,
  ): Promise<OdpsAnswer> {
    for (let tries = 1; ; tries += 1) {
      const upsert = upsertOf(target, input, call);
      if (upsert.status === "committed") return { json: answerOf(target, upsert) };
      checkOpen(target, upsert);
      const merged = await mergeChanges(target, upsert, call);
      try {
        const done = await keepOrDiscard(call.parts.store, target.store, [merged.file], () => {
          judgeAgain();
          return commit(target, upsertOf(target, input, call), merged, call);
        });
        return { json: answerOf(target, done) };
      } catch (error) {
        const again = error instanceof ServiceError && error.code === dataChanged;
        if (!again || tries === triesMax) throw error;
      }
    }
  },
});

/** Puts the merged rows in the place of those that they were merged with; these must still be there. */
function commit(
  { store, project, table }: TableTarget,
  upsert: UpsertRecord,
  { before, file, blocks }: Merged,
  call: OdpsCall,
): UpsertRecord {
  if (upsert.status === "committed") {
    store.blobs.discard(file.blob);
    return upsert;
  }
  if (upsert.blocks !== blocks) throw changedMeanwhile(table.name);
  putVersion(store, {
    ...{ projectId: project.id, table, clock: call.parts.clock, by: callerName(call) },
    ...{ operation: "UPSERT", added: [file] },
    change(partitions) {
      const there = partitions.find(({ values }) => sameValues(values, upsert.partition));
      const ids = (there?.files ?? []).map(({ id }) => id);
      const found = before.map(({ id }) => id);
      if (!sameValues(ids, found)) throw changedMeanwhile(table.name);
      const rows = file.rows > 0 ? [file] : [];
      return withFiles(partitions, upsert.partition, rows, { atMs: call.timeMs, overwrite: true });
    },
  });
  removeBlocks(store, upsert.id);
  const done: UpsertRecord = { ...upsert, status: "committed" };
  upsertRows(store).put([project.id, upsert.id], done);
  return done;
}

/** Ends a session of which nothing shall happen. */
export const abortTableUpsert = operation("AbortTableUpsert", {
  ...intoTable,
  async handle(target: TableTarget, input: OdpsInput, call: OdpsCall): Promise<OdpsAnswer> {
    const { store, project } = target;
    const { id, status } = upsertOf(target, input, call);
    if (status === "committed") throw noSession(id, notFound);
    await call.parts.store.transaction(() => {
      removeBlocks(store, id);
      upsertRows(store).remove([project.id, id]);
    });
    return {};
  },
});
