import { type Compression, compressions } from "../../../engines/duckdb/questions.ts";
import type { OdpsAnswer, OdpsInput } from "../../../pipeline/document.ts";
import { ServiceError } from "../../../pipeline/operation.ts";
import type { Column } from "../../../sql/types.ts";
import type { AccountStore, Table } from "../../../storage/store.ts";
import { storedName, type TableRecord } from "../catalog.ts";
import { namedTable, type OdpsCall, type TableTarget } from "../find-project.ts";
import { callerName } from "../projects.ts";

/** How long a session of the tunnel serves (MaxCompute: 24 hours). */
export const sessionMs = 24 * 60 * 60 * 1000;

/** The refusal of a session that is not there, or is somebody else's. */
export const noSession = (id: string, code = "NoSuchUpload"): ServiceError =>
  new ServiceError(code, `The tunnel session ${id.slice(0, 64)} does not exist or has expired.`);

/** What every session has: whose it is, and since when. */
export interface TunnelSession {
  readonly id: string;
  readonly by: string;
  readonly beganAtMs: number;
}

/** Begins a session of the caller. What `keep` does is in the same transaction. */
export async function beginSession<Session extends TunnelSession>(
  rows: Table<Session>,
  { project }: Pick<TableTarget, "project">,
  own: Omit<Session, keyof TunnelSession>,
  call: OdpsCall,
  keep: () => void = () => {},
): Promise<Session> {
  const id = call.parts.random.bytes(16).toString("hex");
  const made = { ...own, id, by: callerName(call), beganAtMs: call.timeMs } as Session;
  await call.parts.store.transaction(() => {
    keep();
    rows.put([project.id, id], made);
  });
  return made;
}

/** How operations that bring rows into a table find and judge it. */
export const intoTable = { ...namedTable, action: "Update" };

/** What sessions on a table have in common. */
export interface WritingSession extends TunnelSession {
  readonly tableId: string;
}

/** Finds the session that a request is about: its own user's, on the table that the path names. */
export const sessionFinder =
  <Session extends WritingSession>(
    rowsOf: (store: AccountStore) => Table<Session>,
    idIn: (input: OdpsInput) => string | undefined,
    code?: string,
  ) =>
  ({ project, store, table }: TableTarget, input: OdpsInput, call: OdpsCall): Session => {
    const id = idIn(input) ?? "";
    const found = rowsOf(store).find([project.id, id]);
    const fits =
      found?.tableId === table.id &&
      found.by === callerName(call) &&
      call.timeMs - found.beganAtMs <= sessionMs;
    if (!fits) throw noSession(id, code);
    return found;
  };

/** How an operation tells where a session has come to. */
export const tellSession =
  <Target extends TableTarget, Session>(
    sessionOf: (target: Target, input: OdpsInput, call: OdpsCall) => Session,
    answerOf: (target: Target, session: Session) => unknown,
  ) =>
  (target: Target, input: OdpsInput, call: OdpsCall): OdpsAnswer => ({
    json: answerOf(target, sessionOf(target, input, call)),
  });

/** Where a session could be that may still write: a table of a project, at a time. */
type Place = readonly [store: AccountStore, projectId: string, tableId: string, nowMs: number];

/** Says whether somebody may still write into a table by one kind of session. */
export const openIn =
  <Session extends WritingSession>(
    rowsOf: (store: AccountStore) => Table<Session>,
    isOpen: (session: Session) => boolean = () => true,
  ) =>
  (...[store, projectId, tableId, nowMs]: Place): boolean =>
    [...rowsOf(store).range({ prefix: [projectId] })].some(
      ({ value }) =>
        value.tableId === tableId && isOpen(value) && nowMs - value.beganAtMs <= sessionMs,
    );

/** Views of every kind are refused: rows come into tables only. */
export function checkTakesRows({ name, kind, partitionColumns }: TableRecord): void {
  if (kind !== "table") throw invalid(`${name} is a ${kind}: it takes no rows.`);
  if (partitionColumns.some(({ generated }) => generated)) {
    throw invalid(`${name} makes its partitions of its rows: only SQL writes into it.`);
  }
}

/** The refusal of a request that cannot be meant so. */
export const invalid = (why: string): ServiceError => new ServiceError("InvalidArgument", why);

/** Where clients of streams are sent: they tell it back, and come by the way that they know. */
export const routedServer = "127.0.0.1:80";

/** What clients read of a block that was taken: where to send the next one. */
export const blockTaken = {
  headers: { "odps-tunnel-routed-server": routedServer, "odps-tunnel-slot-num": "1" },
} as const;

/** Columns as the table's files have them. */
export const storedColumns = (table: TableRecord, columns: readonly Column[]): readonly Column[] =>
  columns.map((column) => ({ ...column, name: storedName(table, column.name) }));

/** `rowrange=(start,count)` within what there is. */
export function rowRange({ parameters }: OdpsInput, rows: number): { from: number; count: number } {
  const text = parameters["rowrange"] ?? `(0,${rows})`;
  const [, from, count] = /^\((\d{1,15}),\s*(\d{1,15})\)$/.exec(text) ?? [];
  if (from === undefined || count === undefined) {
    throw invalid(`rowrange is (start,count), not \`${text.slice(0, 64)}\`.`);
  }
  const start = Number(from);
  if (start > rows) throw invalid(`rowrange begins at ${start}, and there are ${rows} rows.`);
  return { from: start, count: Math.min(Number(count), rows - start) };
}

/** `columns=a,b`: those, in the order asked. */
export function wantedColumns(
  { parameters }: OdpsInput,
  columns: readonly Column[],
): readonly Column[] {
  const text = parameters["columns"] ?? "";
  if (text === "") return columns;
  return text.split(",").map((name) => {
    const found = columns.find((column) => column.name === name.trim().toLowerCase());
    if (!found) throw invalid(`There is no column \`${name.slice(0, 128)}\`.`);
    return found;
  });
}

/** The compression that a client asks for: the first of its list. (What libraries list of themselves begins with gzip.) */
export function answerCompression({ headers }: OdpsInput): Compression | undefined {
  const [first = ""] = (headers["accept-encoding"] ?? "").split(",");
  return compressions.find((one) => one === first.trim().toLowerCase());
}

/** The compression of what a client sends. */
export function sentCompression({ headers }: OdpsInput): Compression | undefined {
  const encoding = headers["content-encoding"] ?? "";
  if (encoding === "" || encoding === "identity") return undefined;
  const known = compressions.find((one) => one === encoding.toLowerCase());
  if (known) return known;
  throw invalid(
    `Content-Encoding ${encoding.slice(0, 32)} is not built; send ${compressions.join(", ")} or none.`,
  );
}
