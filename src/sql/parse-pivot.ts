import type { Cursor } from "./cursor.ts";
import { parseExpression } from "./parse-expression.ts";
import { parsePrimary } from "./parse-primary.ts";
import type { Pivot, PivotAggregate, PivotValue, Relation } from "./tree.ts";

/** Reads `PIVOT (aggregates FOR columns IN (values)) [alias]` behind what it turns, as often as it stands there. */
export function parsePivots(cursor: Cursor, first: Relation): Relation {
  let input = first;
  while (cursor.isPivot()) {
    if (cursor.is("UNPIVOT")) throw cursor.unsupported("UNPIVOT");
    input = parsePivot(cursor, input);
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
