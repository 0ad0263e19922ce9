import type { Name, Position } from "./tree.ts";
import type { Query } from "./tree-query.ts";
import type { SqlType } from "./types.ts";

export type Expression =
  | Literal
  | IntervalExpression
  | NameExpression
  | VariableExpression
  | StarExpression
  | FieldExpression
  | ElementExpression
  | UnaryExpression
  | BinaryExpression
  | LogicalExpression
  | BetweenExpression
  | InListExpression
  | InQueryExpression
  | LikeExpression
  | IsExpression
  | DistinctExpression
  | ExistsExpression
  | SubqueryExpression
  | RowExpression
  | CaseExpression
  | CastExpression
  | ExtractExpression
  | CallExpression
  | LambdaExpression;

export type Literal =
  /** Digits without a sign; the suffix tells TINYINT, SMALLINT and BIGINT, none leaves it to the resolver. */
  | {
      readonly kind: "integer";
      readonly at: Position;
      readonly digits: string;
      readonly suffix?: "y" | "s" | "l";
    }
  /** `1.5`, `1e3`: a DOUBLE. `text` is a number as JavaScript and DuckDB write it. */
  | { readonly kind: "double"; readonly at: Position; readonly text: string }
  /** `1.5BD`: a DECIMAL; `text` has no suffix. */
  | { readonly kind: "decimal"; readonly at: Position; readonly text: string }
  | { readonly kind: "string"; readonly at: Position; readonly value: string }
  /** `X'616263'`. */
  | { readonly kind: "bytes"; readonly at: Position; readonly hex: string }
  | { readonly kind: "boolean"; readonly at: Position; readonly value: boolean }
  | { readonly kind: "null"; readonly at: Position }
  /** `DATE '2026-01-31'`; the value is not checked yet. */
  | {
      readonly kind: "date" | "datetime" | "timestamp" | "timestamp_ntz";
      readonly at: Position;
      readonly value: string;
    };

/** Kinds of expressions that are values written out. */
export const literalKinds: ReadonlySet<Expression["kind"]> = new Set([
  ...(["integer", "double", "decimal", "string", "bytes", "boolean", "null"] as const),
  ...(["date", "datetime", "timestamp", "timestamp_ntz"] as const),
]);

/** Units down to a second, which every engine names so. */
export const wholeUnits = [
  ...(["year", "quarter", "month", "week", "day", "hour", "minute", "second"] as const),
] as const;

export const timeUnits = [
  ...wholeUnits,
  "millisecond",
  "microsecond",
  "dayofweek",
  "dow",
  "doy",
  "epoch",
] as const;

export type TimeUnit = (typeof timeUnits)[number];

/** `INTERVAL '1-2' YEAR TO MONTH`, `INTERVAL 3 DAY`. */
export interface IntervalExpression {
  readonly kind: "interval";
  readonly at: Position;
  readonly value: Expression;
  readonly unit: TimeUnit;
  readonly to?: TimeUnit;
}

/** `a`, `t.a`, `t.a.b`: which part is a table, a column or a field is the resolver's to say. */
export interface NameExpression {
  readonly kind: "name";
  readonly at: Position;
  readonly parts: readonly Name[];
}

/** `@a` of script mode, and a parameter of an SQL function. */
export interface VariableExpression {
  readonly kind: "variable";
  readonly at: Position;
  readonly name: Name;
}

/** `*` and `t.*`, in a SELECT list, in COUNT(*) and in few other calls. */
export interface StarExpression {
  readonly kind: "star";
  readonly at: Position;
  readonly qualifier: readonly Name[];
  /** `* EXCEPT (a, b)`. */
  readonly except: readonly Name[];
}

/** `expression.field` where the expression is no plain name. */
export interface FieldExpression {
  readonly kind: "field";
  readonly at: Position;
  readonly of: Expression;
  readonly name: Name;
}

/** `array[i]` and `map['k']`. */
export interface ElementExpression {
  readonly kind: "element";
  readonly at: Position;
  readonly of: Expression;
  readonly index: Expression;
}

export interface UnaryExpression {
  readonly kind: "unary";
  readonly at: Position;
  readonly operator: "-" | "+" | "~" | "not";
  readonly operand: Expression;
}

export type BinaryOperator =
  | "||"
  | "+"
  | "-"
  | "*"
  | "/"
  | "%"
  | "div"
  | "&"
  | "|"
  | "^"
  | "="
  | "<>"
  | "<"
  | "<="
  | ">"
  | ">="
  | "<=>";

/** `==` is written `=` here, and `!=` is `<>`. `at` is where the operator stands. */
export interface BinaryExpression {
  readonly kind: "binary";
  readonly at: Position;
  readonly operator: BinaryOperator;
  readonly left: Expression;
  readonly right: Expression;
}

/** `a AND b AND c` is one expression of three operands, so that long conditions stay flat. */
export interface LogicalExpression {
  readonly kind: "and" | "or";
  readonly at: Position;
  readonly operands: readonly Expression[];
}

export interface BetweenExpression {
  readonly kind: "between";
  readonly at: Position;
  readonly negated: boolean;
  readonly operand: Expression;
  readonly low: Expression;
  readonly high: Expression;
}

export interface InListExpression {
  readonly kind: "in-list";
  readonly at: Position;
  readonly negated: boolean;
  readonly operand: Expression;
  readonly list: readonly Expression[];
}

export interface InQueryExpression {
  readonly kind: "in-query";
  readonly at: Position;
  readonly negated: boolean;
  readonly operand: Expression;
  readonly query: Query;
}

/** REGEXP is RLIKE. */
export interface LikeExpression {
  readonly kind: "like";
  readonly at: Position;
  readonly operator: "like" | "ilike" | "rlike";
  readonly negated: boolean;
  readonly operand: Expression;
  readonly pattern: Expression;
  readonly escape?: Expression;
}

export interface IsExpression {
  readonly kind: "is";
  readonly at: Position;
  readonly negated: boolean;
  readonly operand: Expression;
  readonly test: "null" | "true" | "false";
}

/** IS [NOT] DISTINCT FROM; `negated` with NOT. */
export interface DistinctExpression {
  readonly kind: "distinct";
  readonly at: Position;
  readonly negated: boolean;
  readonly left: Expression;
  readonly right: Expression;
}

/** NOT EXISTS is `not` of it. */
export interface ExistsExpression {
  readonly kind: "exists";
  readonly at: Position;
  readonly query: Query;
}

/** A query that is a value. */
export interface SubqueryExpression {
  readonly kind: "subquery";
  readonly at: Position;
  readonly query: Query;
}

/** `(a, b)`, before IN. */
export interface RowExpression {
  readonly kind: "row";
  readonly at: Position;
  readonly items: readonly Expression[];
}

export interface CaseExpression {
  readonly kind: "case";
  readonly at: Position;
  readonly operand?: Expression;
  readonly branches: readonly { readonly when: Expression; readonly result: Expression }[];
  readonly otherwise?: Expression;
}

export interface CastExpression {
  readonly kind: "cast";
  readonly at: Position;
  readonly operand: Expression;
  readonly type: SqlType;
  /** SAFE_CAST. */
  readonly safe?: true;
}

export interface ExtractExpression {
  readonly kind: "extract";
  readonly at: Position;
  readonly unit: TimeUnit;
  readonly operand: Expression;
}

/** A call, with everything that aggregates and window functions may carry. */
export interface CallExpression {
  readonly kind: "call";
  readonly at: Position;
  /** `project:function` or `project.schema.function`: what stands before the name. */
  readonly qualifier: readonly Name[];
  readonly name: Name;
  readonly distinct: boolean;
  /** COUNT(*) has one argument of kind `star`. */
  readonly arguments: readonly Expression[];
  readonly filter?: Expression;
  readonly withinGroup?: readonly OrderItem[];
  /** IGNORE NULLS (true) or RESPECT NULLS (false). */
  readonly ignoreNulls?: boolean;
  readonly over?: WindowDefinition | Name;
}

/** `x -> x + 1`, `(x, y) -> x + y`. */
export interface LambdaExpression {
  readonly kind: "lambda";
  readonly at: Position;
  readonly parameters: readonly Name[];
  readonly body: Expression;
}

export interface OrderItem {
  readonly expression: Expression;
  readonly descending: boolean;
  /** Undefined: the default of the dialect (NULL is the smallest). */
  readonly nulls?: "first" | "last";
}

export interface WindowDefinition {
  readonly kind: "window";
  readonly at: Position;
  /** A named window that this one extends. */
  readonly base?: Name;
  readonly partitionBy: readonly Expression[];
  readonly orderBy: readonly OrderItem[];
  readonly frame?: WindowFrame;
}

export interface WindowFrame {
  readonly at: Position;
  readonly unit: "rows" | "range" | "groups";
  readonly start: FrameBound;
  /** Without BETWEEN: the current row. */
  readonly end: FrameBound;
  readonly exclude?: "current-row" | "group" | "ties" | "no-others";
}

export type FrameBound =
  | { readonly kind: "unbounded-preceding" | "current-row" | "unbounded-following" }
  | { readonly kind: "preceding" | "following"; readonly value: Expression };
