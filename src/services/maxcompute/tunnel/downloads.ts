import type { OdpsAnswer, OdpsInput } from "../../../pipeline/document.ts";
import { operation, ServiceError } from "../../../pipeline/operation.ts";
import type { Column } from "../../../sql/types.ts";
import type { AccountStore, Table } from "../../../storage/store.ts";
import { contentAt, type PartitionRecord, rowsIn } from "../catalog.ts";
import type { OdpsCall, TableTarget } from "../find-project.ts";
import { flowsTo, rowsToShow, showRows } from "../flows.ts";
import type { RowsRecord } from "../jobs/instance-record.ts";
import { type InstanceTarget, instanceOf } from "../jobs/instances.ts";
import { checkKeys, displayFlows, resultFiles, shownRowsMax } from "../jobs/results.ts";
import type { ProjectEngine } from "../project-engine.ts";
import { callerName } from "../projects.ts";
import { type PlacedFile, placedFiles } from "../relations.ts";
import { tunnelSchema } from "../table-answer.ts";
import { findPartition } from "../tables.ts";
import { type DownloadTarget, onDownload } from "./download-target.ts";
import {
  answerCompression,
  beginSession,
  invalid,
  noSession,
  rowRange,
  sessionMs,
  storedColumns,
  type TunnelSession,
  wantedColumns,
} from "./tunnel.ts";

/** A download as it was begun: what it reads stays what it was, whatever is written meanwhile. */
interface DownloadRecord extends TunnelSession {
  /** Id of the table, or of the job whose rows are read. */
  readonly of: string;
  readonly version: number;
  readonly partition?: readonly string[];
  readonly rows: number;
  /** Of a job: no more than is shown anyway. */
  readonly limited: boolean;
}

/** Sessions, by project and id. */
export const downloadRows = (store: AccountStore): Table<DownloadRecord> =>
  store.table("odps-downloads");

const answerOf = (
  { id, rows }: DownloadRecord,
  columns: readonly Column[],
  partitionColumns: readonly Column[],
): OdpsAnswer => ({
  json: {
    DownloadID: id,
    Status: "normal",
    RecordCount: rows,
    Schema: tunnelSchema(columns, partitionColumns),
    QuotaName: "default",
    SupportReadByRawSize: false,
  },
});

/** The session of a request: its own user's, and of the thing that the path names. */
function sessionOf(
  { project, store }: Pick<TableTarget, "project" | "store">,
  of: string,
  { parameters }: OdpsInput,
  call: OdpsCall,
): DownloadRecord {
  const id = parameters["downloadid"] ?? "";
  const found = downloadRows(store).find([project.id, id]);
  const fits =
    found?.of === of && found.by === callerName(call) && call.timeMs - found.beganAtMs <= sessionMs;
  if (!fits) throw noSession(id);
  return found;
}

function partitionsOf(
  { table, store }: TableTarget,
  { parameters }: OdpsInput,
): readonly PartitionRecord[] {
  const { partitions } = contentAt(store, table, table.version) ?? { partitions: [] };
  const { partition } = parameters;
  if (table.kind !== "table" && table.kind !== "materialized view")
    throw invalid(`${table.name} is a ${table.kind}: run a query instead.`);
  if (table.partitionColumns.length === 0) {
    if (partition !== undefined) throw invalid(`The table ${table.name} has no partitions.`);
    return partitions;
  }
  if (partition === undefined) {
    throw invalid(`The table ${table.name} is partitioned: name a partition.`);
  }
  return [findPartition(table, partitions, partition)];
}

const onTable = onDownload((input, target, call) =>
  input.parameters["downloadid"] === undefined
    ? undefined
    : sessionOf(target, target.table.id, input, call).version,
);

/** A job's rows: all of them are carried away, as many as are shown anyway are displayed. */
const instanceFlows = (target: InstanceTarget, limited: boolean, call: OdpsCall) =>
  limited
    ? displayFlows(target, call)
    : flowsTo(
        target.instance.rows?.reads ?? [],
        { kind: "download" },
        { taskType: "DT", action: "Select", current: target.project },
        call,
      );

/** Begins a download of a table or one partition at its present version. */
export const createTableDownload = operation("CreateTableDownload", {
  ...onTable,
  carries: () => undefined,
  async handle(target: DownloadTarget, input: OdpsInput, call: OdpsCall): Promise<OdpsAnswer> {
    const { store, table } = target;
    const partitions = partitionsOf(target, input);
    const rows = partitions.reduce((sum, partition) => sum + rowsIn(partition), 0);
    const partition = table.partitionColumns.length > 0 ? partitions[0]?.values : undefined;
    const which = { of: table.id, version: table.version, ...(partition && { partition }) };
    const own = { ...which, rows, limited: false };
    const session = await beginSession(downloadRows(store), target, own, call);
    return { created: "", ...answerOf(session, table.columns, table.partitionColumns) };
  },
});

export const getTableDownload = operation("GetTableDownload", {
  ...onTable,
  carries: () => undefined,
  handle(target: DownloadTarget, input: OdpsInput, call: OdpsCall): OdpsAnswer {
    const { table } = target;
    const session = sessionOf(target, table.id, input, call);
    return answerOf(session, table.columns, table.partitionColumns);
  },
});

/** Rows of a download, judged anew at each read. */
export const readTableDownload = operation("ReadTableDownload", {
  ...onTable,
  handle(target: DownloadTarget, input: OdpsInput, call: OdpsCall): Promise<OdpsAnswer> {
    const { table, store, project } = target;
    const session = sessionOf(target, table.id, input, call);
    const content = contentAt(store, table, session.version);
    if (!content) throw noSession(session.id);
    const partitions = content.partitions.filter(
      ({ values }) =>
        !session.partition || session.partition.every((value, at) => value === values[at]),
    );
    const files = placedFiles(table, partitions);
    const columns = storedColumns(table, wantedColumns(input, table.columns));
    return stream({ project, files, columns, rows: session.rows }, input, call);
  },
  carries: ({ carried }) => carried,
});

interface Readable {
  readonly project: TableTarget["project"];
  readonly files: readonly PlacedFile[];
  readonly columns: readonly Column[];
  readonly rows: number;
}

async function stream(
  { project, files, columns, rows }: Readable,
  input: OdpsInput,
  call: OdpsCall,
): Promise<OdpsAnswer> {
  const range = rowRange(input, rows);
  const compression = answerCompression(input);
  await checkKeys(project, files, call);
  const form = "arrow" in input.parameters ? "arrow" : "record";
  const read = (cell: ProjectEngine) =>
    cell.engine.read({
      files: files.map(({ name }) => name),
      ...{ columns, ...range, form },
      ...(compression && { compression }),
    });
  return {
    body: call.own.engines.stream(project, async (cell) => {
      await cell.place(files);
      return read(cell);
    }),
    ...(compression && { encoding: compression }),
    carried: { rows: range.count, stream: "body" },
  };
}

const spent = (id: string) =>
  new ServiceError(
    "ODPS-0130013",
    `ODPS-0130013:Authorization exception - The rows of instance ${id} are more than may be shown today (display-budget-spent)`,
  );

function rowsOf({ instance }: InstanceTarget): RowsRecord {
  if (instance.rows) return instance.rows;
  throw new ServiceError(
    "InstanceTypeNotSupported",
    `The instance ${instance.id} has no rows: read its result instead.`,
  );
}

/** Begins to read the rows of a query: all, or as many as are shown. */
export const createInstanceDownload = operation("CreateInstanceDownload", {
  resolve: (input: OdpsInput, call: OdpsCall) => instanceOf(input, call),
  ...{ action: "Read", readOnly: true },
  flows: ({ parameters }, target, call) =>
    instanceFlows(target, "instance_tunnel_limit_enabled" in parameters, call),
  carries: () => undefined,
  async handle(target, { parameters }, call): Promise<OdpsAnswer> {
    const { columns, rows } = rowsOf(target);
    const limited = "instance_tunnel_limit_enabled" in parameters;
    const shown = limited ? rowsToShow(displayFlows(target, call), call) : rows;
    const count = Math.min(rows, limited ? shownRowsMax : rows, shown);
    const own = { of: target.instance.id, version: 0, rows: count, limited };
    const session = await beginSession(downloadRows(target.store), target, own, call);
    return { created: "", ...answerOf(session, columns, []) };
  },
});

export const getInstanceDownload = operation("GetInstanceDownload", {
  resolve: (input: OdpsInput, call: OdpsCall) => instanceOf(input, call),
  action: "Read",
  handle(target, input, call): OdpsAnswer {
    const session = sessionOf(target, target.instance.id, input, call);
    return answerOf(session, rowsOf(target).columns, []);
  },
});

export const readInstanceDownload = operation("ReadInstanceDownload", {
  resolve: (input: OdpsInput, call: OdpsCall) => instanceOf(input, call),
  ...{ action: "Read", readOnly: true },
  flows: (input, target, call) =>
    instanceFlows(target, sessionOf(target, target.instance.id, input, call).limited, call),
  async handle(target, input, call): Promise<OdpsAnswer> {
    const { project, instance } = target;
    const { rows, limited } = sessionOf(target, instance.id, input, call);
    const wanted = rowRange(input, rows).count;
    if (limited) await showRows(displayFlows(target, call), wanted, call, () => spent(instance.id));
    const kept = rowsOf(target);
    const columns = wantedColumns(input, kept.columns);
    return stream({ project, files: resultFiles(kept), columns, rows }, input, call);
  },
  carries: ({ carried }) => carried,
});
