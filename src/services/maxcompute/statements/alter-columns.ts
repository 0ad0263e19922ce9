import type { Position } from "../../../sql/tree.ts";
import type { AlterTableAction } from "../../../sql/tree-alter.ts";
import { type Column, typeText } from "../../../sql/types.ts";
import { storedName, type TableRecord } from "../catalog.ts";
import { notBuilt } from "./execute.ts";
import { semantic } from "./names.ts";
import { checkColumns, columnsOf } from "./put-table.ts";

type ColumnAction = Extract<
  AlterTableAction,
  { kind: "add-columns" | "drop-columns" | "change-column" }
>;

/** The table with other columns. Its files stay as they are: they are read by the names that they have. */
export function changeColumns(action: ColumnAction, table: TableRecord, at: Position): TableRecord {
  const names = new Map(table.columns.map(({ name }) => [name, storedName(table, name)]));
  const gone = new Set(table.altered?.gone);
  const columns = changed(action, table, { names, gone });
  const partitionColumns = table.partitionColumns.map((one) => madeAnew(one, action));
  checkColumns(columns, partitionColumns, at);
  return {
    ...table,
    columns,
    partitionColumns,
    altered: { names: Object.fromEntries(names), gone: [...gone] },
  };
}

/** A partition column that is made of another follows its name, and keeps it from going. */
function madeAnew(column: Column, action: ColumnAction): Column {
  const from = column.generated?.from;
  if (!column.generated || action.kind === "add-columns") return column;
  if (action.kind === "change-column") {
    const { unit } = column.generated;
    return action.column.key === from
      ? { ...column, generated: { from: action.name.key, unit } }
      : column;
  }
  const gone = action.columns.find(({ key }) => key === from);
  if (gone) throw semantic(gone.at, `partition column ${column.name} is made of ${gone.text}`);
  return column;
}

/** How columns are called in files, while that is changed. */
interface Naming {
  readonly names: Map<string, string>;
  readonly gone: Set<string>;
}

/** A name for files that none of the table's files has: what was there before must not show under it. */
function freshName(name: string, { names, gone }: Naming): string {
  const taken = new Set([...names.values(), ...gone]);
  let fresh = name;
  for (let at = 1; taken.has(fresh); at += 1) fresh = `${name}__${at}`;
  return fresh;
}

function changed(
  action: ColumnAction,
  { columns, primaryKey }: TableRecord,
  naming: Naming,
): readonly Column[] {
  const { names, gone } = naming;
  switch (action.kind) {
    case "add-columns": {
      const known = new Set(columns.map(({ name }) => name));
      const added = columnsOf(action.columns).filter(
        ({ name }) => !(action.ifNotExists && known.has(name)),
      );
      const special = action.columns.find(({ generated }) => generated);
      if (special) throw notBuilt(`a generated value (column ${special.name.text})`);
      const strict = added.find(({ nullable }) => !nullable);
      if (strict) {
        throw semantic(action.columns[0]?.at ?? start, `column ${strict.name} must be nullable`);
      }
      for (const { name } of added) names.set(name, freshName(name, naming));
      return [...columns, ...added];
    }
    case "drop-columns": {
      for (const { key, text, at } of action.columns) {
        if (!columns.some(({ name }) => name === key)) throw unknown(text, at);
        if (primaryKey.includes(key)) throw semantic(at, `column ${text} is of the primary key`);
        gone.add(names.get(key) ?? key);
        names.delete(key);
      }
      return columns.filter(({ name }) => !action.columns.some(({ key }) => key === name));
    }
    case "change-column":
      return changedColumn(action, columns, names);
  }
}

function changedColumn(
  {
    column,
    name,
    type,
    comment,
    nullable,
    place,
  }: Extract<ColumnAction, { kind: "change-column" }>,
  columns: readonly Column[],
  names: Map<string, string>,
): readonly Column[] {
  const before = columns.find((one) => one.name === column.key);
  if (!before) throw unknown(column.text, column.at);
  if (type && !widens(before, type)) {
    throw semantic(column.at, `column ${column.text} cannot become ${typeText(type)}`);
  }
  if (nullable === false && before.nullable) {
    throw semantic(column.at, `column ${column.text} cannot become NOT NULL`);
  }
  const stored = names.get(column.key) ?? column.key;
  names.delete(column.key);
  names.set(name.key, stored);
  const after: Column = {
    ...before,
    name: name.key,
    ...(type && { type }),
    ...(comment !== undefined && { comment }),
    ...(nullable !== undefined && { nullable }),
  };
  return moved(columns, before, after, place);
}

const start: Position = { line: 1, column: 1 };

const unknown = (text: string, at: Position) => semantic(at, `column ${text} cannot be resolved`);

function moved(
  columns: readonly Column[],
  before: Column,
  after: Column,
  place: Extract<ColumnAction, { kind: "change-column" }>["place"],
): readonly Column[] {
  if (!place) return columns.map((one) => (one === before ? after : one));
  const rest = columns.filter((one) => one !== before);
  if (!place.after) return [after, ...rest];
  const key = place.after.key;
  const at = rest.findIndex(({ name }) => name === key);
  if (at < 0) throw unknown(place.after.text, place.after.at);
  return [...rest.slice(0, at + 1), after, ...rest.slice(at + 1)];
}

const ranks = ["tinyint", "smallint", "int", "bigint", "decimal", "float", "double"];

/** Whether every value of the old type is one of the new. */
function widens({ type: from }: Column, to: Column["type"]): boolean {
  if (typeText(from) === typeText(to)) return true;
  const texts = ["char", "varchar", "string"];
  if (to.kind === "string") return texts.includes(from.kind);
  if (from.kind === "decimal" && to.kind === "decimal") {
    const room = to.precision - to.scale >= from.precision - from.scale;
    return room && to.scale >= from.scale;
  }
  if ((from.kind === "varchar" || from.kind === "char") && to.kind === from.kind) {
    return to.length >= from.length;
  }
  const [one, other] = [ranks.indexOf(from.kind), ranks.indexOf(to.kind)];
  return one >= 0 && other > one && to.kind !== "decimal" && from.kind !== "decimal";
}
