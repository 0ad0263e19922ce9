import { Cursor } from "./cursor.ts";
import { resolveExpression } from "./expression.ts";
import { parseExpression } from "./parse-expression.ts";
import { type Environment, openScope, type Resolved } from "./scope.ts";
import { refuse } from "./semantic-error.ts";
import type { ColumnDefinition, Expression, Position } from "./tree.ts";
import { literalKinds } from "./tree.ts";
import type { Column } from "./types.ts";
import { storedValue } from "./write.ts";

const textMax = 4096;

/** What a column holds where a statement tells no value for it. */
export function valueUntold(
  { default: text }: Pick<Column, "default">,
  environment: Environment,
  at: Position,
): Resolved {
  if (text === undefined) return { sql: "NULL", type: { kind: "void" }, uses: [] };
  // Its own positions mean nothing to who writes a row.
  const value = { ...parseExpression(new Cursor(text)), at };
  return resolveExpression(value, openScope(environment, undefined));
}

/** Refuses defaults that are no constants or do not fit their columns. */
export function checkDefaults(
  columns: readonly ColumnDefinition[],
  environment: Environment,
): void {
  for (const { name, type, nullable, default: value, at } of columns) {
    if (!value) continue;
    if (!isConstant(value.expression)) {
      refuse(value.expression.at, `the default of column ${name.text} must be a constant`);
    }
    if (value.text.length > textMax) {
      refuse(at, `the default of column ${name.text} is longer than ${textMax} characters`);
    }
    const found = valueUntold({ default: value.text }, environment, value.expression.at);
    storedValue(found, { name: name.key, type, nullable }, value.expression.at);
  }
}

const isConstant = (value: Expression): boolean =>
  value.kind === "unary" && (value.operator === "-" || value.operator === "+")
    ? isConstant(value.operand)
    : literalKinds.has(value.kind);
