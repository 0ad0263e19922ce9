import type { Cursor } from "./cursor.ts";
import { ifNotExists, parseResources } from "./parse-clauses.ts";
import { parseColumn } from "./parse-column.ts";
import type { Creation } from "./parse-create.ts";
import { parseExpression } from "./parse-expression.ts";
import { isQueryStart, parseQuery } from "./parse-query.ts";
import { parseSqlType } from "./parse-type.ts";
import { parseError } from "./sql-error.ts";
import type {
  ColumnDefinition,
  CreateFunction,
  CreateSqlFunction,
  EmbeddedCode,
  Name,
  Parameter,
  ParameterType,
  Position,
} from "./tree.ts";

/** Reads CREATE [TEMPORARY] FUNCTION from its name on; with parameters it is one of SQL. */
export function parseCreateFunction(
  cursor: Cursor,
  creation: Creation,
  temporary: boolean,
): CreateFunction | CreateSqlFunction {
  const { at, orReplace } = creation;
  const unlessThere = ifNotExists(cursor);
  const name = cursor.objectName("a function");
  if (cursor.is("(")) return parseBody(cursor, creation, temporary, unlessThere, name);
  cursor.expect("AS");
  const className = cursor.string("a class");
  const using = cursor.take("USING");
  const embedded = using && cursor.token.kind === "code" ? parseEmbedded(cursor) : undefined;
  if (embedded && !temporary) throw parseError(at, "code in a statement makes TEMPORARY functions");
  const resources = using && !embedded ? parseResources(cursor) : [];
  return {
    ...(embedded && { embedded }),
    kind: "create-function",
    at,
    function: name,
    temporary,
    orReplace,
    ifNotExists: unlessThere,
    className,
    resources,
  };
}

const languages: Readonly<Record<string, EmbeddedCode["language"]>> = {
  JAVA: "Java",
  PYTHON: "Python",
};

/** `('lang'='PYTHON', 'filename'='f')` behind #CODE, and the code. */
function parseEmbedded(cursor: Cursor): EmbeddedCode {
  const { value, at } = cursor.next();
  const [head, list = ""] = /^\s*\(([^()\n]{1,1000})\)/.exec(value) ?? [];
  if (head === undefined) throw parseError(at, "#CODE needs ('lang'='PYTHON', 'filename'='name')");
  const properties = new Map(
    [...list.matchAll(/'([^']*)'\s*=\s*'([^']*)'/g)].map(([, key = "", text = ""]) => [key, text]),
  );
  const language = languages[(properties.get("lang") ?? "").toUpperCase()];
  if (!language) throw parseError(at, "the 'lang' of #CODE is 'JAVA' or 'PYTHON'");
  const file = properties.get("filename") ?? "";
  return { language, file: file.replace(/\.(py|java)$/, ""), text: value.slice(head.length) };
}

/** Reads CREATE SQL FUNCTION from its name on. */
export function parseCreateSqlFunction(
  cursor: Cursor,
  creation: Creation,
  temporary: boolean,
): CreateSqlFunction {
  const unlessThere = ifNotExists(cursor);
  return parseBody(cursor, creation, temporary, unlessThere, cursor.objectName("a function"));
}

/** Reads FUNCTION f(@a BIGINT) AS body of a script, which lives as long as the script. */
export function parseScriptFunction(cursor: Cursor): CreateSqlFunction {
  const at: Position = cursor.expect("FUNCTION").at;
  return parseCreateSqlFunction(cursor, { at, orReplace: false }, true);
}

function parseBody(
  cursor: Cursor,
  { at, orReplace }: Creation,
  temporary: boolean,
  unlessThere: boolean,
  name: CreateSqlFunction["function"],
): CreateSqlFunction {
  const parameters = parseParameters(cursor);
  const returns = cursor.take("RETURNS") ? parseReturns(cursor) : undefined;
  if (cursor.is("AS") && cursor.peek().key === "BEGIN") {
    cursor.next();
    throw cursor.unsupported("BEGIN");
  }
  cursor.expect("AS");
  const { start } = cursor.token;
  const body = isQueryStart(cursor.token) ? parseQuery(cursor) : parseExpression(cursor);
  return {
    kind: "create-sql-function",
    at,
    function: name,
    temporary,
    orReplace,
    ifNotExists: unlessThere,
    parameters,
    ...(returns && { returns }),
    body,
    bodyRange: { start, end: cursor.lastEnd },
  };
}

/** RETURNS [@name] type. */
function parseReturns(cursor: Cursor): ParameterType {
  if (cursor.token.kind === "variable") cursor.next();
  return parseParameterType(cursor);
}

/** `(@a BIGINT, @b TABLE (x BIGINT) DEFAULT ..)`. */
export function parseParameters(cursor: Cursor): Parameter[] {
  if (cursor.takeAll("(", ")")) return [];
  return cursor.group(() => {
    const name = parseVariable(cursor);
    const type = parseParameterType(cursor);
    if (!cursor.take("DEFAULT")) return { name, type };
    return { name, type, default: parseExpression(cursor) };
  });
}

/** `@a`, named without its sign. */
export function parseVariable(cursor: Cursor): Name {
  if (cursor.token.kind !== "variable") cursor.fail("a variable");
  const { value, at } = cursor.next();
  return { text: value, key: value.toLowerCase(), at };
}

/** A type, TABLE (..) or ANY. */
export function parseParameterType(cursor: Cursor): ParameterType {
  if (cursor.take("ANY")) return { kind: "any" };
  if (!cursor.take("TABLE")) return { kind: "type", type: parseSqlType(cursor) };
  return { kind: "table", columns: cursor.group(() => parseTypedColumn(cursor)) };
}

/** A column of TABLE (..), whose type may be ANY: that of a bare NULL, which asks for nothing. */
function parseTypedColumn(cursor: Cursor): ColumnDefinition {
  if (cursor.is("*")) throw cursor.unsupported("* among the columns of a parameter");
  if (cursor.peek().key !== "ANY") return parseColumn(cursor);
  const name = cursor.name("a column");
  cursor.next();
  return { at: name.at, name, type: { kind: "void" }, nullable: true, primaryKey: false };
}
