import { convert, type Typed } from "./conversion.ts";
import { resolveExpression } from "./expression.ts";
import { truncText, truncUnit } from "./functions/trunc-time.ts";
import type { Scope, Source } from "./scope.ts";
import { refuse } from "./semantic-error.ts";
import type { CreateTable, Expression } from "./tree.ts";
import { comparedType, isInstant } from "./type-rules.ts";
import { type Column, typeText } from "./types.ts";

/** The partition column of AUTO PARTITIONED BY (trunc_time(column, 'day') AS name). */
export function autoPartitionColumn(
  { expression, name }: NonNullable<CreateTable["autoPartition"]>,
  columns: readonly Column[],
): Column {
  const { at } = expression;
  if (expression.kind !== "call" || expression.name.key !== "trunc_time")
    return refuse(at, "AUTO PARTITIONED BY takes TRUNC_TIME(column, unit)");
  const [moment, unit, more] = expression.arguments;
  if (moment?.kind !== "name" || moment.parts.length !== 1 || unit?.kind !== "string" || more)
    return refuse(at, "TRUNC_TIME takes a column of the table and a constant unit here");
  const written = moment.parts[0];
  const from = columns.find((column) => column.name === written?.key);
  if (!from) return refuse(moment.at, `column ${written?.text} cannot be resolved`);
  if (!isInstant(from.type))
    return refuse(
      moment.at,
      `column ${from.name} is of type ${typeText(from.type).toUpperCase()}, and a moment is expected`,
    );
  const part = truncUnit(unit.value);
  if (!part) return refuse(unit.at, "TRUNC_TIME takes year, month, day or hour");
  return {
    name: name?.key ?? freeName(columns),
    type: { kind: "string" },
    nullable: true,
    generated: { from: from.name, unit: part },
  };
}

function freeName(columns: readonly Column[]): string {
  for (let place = 0; ; place += 1) {
    const name = `_pt_col_${place}_`;
    if (!columns.some((column) => column.name === name)) return name;
  }
}

/** The value of a generated column, from that of the column of which it is made. */
export const generatedValue = ({ unit }: NonNullable<Column["generated"]>, from: Typed): string =>
  truncText(from, unit);

/** What a comparison of a moment says of its beginning: cut off, moments keep their order. */
const impliedOperators: Readonly<Record<string, string>> = {
  ...{ "=": "=", ">": ">=", ">=": ">=", "<": "<=", "<=": "<=" },
};

/**
 * What a part of WHERE says of partition columns that are made of the column which it compares with a constant: so the
 * files of other partitions are not read.
 */
export function impliedTests(operand: Expression, scope: Scope): readonly string[] {
  if (operand.kind === "between" && !operand.negated) {
    const { operand: moment, low, high } = operand;
    return [...testsOf(moment, ">=", low, scope), ...testsOf(moment, "<=", high, scope)];
  }
  if (operand.kind !== "binary") return [];
  return testsOf(operand.left, impliedOperators[operand.operator], operand.right, scope);
}

function testsOf(
  written: Expression,
  operator: string | undefined,
  limit: Expression,
  scope: Scope,
): readonly string[] {
  if (operator === undefined || written.kind !== "name") return [];
  const made = scope.sources.flatMap((source) => madeOf(source));
  if (made.length === 0) return [];
  const [moment, value] = [written, limit].map((each) => resolveExpression(each, scope));
  if (!moment || !value || value.uses.length > 0) return [];
  return made.flatMap(({ base, partition, unit, touch }) => {
    const compared = comparedType(moment.type, value.type);
    const same = convert(value, moment.type);
    if (base !== moment.sql || !compared || !isInstant(compared) || !same) return [];
    touch();
    return [`(${partition} ${operator} ${truncText(same, unit)})`];
  });
}

interface Made {
  readonly base: string;
  readonly partition: string;
  readonly unit: NonNullable<Column["generated"]>["unit"];
  readonly touch: () => void;
}

/** Only of a table itself: what a query makes of its rows need not have both columns of one row. */
function madeOf({ columns, table }: Source): readonly Made[] {
  if (table?.kind !== "table") return [];
  return columns.flatMap((partition) => {
    const [origin] = partition.origins;
    const definition = origin?.read.table.partitionColumns.find(
      ({ name }) => name === origin.column,
    );
    const generated = definition?.generated;
    const base =
      generated &&
      columns.find(({ origins }) =>
        origins.some(({ read, column }) => read === origin?.read && column === generated.from),
      );
    if (!origin || !generated || !base) return [];
    const touch = () => {
      partition.touch?.();
      origin.read.chosen = true;
    };
    return [{ base: base.sql, partition: partition.sql, unit: generated.unit, touch }];
  });
}
