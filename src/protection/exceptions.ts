import type { Fact } from "../policy/asked.ts";
import { nameableTaskTypes } from "../policy/odps/condition.ts";
import { compileDocument, namesPrincipal, type OdpsStatement } from "../policy/odps/document.ts";
import { isSameName } from "../policy/odps/names.ts";
import { pathOfStore, pathsOf } from "../policy/odps/resource.ts";
import type { Flow, PinnedExceptions, SourceTable } from "./flow.ts";

/** The exceptions of a project, compiled. */
export interface ExceptionPolicy {
  /** As written: clients read it back and write it again. */
  readonly text: string;
  readonly statements: readonly ExceptionStatement[];
}

interface ExceptionStatement extends OdpsStatement {
  /** Whether it names task types. */
  readonly conditional: boolean;
  /** Whether it says itself which table, by id, and which version is meant; if not, the approved ones are. */
  readonly namesId: boolean;
  readonly namesVersion: boolean;
}

/** A table as it was when an exception for it was approved. */
export interface TablePin {
  /** Absent: a table. */
  readonly type?: SourceTable["type"];
  readonly schema?: string | undefined;
  readonly table: string;
  readonly id: string;
  readonly version: string;
}

/** Names the project that rows go to. */
const targetKey = "odps:targetproject";

/** Most tables that one exception policy pins. */
const pinsMax = 10_000;

/**
 * Reads an exception policy; throws `PolicyError`. A statement says who may move what out of the project, and never
 * Deny: what no statement names stays in.
 */
export function parseException(text: string): ExceptionPolicy {
  const statements = compileDocument(text, { effects: ["Allow"], principals: true });
  return { text, statements: statements.map(describeStatement) };
}

function describeStatement(statement: OdpsStatement): ExceptionStatement {
  const names = (key: string) => statement.tests.some((test) => test.key === key);
  return {
    ...statement,
    conditional: names("odps:tasktype"),
    namesId: names("odps:tableid"),
    namesVersion: names("odps:tableversion"),
  };
}

/** The projects, or patterns of their names, that a policy speaks of as places to go to. */
export const targetsOf = ({ statements }: ExceptionPolicy): readonly string[] =>
  statements.flatMap(({ tests }) =>
    tests.filter(({ key }) => key === targetKey).flatMap(({ values }) => values),
  );

/**
 * Pins the exceptions to the tables they speak of as these are now. Whoever wants an exception to follow a table says
 * so: `"StringLike": {"odps:TableId": "*", "odps:TableVersion": "*"}`.
 */
export function pinExceptions(
  policy: ExceptionPolicy,
  tables: readonly SourceTable[],
): PinnedExceptions {
  const pins: TablePin[] = [];
  for (const source of tables) {
    const { type, schema, table, id, version } = source;
    const paths = pathsOfSource(source);
    const meant = policy.statements.some(
      (statement) => !isUnpinned(statement) && statement.matchesPath(paths),
    );
    if (meant && pins.length < pinsMax)
      pins.push({ ...(type && { type }), schema, table, id, version });
  }
  return { policy, pins };
}

const isUnpinned = (statement: ExceptionStatement): boolean =>
  statement.namesId && statement.namesVersion;

/** The paths by which a statement names what is read. */
const pathsOfSource = ({ project, type, schema, table, store }: SourceTable): readonly string[] =>
  store === undefined
    ? pathsOf({ project, type: type ?? "table", schema, name: table })
    : [pathOfStore(project, store, table)];

/** The statement that lets a flow out; undefined when none does. */
export function findException(
  flow: Flow,
  exceptions: PinnedExceptions,
): ExceptionStatement | undefined {
  const paths = pathsOfSource(flow.source);
  const fact = (key: string): Fact => factOf(flow, key);
  return exceptions.policy.statements.find(
    (statement) =>
      namesPrincipal(statement, flow.principal) &&
      matchesAction(statement, flow) &&
      statement.matchesPath(paths) &&
      (!statement.conditional || nameableTaskTypes.includes(flow.taskType)) &&
      statement.tests.every((test) => test.holds(fact)) &&
      isAsApproved(statement, flow.source, exceptions.pins),
  );
}

/** A download is named by `odps:Download` as well as by what it reads with. */
const matchesAction = (statement: ExceptionStatement, { action, destination }: Flow): boolean =>
  statement.matchesAction(action) ||
  (destination.kind === "download" && statement.matchesAction("odps:Download"));

/** Whether the table is still what was approved, as far as the statement does not say it itself. */
function isAsApproved(
  statement: ExceptionStatement,
  source: SourceTable,
  pins: readonly TablePin[],
): boolean {
  if (isUnpinned(statement)) return true;
  // What has no versions is never as it was approved: its exception says that it follows.
  if (source.store !== undefined) return false;
  const pin = pins.find(
    ({ type, schema = "default", table }) =>
      type === source.type &&
      isSameName(table, source.table) &&
      isSameName(schema, source.schema ?? "default"),
  );
  if (pin === undefined) return false;
  return (
    (statement.namesId || pin.id === source.id) &&
    (statement.namesVersion || pin.version === source.version)
  );
}

function factOf(flow: Flow, key: string): Fact {
  switch (key) {
    case "odps:tasktype":
      return flow.taskType;
    case "odps:tableid":
      return flow.source.id;
    case "odps:tableversion":
      return flow.source.version;
    case targetKey:
      return flow.destination.kind === "project" ? flow.destination.project : undefined;
    case "odps:selectcolumns":
      return flow.columns;
    case "odps:currenttime":
    case "acs:currenttime":
      return new Date(flow.timeMs).toISOString();
    case "acs:sourceip":
      return flow.sourceIp;
    case "acs:securetransport":
      return flow.secureTransport === undefined ? undefined : String(flow.secureTransport);
    case "acs:mfapresent":
      return flow.mfaPresent === undefined ? undefined : String(flow.mfaPresent);
    default:
      return undefined;
  }
}
