import type { Cursor } from "./cursor.ts";
import { parseStar } from "./parse-call.ts";
import { parseDelimiters, parseProperties, parseResources } from "./parse-clauses.ts";
import { parseExpression } from "./parse-expression.ts";
import { parseSqlType } from "./parse-type.ts";
import type { Transform, TransformFormat } from "./tree.ts";

const lookaheadMax = 1000;

/** TRANSFORM is a clause where USING or ROW FORMAT follows its parenthesis; elsewhere it is a function of arrays. */
export function isTransform(cursor: Cursor): boolean {
  if (!cursor.areNext("TRANSFORM", "(")) return false;
  let open = 1;
  let distance = 2;
  for (; open > 0 && distance < lookaheadMax; distance += 1) {
    const { key, kind } = cursor.peek(distance);
    if (kind === "end") return false;
    if (key === "(") open += 1;
    if (key === ")") open -= 1;
  }
  return ["USING", "ROW"].includes(cursor.peek(distance).key);
}

/** Reads TRANSFORM (..) [format] USING 'command' [RESOURCES ..] [AS ..] [format]. */
export function parseTransform(cursor: Cursor): Transform {
  const { at } = cursor.expect("TRANSFORM");
  const given = cursor.group(() => parseStar(cursor) ?? parseExpression(cursor));
  const inputFormat = parseFormat(cursor);
  cursor.expect("USING");
  const command = cursor.string("a command");
  const resources = cursor.take("RESOURCES") ? parseResources(cursor) : [];
  const columns = cursor.take("AS") ? parseColumns(cursor) : [];
  const outputFormat = parseFormat(cursor);
  return {
    at,
    arguments: given,
    command,
    resources,
    columns,
    ...(inputFormat && { inputFormat }),
    ...(outputFormat && { outputFormat }),
  };
}

function parseColumns(cursor: Cursor): Transform["columns"] {
  const column = () => {
    const name = cursor.name();
    const isTyped = cursor.token.kind === "word" && cursor.token.key !== "FROM";
    return isTyped && !cursor.is("ROW") ? { name, type: parseSqlType(cursor) } : { name };
  };
  return cursor.is("(") ? cursor.group(column) : cursor.list(column);
}

function parseFormat(cursor: Cursor): TransformFormat | undefined {
  if (!cursor.takeAll("ROW", "FORMAT")) return undefined;
  if (cursor.take("DELIMITED")) return { properties: parseDelimiters(cursor) };
  cursor.expect("SERDE");
  const serde = cursor.string();
  const properties = cursor.takeAll("WITH", "SERDEPROPERTIES") ? parseProperties(cursor) : [];
  return { serde, properties };
}
