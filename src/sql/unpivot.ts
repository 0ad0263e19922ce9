import { convertTo, resolveExpression } from "./expression.ts";
import type { Rows } from "./query.ts";
import { resolveRelation } from "./relation.ts";
import { freshName, type OutputColumn, openScope, type Resolved, type Scope } from "./scope.ts";
import { refuse } from "./semantic-error.ts";
import { type Expression, literalKinds, type Unpivot, type UnpivotGroup } from "./tree.ts";
import { sameType } from "./type-rules.ts";
import { unify } from "./values.ts";

const cellsMax = 1200;

/** A column of the rows that UNPIVOT makes, and where its value comes from. */
interface Item extends OutputColumn {
  readonly sql: string;
}

/** The rows of UNPIVOT: what it does not turn is repeated, behind it stand the name and then the values of each group. */
export function unpivotRows(unpivot: Unpivot, { environment, parent }: Scope): Rows {
  const { at, includeNulls, names, values, groups } = unpivot;
  if (groups.length * (values.length + names.length) > cellsMax)
    return refuse(at, `UNPIVOT turns at most ${cellsMax} columns`);
  const open = openScope(environment, parent);
  const from = resolveRelation(unpivot.input, open);
  const cells = groups.map((group) => cellsOf(group, open));
  const turned = new Set(cells.flatMap((row) => row.map(({ sql }) => sql)));
  const kept = open.sources
    .flatMap(({ columns }) => columns.filter(({ hidden, sql }) => !hidden && !turned.has(sql)))
    .map(({ name, sql, type, origins, touch }): Item => {
      touch?.();
      return { name, sql, type, origins };
    });
  const labels = groups.map((group) => labelsOf(group, unpivot, open));
  const items = [
    ...kept,
    ...names.map(({ key }, place): Item => labelColumn(key, labels, place, unpivot)),
    ...values.map(({ key }, place): Item => valueColumn(key, cells, place, unpivot)),
  ];
  const twice = items.find(({ name }, place) =>
    items.some((other, earlier) => earlier < place && other.name === name),
  );
  if (twice) return refuse(at, `column reference ${twice.name} is ambiguous`);
  const list = items.map(({ sql }, place) => `${sql} AS "c${place}"`).join(", ");
  const turnedRows = `SELECT ${list} FROM ${from}`;
  const columns = items.map(({ name, type, origins }) => ({ name, type, origins }));
  if (includeNulls) return { sql: turnedRows, columns, outerUses: [] };
  const own = freshName(environment.world, "q", at);
  const tests = values.map(
    (_, place) => `"${own}"."c${items.length - values.length + place}" IS NOT NULL`,
  );
  const sql = `SELECT * FROM (${turnedRows}) AS "${own}" WHERE (${tests.join(" OR ")})`;
  return { sql, columns, outerUses: [] };
}

/** The columns of a group, which are columns of what is turned and nothing calculated. */
function cellsOf({ columns }: UnpivotGroup, scope: Scope): Resolved[] {
  return columns.map((name) => {
    const found = resolveExpression(name, scope);
    const isColumn = scope.sources.some((source) =>
      source.columns.some(({ sql }) => sql === found.sql),
    );
    if (isColumn) return found;
    const text = name.parts.map(({ text }) => text).join(".");
    return refuse(name.at, `column ${text} cannot be resolved`);
  });
}

/** What a group is called: its constants, or the names of its columns. */
function labelsOf(group: UnpivotGroup, { names }: Unpivot, scope: Scope): Resolved[] {
  const { at, columns } = group;
  if (!group.labels && names.length > 1)
    return refuse(at, "each group of UNPIVOT has a constant for each of several names");
  const own = columns.map(({ parts }) => parts.at(-1)?.key ?? "").join("_");
  const labels: readonly Expression[] = group.labels ?? [{ kind: "string", at, value: own }];
  return labels.map((label) =>
    literalKinds.has(label.kind) && label.kind !== "null"
      ? resolveExpression(label, scope)
      : refuse(label.at, "a name in UNPIVOT is a constant"),
  );
}

function labelColumn(
  name: string,
  rows: readonly (readonly Resolved[])[],
  place: number,
  { at }: Unpivot,
): Item {
  const labels = rows.flatMap((row) => row[place] ?? []);
  const type = unify(labels, (left, right) => mixed(name, at, left, right));
  if (labels.some((label) => !sameType(label.type, type)))
    return refuse(at, `the names in column ${name} of UNPIVOT are of several types`);
  const list = labels.map(({ sql }) => sql).join(", ");
  return { name, type, origins: [], sql: `unnest([${list}])` };
}

function valueColumn(
  name: string,
  rows: readonly (readonly Resolved[])[],
  place: number,
  { at }: Unpivot,
): Item {
  const cells = rows.flatMap((row) => row[place] ?? []);
  const type = unify(cells, (left, right) => mixed(name, at, left, right));
  const list = cells.map((cell) => convertTo(cell, type, at, `column ${name} of UNPIVOT`).sql);
  // INVARIANT: no origins, for what is said of this column is said of several.
  return { name, type, origins: [], sql: `unnest([${list.join(", ")}])` };
}

function mixed(name: string, at: Unpivot["at"], left: string, right: string): never {
  return refuse(at, `column ${name} of UNPIVOT has types ${left} and ${right}`);
}
