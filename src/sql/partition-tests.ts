import { quoteText } from "./quote.ts";
import type { OpenRead, Resolved, Scope } from "./scope.ts";
import { refuse } from "./semantic-error.ts";
import type { Expression } from "./tree.ts";
import type { Column } from "./types.ts";

/** What WHERE says of one partition column: its value is so to one of these constants. */
export interface PartitionTest {
  readonly column: string;
  readonly operator: "=" | "<" | "<=" | ">" | ">=";
  readonly values: readonly string[];
}

type Operator = PartitionTest["operator"];

const texts: ReadonlySet<string> = new Set(["string", "varchar"]);
const integers: ReadonlySet<string> = new Set(["tinyint", "smallint", "int", "bigint"]);

/** How it is said with the sides changed. */
const turned: Readonly<Record<Operator, Operator>> = {
  "=": "=",
  "<": ">",
  "<=": ">=",
  ">": "<",
  ">=": "<=",
};

const isOperator = (text: string): text is Operator => Object.hasOwn(turned, text);

/**
 * Notes what a part of WHERE says of a partition column of a table that stands in this FROM itself. Whatever is not
 * understood is no test: a test only ever leaves out rows that WHERE leaves out as well.
 */
export function notePartitionTests(operand: Expression, { uses }: Resolved, scope: Scope): void {
  const [use] = uses;
  if (!use || uses.length > 1 || use.of !== scope.sources) return;
  const [origin, other] = use.origins;
  if (!origin || other) return;
  const { read, column } = origin;
  // What a subquery or a view makes of its rows may hang on all of them.
  const isOwn = scope.sources.some(
    ({ table, columns }) =>
      table?.id === read.table.id && columns.some(({ sql }) => sql === use.sql),
  );
  const definition = read.table.partitionColumns.find(({ name }) => name === column);
  if (isOwn && definition) read.tests.push(...testsOf(operand, definition));
}

function testsOf(operand: Expression, column: Column): OpenRead["tests"] {
  const test = (operator: Operator, constants: readonly Expression[]): PartitionTest[] => {
    const values = constants.map((one) => constantOf(one, column));
    const known = values.filter((value) => value !== undefined);
    return known.length < values.length ? [] : [{ column: column.name, operator, values: known }];
  };
  switch (operand.kind) {
    case "binary": {
      const { operator, left, right } = operand;
      if (!isOperator(operator)) return [];
      if (left.kind === "name") return test(operator, [right]);
      return right.kind === "name" ? test(turned[operator], [left]) : [];
    }
    case "in-list":
      return operand.negated || operand.operand.kind !== "name" ? [] : test("=", operand.list);
    case "between":
      if (operand.negated || operand.operand.kind !== "name") return [];
      return [...test(">=", [operand.low]), ...test("<=", [operand.high])];
    default:
      return [];
  }
}

/** What the conditions of `PARTITION (ds > '1', ds < '5')` say. Refuses what is no comparison with a constant. */
export const partitionFilter = (
  conditions: readonly Expression[],
  columns: readonly Column[],
): readonly PartitionTest[] =>
  conditions.flatMap((condition) => {
    const name = condition.kind === "binary" && condition.left.kind === "name" && condition.left;
    const key = name ? name.parts.at(-1)?.key : undefined;
    const column = columns.find((one) => one.name === key);
    const tests = column ? testsOf(condition, column) : [];
    return tests.length > 0
      ? tests
      : refuse(
          condition.at,
          "a comparison of a partition column with a constant of its kind is expected",
        );
  });

/** The same as a condition of SQL; `sqlOf` names a column. */
export const filterSql = (
  tests: readonly PartitionTest[],
  columns: readonly Column[],
  sqlOf: (name: string) => string,
): string =>
  tests
    .map(({ column, operator, values }) => {
      const type = columns.find(({ name }) => name === column)?.type.kind ?? "";
      const constants = values.map((value) => (integers.has(type) ? value : quoteText(value)));
      return `(${constants.map((one) => `${sqlOf(column)} ${operator} ${one}`).join(" OR ")})`;
    })
    .join(" AND ");

/** A constant of the column's own kind: others are converted before they are compared. */
function constantOf(expression: Expression, { type }: Column): string | undefined {
  if (expression.kind === "string" && texts.has(type.kind)) return expression.value;
  return expression.kind === "integer" && integers.has(type.kind) ? expression.digits : undefined;
}

/** Whether a partition may have rows that pass the tests, by its values in the order of the columns. */
export const mayPass = (
  tests: readonly PartitionTest[],
  columns: readonly Column[],
  values: readonly string[],
): boolean =>
  tests.every(({ column, operator, values: constants }) => {
    const at = columns.findIndex(({ name }) => name === column);
    const [value, definition] = [values[at], columns[at]];
    if (value === undefined || !definition) return true;
    const isNumber = integers.has(definition.type.kind);
    if (isNumber && !/^-?\d{1,30}$/.test(value)) return true;
    return constants.some((constant) =>
      holds(operator, isNumber ? numberOrder(value, constant) : textOrder(value, constant)),
    );
  });

const numberOrder = (one: string, other: string): number => {
  const [left, right] = [BigInt(one), BigInt(other)];
  return left < right ? -1 : left > right ? 1 : 0;
};

/** As DuckDB orders text: by its bytes. */
const textOrder = (one: string, other: string): number =>
  Buffer.compare(Buffer.from(one), Buffer.from(other));

function holds(operator: Operator, order: number): boolean {
  switch (operator) {
    case "=":
      return order === 0;
    case "<":
      return order < 0;
    case "<=":
      return order <= 0;
    case ">":
      return order > 0;
    case ">=":
      return order >= 0;
  }
}
