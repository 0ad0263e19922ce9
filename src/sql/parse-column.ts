import type { Cursor } from "./cursor.ts";
import { parseExpression } from "./parse-expression.ts";
import { parseSqlType } from "./parse-type.ts";
import type { ColumnDefinition } from "./tree.ts";

type Attributes = Partial<
  Pick<ColumnDefinition, "nullable" | "default" | "generated" | "primaryKey" | "comment">
>;

/** What may follow a column's type, in any order. */
const attributes: readonly (readonly [words: string, read: (cursor: Cursor) => Attributes])[] = [
  ["NOT NULL", () => ({ nullable: false })],
  ["NULL", () => ({ nullable: true })],
  ["DEFAULT", (cursor) => ({ default: parseDefault(cursor) })],
  ["GENERATED ALWAYS AS", (cursor) => ({ generated: parseGenerated(cursor) })],
  ["PRIMARY KEY", () => ({ primaryKey: true })],
  ["COMMENT", (cursor) => ({ comment: cursor.string("a comment") })],
];
const attributeWords = attributes.map(([words, read]) => ({ words: words.split(" "), read }));

/** Reads `name TYPE [NOT NULL] [DEFAULT ..] [COMMENT '..']`. */
export function parseColumn(cursor: Cursor): ColumnDefinition {
  const name = cursor.name("a column");
  const type = parseSqlType(cursor);
  const column = { at: name.at, name, type, nullable: true, primaryKey: false };
  return { ...column, ...parseAttributes(cursor) };
}

function parseAttributes(cursor: Cursor): Attributes {
  let read: Attributes = {};
  for (;;) {
    const found = attributeWords.find(({ words }) => cursor.takeAll(...words));
    if (!found) return read;
    read = { ...read, ...found.read(cursor) };
  }
}

function parseDefault(cursor: Cursor): NonNullable<ColumnDefinition["default"]> {
  const { start } = cursor.token;
  const expression = parseExpression(cursor);
  return { expression, text: cursor.text.slice(start, cursor.lastEnd) };
}

function parseGenerated(cursor: Cursor): NonNullable<ColumnDefinition["generated"]> {
  cursor.expect("(");
  const expression = parseExpression(cursor);
  cursor.expect(")");
  return expression;
}
