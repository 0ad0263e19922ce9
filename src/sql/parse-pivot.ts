import type { Cursor } from "./cursor.ts";
import { parseExpression } from "./parse-expression.ts";
import { parsePrimary } from "./parse-primary.ts";
import type {
  Expression,
  NameExpression,
  Pivot,
  PivotAggregate,
  PivotValue,
  Relation,
  Unpivot,
  UnpivotGroup,
} from "./tree.ts";

/** Reads `PIVOT (..) [alias]` and `UNPIVOT (..) [alias]` behind what they turn, as often as they stand there. */
export function parsePivots(cursor: Cursor, first: Relation): Relation {
  let input = first;
  while (cursor.isPivot()) {
    input = cursor.is("UNPIVOT") ? parseUnpivot(cursor, input) : parsePivot(cursor, input);
    cursor.chained += 1;
  }
  return input;
}

function parsePivot(cursor: Cursor, input: Relation): Pivot {
  const { at } = cursor.expect("PIVOT");
  cursor.expect("(");
  cursor.enter();
  const aggregates = cursor.list(() => parseAggregate(cursor));
  cursor.expect("FOR");
  const column = () => cursor.name("a column");
  const axes = cursor.is("(") ? cursor.group(column) : [column()];
  cursor.expect("IN");
  const values = cursor.group(() => parseValue(cursor, axes.length));
  cursor.leave();
  cursor.expect(")");
  const alias = cursor.alias();
  return { kind: "pivot", at, input, aggregates, axes, values, ...(alias && { alias }) };
}

function parseAggregate(cursor: Cursor): PivotAggregate {
  const call = parsePrimary(cursor);
  if (call.kind !== "call") return cursor.fail("an aggregate function");
  const alias = cursor.take("AS") ? cursor.name() : undefined;
  return { call, ...(alias && { alias }) };
}

/** A value of the one column, or `(a, b)` of several. */
function parseValue(cursor: Cursor, width: number): PivotValue {
  const { at, start } = cursor.token;
  const value = parseExpression(cursor);
  const text = cursor.text.slice(start, cursor.lastEnd);
  const values = value.kind === "row" ? value.items : [value];
  if (values.length !== width) cursor.fail(`${width} values for each group`);
  const alias = cursor.take("AS") ? cursor.name() : undefined;
  return { at, values, text, ...(alias && { alias }) };
}

/** `UNPIVOT [{INCLUDE|EXCLUDE} NULLS] (values FOR names IN (columns [AS labels], ..)) [alias]`. */
function parseUnpivot(cursor: Cursor, input: Relation): Unpivot {
  const { at } = cursor.expect("UNPIVOT");
  const includeNulls = cursor.take("INCLUDE");
  if (includeNulls || cursor.take("EXCLUDE")) cursor.expect("NULLS");
  cursor.expect("(");
  const values = oneOrMore(cursor, () => cursor.name("a column"));
  cursor.expect("FOR");
  const names = oneOrMore(cursor, () => cursor.name("a column"));
  cursor.expect("IN");
  const groups = cursor.group(() => parseGroup(cursor, values.length, names.length));
  cursor.expect(")");
  const alias = cursor.alias();
  return {
    ...{ kind: "unpivot", at, input, includeNulls, values, names, groups },
    ...(alias && { alias }),
  };
}

/** `a`, `a, b` or `(a, b)`. */
function oneOrMore<Item>(cursor: Cursor, read: () => Item): Item[] {
  return cursor.is("(") ? cursor.group(read) : cursor.list(read);
}

function parseGroup(cursor: Cursor, width: number, names: number): UnpivotGroup {
  const { at } = cursor.token;
  const column = (): NameExpression => ({ kind: "name", ...cursor.objectName("a column") });
  const columns = cursor.is("(") ? cursor.group(column) : [column()];
  if (columns.length !== width) cursor.fail(`${width} columns for each group`);
  if (!cursor.take("AS")) return { at, columns };
  const labels: Expression[] = cursor.is("(")
    ? cursor.group(() => parsePrimary(cursor))
    : [parsePrimary(cursor)];
  if (labels.length !== names) cursor.fail(`${names} names for each group`);
  return { at, columns, labels };
}
