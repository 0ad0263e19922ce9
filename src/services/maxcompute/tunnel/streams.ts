import type { OdpsAnswer, OdpsInput } from "../../../pipeline/document.ts";
import { operation, ServiceError } from "../../../pipeline/operation.ts";
import type { AccountStore, Table } from "../../../storage/store.ts";
import { contentAt, readPartition } from "../catalog.ts";
import type { OdpsCall, TableTarget } from "../find-project.ts";
import { callerName } from "../projects.ts";
import { schemaVersion, tunnelSchema } from "../table-answer.ts";
import { findPartition } from "../tables.ts";
import { putVersion, withFiles } from "../versions.ts";
import { partitionFor, takeBlock } from "./blocks.ts";
import {
  beginSession,
  blockTaken,
  checkTakesRows,
  intoTable,
  invalid,
  openIn,
  routedServer,
  sessionFinder,
  tellSession,
  type WritingSession,
} from "./tunnel.ts";

/** A stream into a table: what it brings is there when the request that brings it is answered. */
interface StreamRecord extends WritingSession {
  readonly partition?: readonly string[];
  /** Each request names its partition, which is made where it is not there. */
  readonly dynamic: boolean;
  readonly batches: number;
  readonly lastBatchAtMs?: number;
}

/** Sessions, by project and id. */
export const streamRows = (store: AccountStore): Table<StreamRecord> => store.table("odps-streams");

/** Whether somebody may still bring rows into a table. */
export const hasOpenStream = openIn(streamRows);

const answerOf = ({ table }: TableTarget, stream: StreamRecord) => ({
  session_name: stream.id,
  status: "normal",
  schema: tunnelSchema(table.columns, table.partitionColumns),
  schema_version: schemaVersion(table),
  slots: [["0", routedServer]],
  quota_name: "default",
  last_batch_id: stream.batches,
  ...(stream.lastBatchAtMs !== undefined && { last_batch_commit_time: stream.lastBatchAtMs }),
});

const streamOf = sessionFinder(
  streamRows,
  ({ parameters }) => parameters["uploadid"],
  "StreamSessionNotFound",
);

/** Rows of other columns than the table has now come only from who says that they may. */
function checkSchema({ table }: TableTarget, { parameters }: OdpsInput): void {
  const { schema_version: told, check_latest_schema: check } = parameters;
  if (check !== "true" || told === undefined || told === schemaVersion(table)) return;
  throw new ServiceError(
    "NoSuchSchema",
    `The columns of ${table.name} have changed: its schema version is ${schemaVersion(table)}.`,
  );
}

/** Begins a stream into a table or one partition, or into partitions that each request names. */
export const createTableStream = operation("CreateTableStream", {
  ...intoTable,
  async handle(target: TableTarget, input: OdpsInput, call: OdpsCall): Promise<OdpsAnswer> {
    const { store, table } = target;
    const { parameters } = input;
    checkTakesRows(table);
    checkSchema(target, input);
    const dynamic = parameters["dynamic_partition"] === "true" && table.partitionColumns.length > 0;
    const partition = dynamic ? undefined : await partitionFor(target, parameters, call);
    const own = { tableId: table.id, dynamic, batches: 0, ...(partition && { partition }) };
    const stream = await beginSession(streamRows(store), target, own, call);
    return { json: answerOf(target, stream) };
  },
});

/** Tells where a stream has come to. */
export const getTableStream = operation("GetTableStream", {
  ...intoTable,
  handle: tellSession(streamOf, answerOf),
});

/** Puts rows into the table at once: they are there, for good, when the client is answered. */
export const putStreamBlock = operation("PutStreamBlock", {
  ...intoTable,
  async handle(
    target: TableTarget,
    input: OdpsInput,
    call: OdpsCall,
    judgeAgain: () => void,
  ): Promise<OdpsAnswer> {
    const { table, store, project } = target;
    const stream = streamOf(target, input, call);
    checkSchema(target, input);
    const values = partitionOf(target, stream, input);
    await takeBlock(target, input, call, (file) => {
      judgeAgain();
      const now = streamOf(target, input, call);
      const key = [project.id, now.id];
      streamRows(store).put(key, {
        ...now,
        batches: now.batches + 1,
        lastBatchAtMs: call.timeMs,
      });
      if (file.rows === 0) return store.blobs.discard(file.blob);
      putVersion(store, {
        ...{ projectId: project.id, table, clock: call.parts.clock, by: callerName(call) },
        ...{ operation: "STREAM", added: [file] },
        change: (partitions) =>
          withFiles(partitions, values, [file], { atMs: call.timeMs, overwrite: false }),
      });
    });
    return blockTaken;
  },
});

/** The partition that rows go to; one of a stream that does not make any must still be there. */
function partitionOf(
  { table, store }: TableTarget,
  stream: StreamRecord,
  { parameters }: OdpsInput,
): readonly string[] {
  const { partitions } = contentAt(store, table, table.version) ?? { partitions: [] };
  const { partition: named } = parameters;
  if (stream.dynamic) {
    const values = named === undefined ? undefined : readPartition(table, named);
    if (!values) throw invalid("A stream with dynamic partitions names one with each request.");
    return values;
  }
  if (table.partitionColumns.length === 0) return [];
  const text = table.partitionColumns.map(({ name }, at) => `${name}='${stream.partition?.[at]}'`);
  return findPartition(table, partitions, text.join(",")).values;
}

/** Ends a stream; what it has brought stays. */
export const endTableStream = operation("EndTableStream", {
  ...intoTable,
  async handle(target: TableTarget, input: OdpsInput, call: OdpsCall): Promise<OdpsAnswer> {
    const { store, project } = target;
    const { id } = streamOf(target, input, call);
    await call.parts.store.transaction(() => streamRows(store).remove([project.id, id]));
    return {};
  },
});
