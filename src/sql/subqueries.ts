import { resolveExpression } from "./expression.ts";
import { alignPair } from "./operators.ts";
import { resolveQuery } from "./query.ts";
import { freshName, type OutputColumn, type Resolved, type Scope } from "./scope.ts";
import { refuse } from "./semantic-error.ts";
import type { ExistsExpression, InQueryExpression, Query, SubqueryExpression } from "./tree.ts";
import { boolean } from "./type-rules.ts";

/** A query inside an expression; columns of the queries around it that it looks at are uses of theirs. */
function inner(query: Query, scope: Scope) {
  return resolveQuery(query, scope.environment, scope);
}

export function resolveExists({ query }: ExistsExpression, scope: Scope): Resolved {
  const { sql, outerUses } = inner(query, scope);
  return { sql: `EXISTS (${sql})`, type: boolean, uses: outerUses };
}

export function resolveScalarQuery({ query, at }: SubqueryExpression, scope: Scope): Resolved {
  const { sql, columns, outerUses } = inner(query, scope);
  const [column] = columns;
  if (!column || columns.length > 1) return refuse(at, "a query that is a value has one column");
  return { sql: `(${sql})`, type: column.type, uses: outerUses };
}

export function resolveInQuery(expression: InQueryExpression, scope: Scope): Resolved {
  const { negated, query, at } = expression;
  const operands =
    expression.operand.kind === "row" ? expression.operand.items : [expression.operand];
  const left = operands.map((operand) => resolveExpression(operand, scope));
  const { sql, columns, outerUses } = inner(query, scope);
  if (columns.length !== left.length) {
    return refuse(
      at,
      `IN expects a query of ${left.length} columns, and this one has ${columns.length}`,
    );
  }
  const rows = freshName(scope.environment.world, "q", at);
  const pairs = left.map((side, index) => {
    const column = columns[index] as OutputColumn;
    return alignPair(side, { sql: `"${rows}"."c${index}"`, type: column.type, uses: [] }, at, "IN");
  });
  const list = pairs.map(([, right]) => right.sql).join(", ");
  const row = pairs.map(([side]) => side.sql).join(", ");
  const one = pairs.length === 1;
  const values = one ? list : `(${list})`;
  const test = `${one ? row : `(${row})`} IN (SELECT ${values} FROM (${sql}) AS "${rows}")`;
  const uses = [...left.flatMap((side) => side.uses), ...outerUses];
  return { sql: `(${negated ? "NOT " : ""}(${test}))`, type: boolean, uses };
}
