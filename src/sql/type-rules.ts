import type { SqlType } from "./types.ts";

const integerRank = { tinyint: 1, smallint: 2, int: 3, bigint: 4 } as const;
const numberRank = { ...integerRank, decimal: 5, float: 6, double: 7 } as const;
const instantRank = { date: 1, timestamp_ntz: 2, datetime: 3, timestamp: 4 } as const;

const rankIn = (ranks: Readonly<Record<string, number>>, type: SqlType): number | undefined =>
  Object.hasOwn(ranks, type.kind) ? ranks[type.kind] : undefined;

export const isInteger = (type: SqlType): boolean => rankIn(integerRank, type) !== undefined;
export const isNumber = (type: SqlType): boolean => rankIn(numberRank, type) !== undefined;
export const isInstant = (type: SqlType): boolean => rankIn(instantRank, type) !== undefined;
export const isText = (type: SqlType): boolean =>
  type.kind === "string" || type.kind === "varchar" || type.kind === "char";

export const bigint: SqlType = { kind: "bigint" };
export const double: SqlType = { kind: "double" };
export const string: SqlType = { kind: "string" };
export const boolean: SqlType = { kind: "boolean" };
export const voidType: SqlType = { kind: "void" };

const precisionMax = 38;
const scaleMax = 18;
/** What remains of a scale when the digits before the point need the room. */
const scaleKept = 6;

/** A decimal type that fits: digits before the point win over those behind it. */
export function decimalOf(precision: number, scale: number): SqlType & { kind: "decimal" } {
  const excess = Math.max(0, precision - precisionMax);
  const fitted = Math.min(scaleMax, Math.max(scale - excess, Math.min(scale, scaleKept)));
  const whole = Math.min(precision - scale, precisionMax - fitted);
  return { kind: "decimal", precision: Math.max(1, whole + fitted), scale: fitted };
}

const integerDigits = { tinyint: 3, smallint: 5, int: 10, bigint: 19 } as const;

/** An integer's type as a decimal, or the decimal itself. */
export function asDecimal(type: SqlType): (SqlType & { kind: "decimal" }) | undefined {
  if (type.kind === "decimal") return type;
  const digits = rankIn(integerDigits, type);
  return digits === undefined ? undefined : { kind: "decimal", precision: digits, scale: 0 };
}

function commonNumber(left: SqlType, right: SqlType): SqlType {
  const [low, high] =
    (rankIn(numberRank, left) ?? 0) <= (rankIn(numberRank, right) ?? 0)
      ? [left, right]
      : [right, left];
  if (high.kind === "decimal") {
    const [first, second] = [asDecimal(low), asDecimal(high)];
    if (!first || !second) return high;
    const scale = Math.max(first.scale, second.scale);
    const whole = Math.max(first.precision - first.scale, second.precision - second.scale);
    return decimalOf(whole + scale, scale);
  }
  // A float holds no bigint exactly.
  return high.kind === "float" && (low.kind === "bigint" || low.kind === "decimal") ? double : high;
}

/** The type that values of both types take in one column: UNION, CASE, COALESCE. Undefined: there is none. */
export function commonType(left: SqlType, right: SqlType): SqlType | undefined {
  if (left.kind === "void") return right;
  if (right.kind === "void") return left;
  if (isNumber(left) && isNumber(right)) return commonNumber(left, right);
  if (isText(left) && isText(right)) {
    return left.kind === "varchar" && right.kind === "varchar"
      ? { kind: "varchar", length: Math.max(left.length, right.length) }
      : left.kind === "char" && right.kind === "char" && left.length === right.length
        ? left
        : string;
  }
  if (isText(left)) return isNumber(right) || isInstant(right) ? string : undefined;
  if (isText(right)) return commonType(right, left);
  if (isInstant(left) && isInstant(right)) {
    return (rankIn(instantRank, left) ?? 0) >= (rankIn(instantRank, right) ?? 0) ? left : right;
  }
  if (left.kind === "array" && right.kind === "array") {
    const element = commonType(left.element, right.element);
    return element && { kind: "array", element };
  }
  if (left.kind === "map" && right.kind === "map") {
    const key = commonType(left.key, right.key);
    const value = commonType(left.value, right.value);
    return key && value && { kind: "map", key, value };
  }
  if (left.kind === "struct" && right.kind === "struct") {
    if (left.fields.length !== right.fields.length) return undefined;
    const fields = left.fields.map(({ name, type }, index) => {
      const other = right.fields[index];
      const common = other && commonType(type, other.type);
      return common && { name, type: common };
    });
    const known = fields.filter((field) => field !== undefined);
    return known.length === fields.length ? { kind: "struct", fields: known } : undefined;
  }
  return left.kind === right.kind ? left : undefined;
}

/** The type in which two values are compared: a text meets a number as a double and a moment as a moment. */
export function comparedType(left: SqlType, right: SqlType): SqlType | undefined {
  if (isText(left) && isNumber(right)) return double;
  if (isText(left) && isInstant(right)) return right;
  if (isText(right) && !isText(left) && right.kind !== left.kind && left.kind !== "void") {
    return isNumber(left) || isInstant(left) ? comparedType(right, left) : undefined;
  }
  return commonType(left, right);
}

export type Arithmetic = "+" | "-" | "*" | "/" | "%" | "div";

/** The type of an arithmetic result. Undefined: the operands cannot be calculated with. */
export function arithmeticType(
  operator: Arithmetic,
  leftType: SqlType,
  rightType: SqlType,
): SqlType | undefined {
  const operand = (type: SqlType) => (isText(type) || type.kind === "void" ? double : type);
  const [left, right] = [operand(leftType), operand(rightType)];
  if (!isNumber(left) || !isNumber(right)) return undefined;
  if (operator === "div") return isInteger(left) && isInteger(right) ? bigint : undefined;
  const [first, second] = [asDecimal(left), asDecimal(right)];
  const exact = left.kind === "decimal" || right.kind === "decimal";
  if (first && second && exact) return decimalResult(operator, first, second);
  if (operator === "/") return double;
  return commonNumber(left, right);
}

function decimalResult(
  operator: Arithmetic,
  left: { precision: number; scale: number },
  right: { precision: number; scale: number },
): SqlType {
  const scale = Math.max(left.scale, right.scale);
  const [leftWhole, rightWhole] = [left.precision - left.scale, right.precision - right.scale];
  switch (operator) {
    case "*":
      return decimalOf(left.precision + right.precision + 1, left.scale + right.scale);
    case "/": {
      const quotient = Math.max(scaleKept, left.scale + right.precision + 1);
      return decimalOf(leftWhole + right.scale + quotient, quotient);
    }
    case "%":
      return decimalOf(Math.min(leftWhole, rightWhole) + scale, scale);
    default:
      return decimalOf(Math.max(leftWhole, rightWhole) + scale + 1, scale);
  }
}

/** Whether two types are the same, parameters included. */
export function sameType(left: SqlType, right: SqlType): boolean {
  return JSON.stringify(left) === JSON.stringify(right);
}

/**
 * What an implicit conversion costs, for the choice between the signatures of a function: 0 for none, more for one
 * that loses more. Undefined: MaxCompute does not convert by itself.
 */
export function implicitCost(from: SqlType, to: SqlType): number | undefined {
  if (
    from.kind === to.kind &&
    from.kind !== "array" &&
    from.kind !== "map" &&
    from.kind !== "struct"
  ) {
    return 0;
  }
  if (from.kind === "void") return 1;
  if (isText(from) && isText(to)) return 1;
  const [source, target] = [rankIn(numberRank, from), rankIn(numberRank, to)];
  if (source !== undefined && target !== undefined) {
    return source < target ? target - source : 30 + source - target;
  }
  if (isText(to) && (source !== undefined || isInstant(from))) return 15;
  if (to.kind === "string" && (from.kind === "boolean" || from.kind === "json")) return 25;
  // A text is a number by way of a double, and sooner a moment than a whole number.
  if (isText(from) && target !== undefined) return isInteger(to) ? 24 - target : 20 - target;
  if (isText(from) && isInstant(to)) return to.kind === "datetime" ? 18 : 19;
  const [moment, asked] = [rankIn(instantRank, from), rankIn(instantRank, to)];
  if (moment !== undefined && asked !== undefined) return moment < asked ? 2 : 8;
  if (to.kind === "binary" && isText(from)) return 12;
  if (from.kind === "array" && to.kind === "array") return implicitCost(from.element, to.element);
  if (from.kind === "map" && to.kind === "map") {
    const [key, value] = [implicitCost(from.key, to.key), implicitCost(from.value, to.value)];
    return key === undefined || value === undefined ? undefined : key + value;
  }
  return from.kind === "struct" && to.kind === "struct" && sameType(from, to) ? 0 : undefined;
}
