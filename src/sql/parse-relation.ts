import type { Cursor } from "./cursor.ts";
import { parsePlainCall } from "./parse-call.ts";
import { arithmetic, parseExpression } from "./parse-expression.ts";
import { parsePivots } from "./parse-pivot.ts";
import { isQueryStart, parseQuery, parseQueryAfter, parseValues } from "./parse-query.ts";
import type {
  CallExpression,
  DerivedTable,
  Join,
  Name,
  ObjectName,
  Query,
  Relation,
  TableReference,
  TableSample,
} from "./tree.ts";
import { emptyTail } from "./tree-query.ts";

type JoinType = Join["type"];
const joinWords: readonly (readonly [words: readonly string[], type: JoinType])[] = [
  [["JOIN"], "inner"],
  [["INNER", "JOIN"], "inner"],
  [["CROSS", "JOIN"], "cross"],
  [["LEFT", "JOIN"], "left"],
  [["LEFT", "OUTER", "JOIN"], "left"],
  [["LEFT", "SEMI", "JOIN"], "left-semi"],
  [["LEFT", "ANTI", "JOIN"], "left-anti"],
  [["RIGHT", "JOIN"], "right"],
  [["RIGHT", "OUTER", "JOIN"], "right"],
  [["FULL", "JOIN"], "full"],
  [["FULL", "OUTER", "JOIN"], "full"],
  [["SEMI", "JOIN"], "left-semi"],
  [["ANTI", "JOIN"], "left-anti"],
];
const joinStarts: ReadonlySet<string> = new Set(joinWords.map(([[first = ""]]) => first));

/** Reads what FROM names: sources, their joins and their lateral views. */
export function parseRelation(cursor: Cursor): Relation {
  return parseJoins(cursor, parseSource(cursor));
}

function parseJoins(cursor: Cursor, first: Relation): Relation {
  let left = first;
  for (;;) {
    const { at } = cursor.token;
    if (cursor.take(",")) {
      const right = parseSource(cursor);
      left = { kind: "join", at, type: "cross", natural: false, left, right };
    } else if (cursor.areNext("LATERAL", "VIEW")) left = parseLateralView(cursor, left);
    else {
      const natural = cursor.take("NATURAL");
      const type = parseJoinType(cursor);
      if (!type) return natural ? cursor.fail('"JOIN"') : left;
      const right = parseSource(cursor);
      left = { kind: "join", at, type, natural, left, right, ...parseCondition(cursor) };
    }
    cursor.chained += 1;
  }
}

function parseJoinType(cursor: Cursor): JoinType | undefined {
  if (!joinStarts.has(cursor.token.key)) return undefined;
  return joinWords.find(([words]) => cursor.takeAll(...words))?.[1];
}

function parseCondition(cursor: Cursor): Pick<Join, "on" | "using"> {
  if (cursor.take("ON")) return { on: parseExpression(cursor) };
  return cursor.take("USING") ? { using: cursor.group(() => cursor.name()) } : {};
}

function parseLateralView(cursor: Cursor, input: Relation): Relation {
  const { at } = cursor.expect("LATERAL");
  cursor.expect("VIEW");
  const outer = cursor.take("OUTER");
  const call = parseCallOf(cursor, cursor.objectName("a function"));
  const alias = cursor.is("AS") ? undefined : cursor.alias();
  const columns = cursor.take("AS") ? cursor.list(() => cursor.name()) : [];
  return { kind: "lateral-view", at, input, outer, call, columns, ...(alias && { alias }) };
}

function parseCallOf(cursor: Cursor, { parts }: ObjectName): CallExpression {
  const project = cursor.take(":") ? parts : parts.slice(0, -1);
  const name = project.length === parts.length ? cursor.name() : parts.at(-1);
  return parsePlainCall(cursor, project, name ?? cursor.fail("a function"));
}

function parseSource(cursor: Cursor): Relation {
  return parsePivots(cursor, parseOneSource(cursor));
}

function parseOneSource(cursor: Cursor): Relation {
  const { at, kind, key } = cursor.token;
  if (kind === "variable") {
    const { value } = cursor.next();
    const name = { text: value, key: value.toLowerCase(), at };
    const alias = cursor.alias();
    return { kind: "variable-table", at, name, ...(alias && { alias }) };
  }
  if (key === "(") return parseParentheses(cursor);
  if (key === "VALUES") {
    const body = parseValues(cursor);
    return derived(cursor, { kind: "query", at, ...emptyTail, body });
  }
  if (cursor.areNext("TABLE", "(")) {
    cursor.next();
    cursor.next();
    const call = parseCallOf(cursor, cursor.objectName("a function"));
    cursor.expect(")");
    return { kind: "table-function", at, call, ...parseAlias(cursor) };
  }
  const name = cursor.objectName("a table");
  if (!cursor.is("(") && !cursor.is(":")) return parseTable(cursor, name);
  const call = parseCallOf(cursor, name);
  return { kind: "table-function", at, call, ...parseAlias(cursor) };
}

/** `(query) t`, `((query) UNION (query)) t`, or joins in parentheses. */
function parseParentheses(cursor: Cursor): Relation {
  cursor.expect("(");
  cursor.enter();
  if (isQueryStart(cursor.token) && !cursor.is("VALUES")) {
    const query = parseQuery(cursor);
    cursor.leave();
    cursor.expect(")");
    return derived(cursor, query);
  }
  const first = parseOneSource(cursor);
  const bare = first.kind === "derived" && !first.alias;
  const query = bare ? parseQueryAfter(cursor, first.query) : undefined;
  const inside = parseJoins(cursor, query && bare ? { ...first, query } : first);
  cursor.leave();
  cursor.expect(")");
  // An alias after the parenthesis names the query inside; joins have none.
  return query && inside.kind === "derived" ? derived(cursor, query) : inside;
}

function derived(cursor: Cursor, query: Query): DerivedTable {
  return { kind: "derived", at: query.at, query, ...parseAlias(cursor) };
}

/** `[AS] t [(a, b)]`, and `[AS] t AS a, b` of table functions is not among it. */
function parseAlias(cursor: Cursor): { alias?: Name; columns: readonly Name[] } {
  const alias = cursor.alias();
  if (!alias) return { columns: [] };
  return { alias, columns: cursor.is("(") ? cursor.group(() => cursor.name()) : [] };
}

function parseTable(cursor: Cursor, name: ObjectName): TableReference {
  const asOf = parseAsOf(cursor);
  const early = cursor.is("TABLESAMPLE") ? parseSample(cursor) : undefined;
  const alias = cursor.alias();
  const sample = early ?? (cursor.is("TABLESAMPLE") ? parseSample(cursor) : undefined);
  return {
    kind: "table",
    at: name.at,
    name,
    ...(asOf && { asOf }),
    ...(sample && { sample }),
    ...(alias && { alias }),
  };
}

function parseAsOf(cursor: Cursor): TableReference["asOf"] {
  for (const by of ["timestamp", "version"] as const) {
    const word = by.toUpperCase();
    if (cursor.takeAll(word, "AS", "OF")) return { by, value: parseExpression(cursor) };
    if (cursor.takeAll(word, "BETWEEN")) {
      const since = parseExpression(cursor, arithmetic);
      cursor.expect("AND");
      return { by, since, value: parseExpression(cursor, arithmetic) };
    }
  }
  return undefined;
}

/** TABLESAMPLE (BUCKET x OUT OF y [ON ..]), (n PERCENT) or (n ROWS). */
function parseSample(cursor: Cursor): TableSample {
  const { at } = cursor.expect("TABLESAMPLE");
  cursor.expect("(");
  if (cursor.take("BUCKET")) {
    const amount = parseExpression(cursor);
    cursor.expect("OUT");
    cursor.expect("OF");
    const outOf = parseExpression(cursor);
    const on = cursor.take("ON") ? cursor.list(() => parseExpression(cursor)) : [];
    cursor.expect(")");
    return { at, method: "bucket", amount, outOf, on };
  }
  const amount = parseExpression(cursor);
  const method = cursor.take("PERCENT") ? "percent" : "rows";
  if (method === "rows") cursor.expect("ROWS");
  cursor.expect(")");
  return { at, method, amount, on: [] };
}
