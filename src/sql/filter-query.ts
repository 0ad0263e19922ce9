import { Cursor } from "./cursor.ts";
import { parseExpression } from "./parse-expression.ts";
import { parseError } from "./sql-error.ts";
import type { Name, Position } from "./tree.ts";
import type { Expression } from "./tree-expression.ts";
import { checkHeight } from "./tree-height.ts";
import type { Query } from "./tree-query.ts";
import { emptyTail } from "./tree-query.ts";

/** The longest condition that is read. */
const filterBytesMax = 64 * 1024;
const start: Position = { line: 1, column: 1 };

const nameOf = (text: string): Name => ({ text, key: text.toLowerCase(), at: start });

/**
 * The query of some columns of one table where a condition holds, which is told as text. The text is read as one
 * expression and nothing else: it becomes part of the tree, never of a text. Throws `SqlError`.
 */
export function filterQuery(
  text: string,
  table: { readonly project: string; readonly schema: string; readonly name: string },
  columns: readonly string[],
): Query {
  if (Buffer.byteLength(text) > filterBytesMax) {
    throw parseError(start, `the condition is longer than ${filterBytesMax} bytes`);
  }
  const cursor = new Cursor(text);
  const where: Expression = parseExpression(cursor);
  if (!cursor.atEnd()) return cursor.fail();
  checkHeight(where, cursor.chained);
  const parts = [table.project, table.schema, table.name].map(nameOf);
  const items = columns.map((column) => ({
    at: start,
    expression: { kind: "name" as const, at: start, parts: [nameOf(column)] },
  }));
  return {
    ...{ kind: "query", at: start, ...emptyTail },
    body: {
      ...{ kind: "select", at: start, hints: [], distinct: false, windows: [], items, where },
      from: { kind: "table", at: start, name: { parts, at: start } },
    },
  };
}
