import type { Rows } from "./query.ts";
import { resolveRelation } from "./relation.ts";
import { openScope, type Scope, type SourceColumn } from "./scope.ts";
import { resolveSelect } from "./select.ts";
import { refuse } from "./semantic-error.ts";
import type { Expression, Name, NameExpression, Pivot, PivotValue, SelectItem } from "./tree.ts";
import { literalKinds } from "./tree.ts";
import { emptyTail } from "./tree-query.ts";

const columnsMax = 1200;

/** The rows of PIVOT: the columns that it does not name are what is grouped by, and each group of values is a column. */
export function pivotRows(pivot: Pivot, { environment, parent }: Scope): Rows {
  const { at, aggregates, values } = pivot;
  if (aggregates.length * values.length > columnsMax)
    return refuse(at, `PIVOT makes at most ${columnsMax} columns`);
  const open = openScope(environment, parent);
  const from = resolveRelation(pivot.input, open);
  const keys = keyColumns(pivot, open).map(
    (name): NameExpression => ({
      ...{ kind: "name", at },
      parts: [{ text: name, key: name, at }],
    }),
  );
  const items: SelectItem[] = [
    ...keys.map((expression) => ({ at, expression })),
    ...aggregates.flatMap(({ call, alias }) => {
      if (call.over) return refuse(call.at, "a function of PIVOT has no window");
      if (aggregates.length > 1 && !alias)
        return refuse(call.at, "each of several functions of PIVOT has a name");
      return values.map((value) => ({
        at: value.at,
        expression: { ...call, filter: conditionOf(value, pivot, call.filter) },
        alias: nameOf(value, alias),
      }));
    }),
  ];
  const groupBy = {
    at,
    items: keys.map((expression) => ({ kind: "key", expression }) as const),
  };
  const select = {
    ...({ kind: "select", at, hints: [], distinct: false, windows: [] } as const),
    ...{ items, ...(keys.length > 0 && { groupBy }) },
  };
  return resolveSelect(select, { at, ...emptyTail }, environment, parent, { open, from });
}

/** The names of the columns that neither a function nor FOR names, in their order. */
function keyColumns({ at, aggregates, axes }: Pivot, { sources }: Scope): string[] {
  const all = sources.flatMap(({ columns }) => columns.filter(({ hidden }) => !hidden));
  const aliases = new Set(sources.map(({ alias }) => alias));
  const taken = new Set(axes.map(({ key }) => key));
  for (const { call } of aggregates) noteNames(call, aliases, taken);
  const keys = all.map(({ name }: SourceColumn) => name).filter((name) => !taken.has(name));
  const twice = keys.find((name, place) => keys.indexOf(name) !== place);
  if (twice !== undefined) return refuse(at, `column reference ${twice} is ambiguous`);
  return keys;
}

/** Notes the columns that a tree names: `a`, `t.a`, `a.field`. */
function noteNames(node: object, aliases: ReadonlySet<unknown>, names: Set<string>): void {
  if ("kind" in node && node.kind === "name") {
    const [first, second] = (node as NameExpression).parts.map(({ key }) => key);
    const name = second !== undefined && aliases.has(first) ? second : first;
    if (name !== undefined) names.add(name);
    return;
  }
  for (const child of Object.values(node))
    if (typeof child === "object" && child !== null) noteNames(child, aliases, names);
}

/** The rows of one group of values, of those that count at all. */
function conditionOf({ at, values }: PivotValue, { axes }: Pivot, filter?: Expression): Expression {
  const tests = axes.map(
    (axis, place): Expression => ({
      ...{ kind: "binary", at, operator: "=" },
      left: { kind: "name", at: axis.at, parts: [axis] },
      right: values[place] ?? { kind: "null", at },
    }),
  );
  const operands = [...(filter ? [filter] : []), ...tests];
  const [only] = operands;
  return only && operands.length === 1 ? only : { kind: "and", at, operands };
}

/** `value_function`; a constant is called as it is written, quotes and all. */
function nameOf({ at, alias, values, text }: PivotValue, named: Name | undefined): Name {
  const [only] = values;
  const isConstant = values.length === 1 && only && literalKinds.has(only.kind);
  if (!alias && !isConstant)
    return refuse(at, "values of PIVOT that are not one constant have a name: .. AS name");
  const whole = named ? `${alias?.text ?? text}_${named.text}` : (alias?.text ?? text);
  return { text: whole, key: whole.toLowerCase(), at };
}
