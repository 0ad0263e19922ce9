import { isSameName } from "../../policy/odps/names.ts";
import { isSameObject } from "./names.ts";
import type { GrantedObject, Permissions } from "./state.ts";

/** A table by the name under which things are said of it. */
interface TableName {
  readonly schema?: string | undefined;
  readonly table: string;
}

const isOf =
  (table: TableName) =>
  (one: TableName): boolean =>
    isSameObject(objectOf(one), objectOf(table));

const objectOf = ({ schema, table }: TableName): GrantedObject => ({
  type: "table",
  schema,
  name: table,
});

/** The grants on a table and its places in packages, changed. */
function withObject(
  state: Permissions,
  table: TableName,
  change: (object: GrantedObject) => GrantedObject,
): Pick<Permissions, "grants" | "packages"> {
  const own = objectOf(table);
  const inside = <Of extends { readonly object: GrantedObject }>(one: Of): Of =>
    isSameObject(one.object, own) ? { ...one, object: change(one.object) } : one;
  return {
    grants: state.grants.map(inside),
    packages: state.packages.map((one) => ({ ...one, items: one.items.map(inside) })),
  };
}

/** A table is called otherwise: what was said of it is said of it still. */
export function renameTable(state: Permissions, table: TableName, to: string): Permissions {
  const isOwn = isOf(table);
  return {
    ...state,
    ...withObject(state, table, (object) => ({ ...object, name: to })),
    tableLabels: state.tableLabels.map((one) => (isOwn(one) ? { ...one, table: to } : one)),
    labelGrants: state.labelGrants.map((one) => (isOwn(one) ? { ...one, table: to } : one)),
  };
}

/** A column is called otherwise: its label and the grants on it go with it. */
export function renameColumn(
  state: Permissions,
  table: TableName,
  from: string,
  to: string,
): Permissions {
  const isOwn = isOf(table);
  const name = (column: string): string => (isSameName(column, from) ? to : column);
  return {
    ...state,
    ...withObject(state, table, ({ columns, ...object }) => ({
      ...object,
      ...(columns && { columns: columns.map(name) }),
    })),
    tableLabels: state.tableLabels.map((one) => {
      if (!isOwn(one)) return one;
      const labels = Object.entries(one.columns).map(([column, label]) => [name(column), label]);
      return { ...one, columns: Object.fromEntries(labels) };
    }),
    labelGrants: state.labelGrants.map((one) =>
      isOwn(one) && one.columns ? { ...one, columns: one.columns.map(name) } : one,
    ),
  };
}
