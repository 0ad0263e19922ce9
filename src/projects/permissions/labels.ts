import { isSameName } from "../../policy/odps/names.ts";
import { type Catalog, findMissingGrantee } from "./grants.ts";
import { findTableLabel } from "./labels-read.ts";
import { includesName, isSameGrantee } from "./names.ts";
import {
  type Change,
  changedTo,
  type Grantee,
  type LabelGrant,
  limits,
  type Permissions,
  refused,
  type TableLabel,
} from "./state.ts";

/** A table whose label is spoken of, or some of its columns. */
export interface LabelledTable {
  readonly schema?: string | undefined;
  readonly table: string;
  readonly columns?: readonly string[] | undefined;
}

export const labelMax = 9;

const checkLabel = (label: number): Change | undefined =>
  Number.isInteger(label) && label >= 0 && label <= labelMax
    ? undefined
    : refused("InvalidArgument", `invalid label ${label}: there are 0 to ${labelMax}`);

function checkTable({ schema, table, columns }: LabelledTable, catalog: Catalog) {
  const found = catalog.columnsOf({ type: "table", schema, name: table });
  if (!found) return refused("NoSuchObject", `table ${table} doesn't exist`);
  const wrong = columns?.find((column) => !includesName(found, column));
  return wrong === undefined
    ? undefined
    : refused("NoSuchObject", `table ${table} has no column ${wrong}`);
}

/** Sets how sensitive data somebody may read anywhere; 0 is what everybody may. */
export function setPrincipalLabel(state: Permissions, to: Grantee, label: number): Change {
  const obstacle = checkLabel(label) ?? findMissingGrantee(state, to);
  if (obstacle) return obstacle;
  const others = state.principalLabels.filter((one) => !isSameGrantee(one.to, to));
  return changedTo({
    ...state,
    principalLabels: label === 0 ? others : [...others, { to, label }],
  });
}

/** Sets how sensitive a table is, or some of its columns. */
export function setTableLabel(
  state: Permissions,
  target: LabelledTable,
  label: number,
  catalog: Catalog,
): Change {
  const obstacle = checkLabel(label) ?? checkTable(target, catalog);
  if (obstacle) return obstacle;
  const { schema, table, columns } = target;
  const before = findTableLabel(state, schema, table);
  const own = before?.columns ?? {};
  const kept = Object.entries(own).filter(([name]) => !includesName(columns ?? [], name));
  const set = (columns ?? []).map((name) => [name, label] as const);
  const after: TableLabel = {
    schema,
    table,
    label: columns === undefined ? label : (before?.label ?? 0),
    columns: Object.fromEntries([...kept, ...set]),
  };
  const others = state.tableLabels.filter((one) => one !== before);
  if (others.length >= limits.labels)
    return refused("LimitExceeded", `project ${state.project} has ${limits.labels} labels already`);
  return changedTo({ ...state, tableLabels: [...others, after] });
}

const sameTable = (one: LabelledTable, other: LabelledTable): boolean =>
  isSameName(one.table, other.table) &&
  isSameName(one.schema ?? "default", other.schema ?? "default");

const sameColumns = (one: LabelledTable, other: LabelledTable): boolean =>
  one.columns === undefined || other.columns === undefined
    ? one.columns === other.columns
    : one.columns.length === other.columns.length &&
      one.columns.every((column) => includesName(other.columns ?? [], column));

/** Lets somebody read a table, or some of its columns, up to a label. */
export function grantLabel(state: Permissions, wanted: LabelGrant, catalog: Catalog): Change {
  const obstacle =
    checkLabel(wanted.label) ?? findMissingGrantee(state, wanted.to) ?? checkTable(wanted, catalog);
  if (obstacle) return obstacle;
  const others = state.labelGrants.filter(
    (one) =>
      !(isSameGrantee(one.to, wanted.to) && sameTable(one, wanted) && sameColumns(one, wanted)),
  );
  if (others.length >= limits.labels)
    return refused("LimitExceeded", `project ${state.project} has ${limits.labels} labels already`);
  return changedTo({ ...state, labelGrants: [...others, wanted] });
}

/** Takes such leave back: all of it, or that for the columns named. */
export function revokeLabel(state: Permissions, to: Grantee, target: LabelledTable): Change {
  const { columns } = target;
  const labelGrants = state.labelGrants.flatMap((one) => {
    if (!isSameGrantee(one.to, to) || !sameTable(one, target)) return [one];
    if (columns === undefined) return [];
    if (one.columns === undefined) return [one];
    const left = one.columns.filter((column) => !includesName(columns, column));
    return left.length === 0 ? [] : [{ ...one, columns: left }];
  });
  const same =
    labelGrants.length === state.labelGrants.length &&
    labelGrants.every((one, at) => one.columns?.length === state.labelGrants[at]?.columns?.length);
  return same
    ? refused("NoSuchObject", `${to.kind} ${to.name} was granted no label on table ${target.table}`)
    : changedTo({ ...state, labelGrants });
}
