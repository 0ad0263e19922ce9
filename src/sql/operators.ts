import { convert } from "./conversion.ts";
import { convertTo, resolveCondition, resolveExpression } from "./expression.ts";
import type { Resolved, Scope } from "./scope.ts";
import { refuse } from "./semantic-error.ts";
import type {
  BetweenExpression,
  BinaryExpression,
  BinaryOperator,
  DistinctExpression,
  Expression,
  InListExpression,
  IsExpression,
  LikeExpression,
  LogicalExpression,
  Position,
  UnaryExpression,
} from "./tree.ts";
import {
  type Arithmetic,
  arithmeticType,
  asDecimal,
  bigint,
  boolean,
  comparedType,
  double,
  isInstant,
  isInteger,
  isNumber,
  isText,
  sameType,
  string,
} from "./type-rules.ts";
import { type SqlType, typeText } from "./types.ts";

const upper = (type: SqlType) => typeText(type).toUpperCase();
const usesOf = (...parts: readonly Resolved[]) => parts.flatMap(({ uses }) => uses);
const truth = (sql: string, ...parts: readonly Resolved[]): Resolved => ({
  sql,
  type: boolean,
  uses: usesOf(...parts),
});

export function resolveUnary({ operator, operand, at }: UnaryExpression, scope: Scope): Resolved {
  if (operator === "not") {
    const condition = resolveCondition(operand, scope, "NOT");
    return truth(`(NOT ${condition.sql})`, condition);
  }
  const value = resolveExpression(operand, scope);
  if (operator === "~") {
    const whole = convertTo(
      value,
      isInteger(value.type) ? value.type : bigint,
      at,
      "the operand of ~",
    );
    return { sql: `(~${whole.sql})`, type: whole.type, uses: whole.uses };
  }
  const type = isNumber(value.type) ? value.type : double;
  const number = convertTo(value, type, at, `the operand of ${operator}`);
  if (operator === "+") return number;
  const { literal } = number;
  const negated = typeof literal === "bigint" ? { literal: -literal } : {};
  return { sql: `(-${number.sql})`, type, uses: number.uses, ...negated };
}

/** `a || b` and `a + b` of any depth lean to the left: the chain is walked, not descended. */
export function resolveBinary(expression: BinaryExpression, scope: Scope): Resolved {
  const chain: BinaryExpression[] = [expression];
  for (let left = expression.left; left.kind === "binary"; left = left.left) chain.push(left);
  const first = chain.at(-1) ?? expression;
  let result = resolveExpression(first.left, scope);
  for (const step of chain.toReversed()) {
    const right = resolveExpression(step.right, scope);
    result = binary(step.operator, result, right, step.at);
    if (scope.keys.has(result.sql)) {
      result = { ...result, uses: result.uses.filter((use) => use.of !== scope.sources) };
    }
  }
  return result;
}

function binary(operator: BinaryOperator, left: Resolved, right: Resolved, at: Position): Resolved {
  switch (operator) {
    case "||": {
      const [first, second] = [left, right].map(
        (part) => convertTo(part, string, at, "an operand of ||").sql,
      );
      return { sql: `(${first} || ${second})`, type: string, uses: usesOf(left, right) };
    }
    case "&":
    case "|":
    case "^": {
      const [first, second] = [left, right].map(
        (part) => convertTo(part, bigint, at, `an operand of ${operator}`).sql,
      );
      const sql =
        operator === "^" ? `xor(${first}, ${second})` : `(${first} ${operator} ${second})`;
      return { sql, type: bigint, uses: usesOf(left, right) };
    }
    case "+":
    case "-":
    case "*":
    case "/":
    case "%":
    case "div":
      return arithmetic(operator, left, right, at);
    default:
      return compare(operator, left, right, at);
  }
}

function arithmetic(operator: Arithmetic, left: Resolved, right: Resolved, at: Position): Resolved {
  const moved = momentArithmetic(operator, left, right);
  if (moved) return moved;
  const type = arithmeticType(operator, left.type, right.type);
  if (!type) {
    return refuse(
      at,
      `invalid operand types ${upper(left.type)} and ${upper(right.type)} for operator ${operator}`,
    );
  }
  const uses = usesOf(left, right);
  if (type.kind === "decimal")
    return { sql: decimalArithmetic(operator, left, right, type), type, uses };
  const [first, second] = [left, right].map(
    (part) => convertTo(part, type, at, `an operand of ${operator}`).sql,
  );
  switch (operator) {
    case "/":
      return { sql: `(${first} / nullif(${second}, 0))`, type, uses };
    case "%":
      return { sql: `(${first} % nullif(${second}, 0))`, type, uses };
    case "div":
      return { sql: `(${first} // nullif(${second}, 0))`, type, uses };
    default:
      return { sql: `(${first} ${operator} ${second})`, type, uses };
  }
}

/** DuckDB multiplies decimals only while both scales together fit; digits behind the ninth are given up before. */
function decimalArithmetic(
  operator: Arithmetic,
  left: Resolved,
  right: Resolved,
  type: SqlType & { kind: "decimal" },
): string {
  const shape = `DECIMAL(${type.precision},${type.scale})`;
  const operand = (value: Resolved) => {
    const own = asDecimal(value.type);
    if (operator !== "*" || !own)
      return `CAST(${value.sql} AS DECIMAL(38,${own?.scale ?? type.scale}))`;
    return `CAST(${value.sql} AS DECIMAL(${own.precision > 18 ? 38 : 18},${Math.min(own.scale, Math.max(9, type.scale - 9))}))`;
  };
  const [first, second] = [operand(left), operand(right)];
  if (operator === "/") return `CAST(${left.sql} / nullif(${right.sql}, 0) AS ${shape})`;
  if (operator === "%") return `CAST(${first} % nullif(${second}, 0) AS ${shape})`;
  return `CAST(${first} ${operator} ${second} AS ${shape})`;
}

function momentArithmetic(
  operator: Arithmetic,
  left: Resolved,
  right: Resolved,
): Resolved | undefined {
  const isInterval = (type: SqlType) =>
    type.kind === "interval_day_time" || type.kind === "interval_year_month";
  const uses = usesOf(left, right);
  if (operator !== "+" && operator !== "-") return undefined;
  if (isInterval(left.type) && sameType(left.type, right.type)) {
    return { sql: `(${left.sql} ${operator} ${right.sql})`, type: left.type, uses };
  }
  if (operator === "+" && isInterval(left.type)) return momentArithmetic(operator, right, left);
  if (!isInstant(left.type)) return undefined;
  if (isInterval(right.type)) {
    const moment = left.type.kind === "timestamp" ? convert(left, { kind: "datetime" }) : left;
    const type: SqlType =
      left.type.kind === "date" && right.type.kind === "interval_day_time"
        ? { kind: "datetime" }
        : left.type;
    const base = { kind: type.kind === "timestamp" ? "datetime" : type.kind } as SqlType;
    const sum = `(${moment?.sql} ${operator} ${right.sql})`;
    const from: SqlType = left.type.kind === "date" ? { kind: "timestamp_ntz" } : base;
    const cast = convert(
      { sql: left.type.kind === "date" ? `CAST(${sum} AS TIMESTAMP_NS)` : sum, type: from },
      type,
    );
    return cast && { ...cast, uses };
  }
  if (operator === "-" && isInstant(right.type)) {
    const [first, second] = [left, right].map((part) => convert(part, { kind: "datetime" })?.sql);
    return { sql: `(${first} - ${second})`, type: { kind: "interval_day_time" }, uses };
  }
  return undefined;
}

/** Both sides in the type in which they are compared. */
export function alignPair(
  left: Resolved,
  right: Resolved,
  at: Position,
  operator: string,
): [Resolved, Resolved] {
  const type = comparedType(left.type, right.type);
  if (!type) {
    return refuse(
      at,
      `type ${upper(left.type)} and ${upper(right.type)} cannot be compared by ${operator}`,
    );
  }
  // DuckDB compares numbers of any two types by their value.
  if (isNumber(left.type) && isNumber(right.type) && type.kind !== "double") return [left, right];
  const side = (value: Resolved) =>
    isText(value.type) && isText(type)
      ? value
      : convertTo(value, type, at, `an operand of ${operator}`);
  return [side(left), side(right)];
}

const comparisons: Readonly<Record<string, string>> = { "<=>": "IS NOT DISTINCT FROM" };

function compare(
  operator: BinaryOperator,
  left: Resolved,
  right: Resolved,
  at: Position,
): Resolved {
  const [first, second] = alignPair(left, right, at, operator);
  return truth(`(${first.sql} ${comparisons[operator] ?? operator} ${second.sql})`, left, right);
}

export function resolveDistinct(expression: DistinctExpression, scope: Scope): Resolved {
  const [left, right] = [expression.left, expression.right].map((side) =>
    resolveExpression(side, scope),
  );
  if (!left || !right) return refuse(expression.at, "IS DISTINCT FROM has two sides");
  const [first, second] = alignPair(left, right, expression.at, "IS DISTINCT FROM");
  const not = expression.negated ? "NOT " : "";
  return truth(`(${first.sql} IS ${not}DISTINCT FROM ${second.sql})`, left, right);
}

export function resolveLogical({ kind, operands }: LogicalExpression, scope: Scope): Resolved {
  const parts = operands.map((operand) => resolveCondition(operand, scope, kind.toUpperCase()));
  return truth(`(${parts.map(({ sql }) => sql).join(` ${kind.toUpperCase()} `)})`, ...parts);
}

export function resolveBetween(expression: BetweenExpression, scope: Scope): Resolved {
  const { at, negated } = expression;
  const operand = resolveExpression(expression.operand, scope);
  const low = resolveExpression(expression.low, scope);
  const high = resolveExpression(expression.high, scope);
  const above = compare(">=", operand, low, at);
  const below = compare("<=", operand, high, at);
  return truth(`(${negated ? "NOT " : ""}(${above.sql} AND ${below.sql}))`, operand, low, high);
}

export function resolveInList(expression: InListExpression, scope: Scope): Resolved {
  const { at, negated } = expression;
  if (expression.operand.kind === "row") return inRows(expression.operand.items, expression, scope);
  const operand = resolveExpression(expression.operand, scope);
  const items = expression.list.map((item) => resolveExpression(item, scope));
  const pairs = items.map((item) => alignPair(operand, item, at, "IN"));
  // One list for each type in which the operand is compared.
  const lists = new Map<string, string[]>();
  for (const [left, right] of pairs)
    lists.set(left.sql, [...(lists.get(left.sql) ?? []), right.sql]);
  const tests = [...lists].map(([left, list]) => `${left} IN (${list.join(", ")})`);
  const sql = `(${negated ? "NOT " : ""}(${tests.join(" OR ")}))`;
  return truth(sql, operand, ...items);
}

function inRows(
  operands: readonly Expression[],
  expression: InListExpression,
  scope: Scope,
): Resolved {
  const { at, negated } = expression;
  const left = operands.map((item) => resolveExpression(item, scope));
  const rows = expression.list.map((row) => {
    if (row.kind !== "row" || row.items.length !== left.length) {
      return refuse(row.at, `IN expects lists of ${left.length} values`);
    }
    return row.items.map((item) => resolveExpression(item, scope));
  });
  const tests = rows.map((row) => {
    const equal = left.map((side, index) => compare("=", side, row[index] ?? side, at).sql);
    return `(${equal.join(" AND ")})`;
  });
  return truth(`(${negated ? "NOT " : ""}(${tests.join(" OR ")}))`, ...left, ...rows.flat());
}

export function resolveLike(expression: LikeExpression, scope: Scope): Resolved {
  const { operator, negated, at } = expression;
  const text = (side: Expression) =>
    convertTo(
      resolveExpression(side, scope),
      string,
      at,
      `an operand of ${operator.toUpperCase()}`,
    );
  const [operand, pattern] = [text(expression.operand), text(expression.pattern)];
  const not = negated ? "NOT " : "";
  if (operator === "rlike") {
    // A pattern may match any part of the text.
    return truth(`(${not}regexp_matches(${operand.sql}, ${pattern.sql}))`, operand, pattern);
  }
  const escaping = expression.escape && text(expression.escape);
  const sql = `${operand.sql} ${operator.toUpperCase()} ${pattern.sql} ESCAPE ${escaping?.sql ?? "'\\'"}`;
  return truth(`(${not}(${sql}))`, operand, pattern);
}

export function resolveIs(expression: IsExpression, scope: Scope): Resolved {
  const { test, negated } = expression;
  const operand =
    test === "null"
      ? resolveExpression(expression.operand, scope)
      : resolveCondition(expression.operand, scope, "IS");
  return truth(`(${operand.sql} IS ${negated ? "NOT " : ""}${test.toUpperCase()})`, operand);
}
