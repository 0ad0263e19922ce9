import { impliedTests } from "./auto-partition.ts";
import { resolveCondition, resolveExpression } from "./expression.ts";
import { groupText } from "./grouping.ts";
import { notePartitionTests } from "./partition-tests.ts";
import { limitText, orderTexts, type Rows, type Tail } from "./query.ts";
import { resolveRelation } from "./relation.ts";
import {
  type ColumnUse,
  type Environment,
  type OutputColumn,
  openScope,
  type Resolved,
  type Scope,
} from "./scope.ts";
import { refuse } from "./semantic-error.ts";
import { closedText, resolveTableCall, type TableRows } from "./table-functions.ts";
import { transformRows } from "./transform.ts";
import type { Expression, Select, SelectItem, StarExpression, Transform } from "./tree.ts";

/** One column of a SELECT list. */
export interface Item extends Resolved, Pick<TableRows, "unnested"> {
  readonly name: string;
}

/** `given`: what the SELECT is from, where that is found already. */
export function resolveSelect(
  select: Select,
  tail: Tail,
  environment: Environment,
  parent?: Scope,
  given?: { readonly open: Scope; readonly from: string },
): Rows {
  const windows = new Map(select.windows.map(({ name, window }) => [name.key, window]));
  const open = given?.open ?? openScope(environment, parent, windows);
  const from = given?.from ?? (select.from && resolveRelation(select.from, open));
  const where =
    select.where && resolveConjuncts(select.where, { ...open, noAggregates: "WHERE" }, "WHERE");
  const group = select.groupBy && groupText(select, open);
  const scope: Scope = group ? { ...open, keys: group.keys } : open;
  const items = select.transform
    ? transformItems(select.transform, scope)
    : select.items.flatMap((item, index) => resolveItem(item, index, scope));
  const aliases = new Map<string, Resolved>();
  for (const item of items) if (!aliases.has(item.name)) aliases.set(item.name, item);
  const after: Scope = { ...scope, aliases };
  const having = select.having && resolveCondition(select.having, after, "HAVING");
  const qualify = select.qualify && resolveCondition(select.qualify, after, "QUALIFY");
  // What code has given is all that there is to order.
  const isGiven = items.some(({ unnested }) => unnested);
  const ordered: Scope = { ...after, aliasesFirst: true, ...(isGiven && { sources: [] }) };
  const order = orderTexts(tail, ordered, items);
  const uses = [items, having ?? [], qualify ?? [], order].flat().flatMap((part) => part.uses);
  if (group || having || scope.met.aggregate) checkGrouped(uses, scope);
  const list = items.map(({ sql }, index) => `${sql} AS "c${index}"`);
  const sql = [
    `SELECT ${select.distinct ? "DISTINCT " : ""}${list.join(", ")}`,
    sourceText(
      select,
      items,
      `${from ? ` FROM ${from}` : ""}${where ? ` WHERE ${where.sql}` : ""}`,
    ),
    group && ` GROUP BY ${group.sql}`,
    havingText(having?.sql, group?.only),
    qualify && ` QUALIFY ${qualify.sql}`,
    order.sql,
    limitText(tail, scope),
  ];
  const columns = items.map(
    ({ name, type, origins }): OutputColumn => ({ name, type, origins: origins ?? [] }),
  );
  const outer = [...uses, ...(where?.uses ?? []), ...(group?.uses ?? [])];
  return {
    sql: sql.filter((part) => part !== undefined).join(""),
    columns,
    outerUses: outer.filter((use) => use.of !== open.sources),
  };
}

/** FROM and WHERE; code that gives rows runs on what these leave, once for each row, and SELECT reads what it gave. */
function sourceText(select: Select, items: readonly Item[], text: string): string {
  const unnested = items.find((item) => item.unnested)?.unnested;
  if (!unnested) return text;
  if (select.items.length > 1 || select.groupBy || select.having || select.qualify) {
    return refuse(select.at, "a table function of a user stands alone in SELECT");
  }
  return ` FROM ${closedText(unnested, text)}`;
}

function havingText(...conditions: readonly (string | undefined)[]): string | undefined {
  const all = conditions.filter((one) => one !== undefined);
  return all.length > 0 ? ` HAVING ${all.map((one) => `(${one})`).join(" AND ")}` : undefined;
}

function checkGrouped(uses: readonly ColumnUse[], scope: Scope): void {
  const free = uses.find((use) => use.of === scope.sources && !scope.keys.has(use.sql));
  if (free) refuse(free.at, `column reference ${free.name} should appear in GROUP BY key`);
}

function resolveItem(item: SelectItem, index: number, scope: Scope): Item[] {
  const { expression } = item;
  if (expression.kind === "star") return starItems(expression, scope, item.replace);
  const rows = resolveTableCall(expression, scope, true);
  if (rows) {
    const { columns, unnested } = rows;
    const names = item.aliases ?? (item.alias ? [item.alias] : []);
    if (names.length > 0 && names.length !== columns.length) {
      return refuse(
        item.at,
        `${columns.length} aliases are expected, and ${names.length} are given`,
      );
    }
    return columns.map((column, place) => ({
      ...{ ...column, name: names[place]?.key ?? column.name },
      ...(unnested && { unnested }),
    }));
  }
  const value = resolveExpression(expression, scope);
  return [{ ...value, name: item.alias?.key ?? ownName(expression) ?? `_c${index}` }];
}

function transformItems(transform: Transform, scope: Scope): Item[] {
  const given = transform.arguments.flatMap((one): readonly Resolved[] =>
    one.kind === "star" ? starItems(one, scope) : [resolveExpression(one, scope)],
  );
  const { columns, unnested } = transformRows(transform, given, scope);
  return columns.map((column) => ({ ...column, ...(unnested && { unnested }) }));
}

function ownName(expression: Expression): string | undefined {
  if (expression.kind === "name") return expression.parts.at(-1)?.key;
  return expression.kind === "field" ? expression.name.key : undefined;
}

/** The columns for which `*` and `t.*` stand. */
export function starItems(
  { qualifier, except, at }: StarExpression,
  scope: Scope,
  replace: NonNullable<SelectItem["replace"]> = [],
): Item[] {
  const [first, second] = qualifier.map(({ key }) => key);
  const instead = new Map(
    replace.map(({ expression, name }) => [
      name.key,
      { ...resolveExpression(expression, scope), name: name.key },
    ]),
  );
  const left = new Set(except.map(({ key }) => key));
  const items = scope.sources.flatMap((source) => {
    const { alias, table } = source;
    const whole = table && first === table.project && second === table.name;
    if (first !== undefined && !(second === undefined ? alias === first : whole)) return [];
    return source.columns
      .filter(({ name, hidden }) => !left.has(name) && (first !== undefined || !hidden))
      .map((column): Item => {
        const other = instead.get(column.name);
        if (other) return other;
        column.touch?.();
        const { name, sql, type, origins } = column;
        return { name, sql, type, origins, uses: [{ of: scope.sources, sql, name, at, origins }] };
      });
  });
  const missing = replace.find(({ name }) => !items.some((item) => item.name === name.key));
  if (missing) return refuse(missing.name.at, `* has no column ${missing.name.text}`);
  if (items.length > 0) return items;
  const text = qualifier.map(({ text }) => text).join(".");
  return refuse(at, text === "" ? "* stands for no column" : `table ${text} cannot be resolved`);
}

/** A condition whose parts all have to hold; parts that look at partition columns alone choose partitions. */
export function resolveConjuncts(expression: Expression, scope: Scope, where: string): Resolved {
  const operands = expression.kind === "and" ? expression.operands : [expression];
  const parts = operands.map((operand) => resolveCondition(operand, scope, where));
  for (const [at, part] of parts.entries()) {
    choosePartitions(part);
    const operand = operands[at];
    if (where === "WHERE" && operand) notePartitionTests(operand, part, scope);
  }
  const implied = where === "WHERE" ? operands.flatMap((one) => impliedTests(one, scope)) : [];
  const all = [...parts.map(({ sql }) => sql), ...implied];
  const sql = all.length === 1 ? (all[0] ?? "true") : `(${all.join(" AND ")})`;
  return { sql, type: { kind: "boolean" }, uses: parts.flatMap(({ uses }) => uses) };
}

function choosePartitions({ uses }: Resolved): void {
  for (const { read } of uses[0]?.origins ?? []) {
    const isPartition = (name: string) =>
      read.table.partitionColumns.some((column) => column.name === name);
    const all = uses.every(({ origins }) =>
      origins.some((origin) => origin.read === read && isPartition(origin.column)),
    );
    if (all) read.chosen = true;
  }
}
