import { isSameName, lowerName } from "../../policy/odps/names.ts";
import { builtInRoles, includesName, isSameGrantee, rolesOf } from "./names.ts";
import type { Question } from "./question.ts";
import type { Grantee, LabelGrant, Permissions, TableLabel } from "./state.ts";

const schemaOf = (schema: string | undefined): string => schema ?? "default";

const isOfTable = (
  one: { readonly schema?: string | undefined; readonly table: string },
  schema: string | undefined,
  table: string,
): boolean => isSameName(one.table, table) && isSameName(schemaOf(one.schema), schemaOf(schema));

export const findTableLabel = (
  state: Permissions,
  schema: string | undefined,
  table: string,
): TableLabel | undefined => state.tableLabels.find((one) => isOfTable(one, schema, table));

/** Labels of the columns that a question reads, by their names; the whole table counts as the column `*`. */
export function labelsRead(state: Permissions, question: Question): ReadonlyMap<string, number> {
  const { object, columns } = question;
  const found = findTableLabel(state, object.schema, object.name);
  const labels = new Map<string, number>();
  if (!found) return labels;
  const own = new Map(
    Object.entries(found.columns).map(([name, label]) => [lowerName(name), label]),
  );
  if (columns === undefined || columns.length === 0) {
    // A count or a check for rows reads no column, and the table all the same.
    labels.set("*", found.label);
    if (columns === undefined) for (const [name, label] of own) labels.set(name, label);
  }
  for (const name of columns ?? []) labels.set(name, own.get(lowerName(name)) ?? found.label);
  return labels;
}

/** The label of a user or role itself; 0: none. */
export const labelOf = (state: Permissions, to: Grantee): number =>
  state.principalLabels.find((one) => isSameGrantee(one.to, to))?.label ?? 0;

/** Those a user's labels are granted to: itself and its roles. */
const granteesOf = (state: Permissions, user: string): readonly Grantee[] => [
  { kind: "user", name: user },
  ...rolesOf(state, user)
    .filter((name) => !includesName(builtInRoles, name))
    .map((name): Grantee => ({ kind: "role", name })),
];

/** Columns too sensitive for the one who asks, with their labels. */
export function columnsBeyond(state: Permissions, question: Question): readonly string[] {
  const labels = labelsRead(state, question);
  if (labels.size === 0) return [];
  const grantees = granteesOf(state, question.principal);
  const isFor = (to: Grantee) => grantees.some((one) => isSameGrantee(one, to));
  let everywhere = 0;
  for (const { to, label } of state.principalLabels)
    if (isFor(to)) everywhere = Math.max(everywhere, label);
  const grants = state.labelGrants.filter(
    (grant) =>
      isOfTable(grant, question.object.schema, question.object.name) &&
      isFor(grant.to) &&
      !isOver(grant, question.timeMs),
  );
  return [...labels]
    .filter(
      ([column, label]) => label > everywhere && !grants.some((one) => opens(one, column, label)),
    )
    .map(([column, label]) => `${column} (label ${label})`);
}

const isOver = ({ expiresMs }: LabelGrant, timeMs: number): boolean =>
  expiresMs !== undefined && expiresMs <= timeMs;

const opens = (grant: LabelGrant, column: string, label: number): boolean =>
  grant.label >= label && (grant.columns === undefined || includesName(grant.columns, column));
