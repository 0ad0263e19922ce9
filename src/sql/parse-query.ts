import type { Cursor } from "./cursor.ts";
import type { Token } from "./lexer.ts";
import { parseOrderItem } from "./parse-call.ts";
import { parseExpression } from "./parse-expression.ts";
import { parseRelation } from "./parse-relation.ts";
import { parseSelect } from "./parse-select.ts";
import type {
  CommonTable,
  Expression,
  Position,
  Query,
  QueryBody,
  Relation,
  SetOperation,
  Values,
} from "./tree.ts";

const queryWords: ReadonlySet<string> = new Set(["SELECT", "WITH", "FROM", "VALUES"]);
const setOperators: ReadonlyMap<string, SetOperation["operator"]> = new Map([
  ["UNION", "union"],
  ["INTERSECT", "intersect"],
  ["EXCEPT", "except"],
  ["MINUS", "except"],
]);
/** INTERSECT binds tighter than the others. */
const tightness = (operator: SetOperation["operator"]) => (operator === "intersect" ? 2 : 1);

/** Whether a query begins with this piece. */
export function isQueryStart(token: Token): boolean {
  return queryWords.has(token.key);
}

/** Reads a query with its WITH and its tail; `common` are tables of a WITH that is read already. */
export function parseQuery(cursor: Cursor, common: readonly CommonTable[] = []): Query {
  const { at } = cursor.token;
  cursor.enter();
  const own = parseWith(cursor);
  const body = parseBody(cursor, parseTerm(cursor), 0);
  const query = parseTail(cursor, at, [...common, ...own], body);
  cursor.leave();
  return query;
}

/** Goes on with a query whose first part, in parentheses, is read: `(query) UNION ..`, `(query) LIMIT 1`. */
export function parseQueryAfter(cursor: Cursor, first: Query): Query {
  return simplified(parseTail(cursor, first.at, [], parseBody(cursor, first, 0)));
}

/** Goes on after a FROM that stood first: SELECT without a FROM of its own. */
export function parseQueryFrom(
  cursor: Cursor,
  from: Relation,
  common: readonly CommonTable[],
): Query {
  const { at } = cursor.token;
  return parseTail(cursor, at, common, parseBody(cursor, parseSelect(cursor, from), 0));
}

/** Reads the common tables of WITH, none without it. */
export function parseWith(cursor: Cursor): CommonTable[] {
  if (!cursor.take("WITH")) return [];
  const recursive = cursor.is("RECURSIVE") && cursor.isName(cursor.peek());
  if (recursive) cursor.next();
  return cursor.list(() => {
    const name = cursor.name();
    const columns = cursor.is("(") ? cursor.group(() => cursor.name()) : [];
    cursor.expect("AS");
    cursor.expect("(");
    const query = parseQuery(cursor);
    cursor.expect(")");
    return { name, columns, query, ...(recursive && { recursive }) };
  });
}

/** Sets of one kind become one operation, so that long unions stay flat. */
function parseBody(cursor: Cursor, first: QueryBody, min: number): QueryBody {
  let left = first;
  let last: (SetOperation & { readonly inputs: QueryBody[] }) | undefined;
  for (;;) {
    const operator = setOperators.get(cursor.token.key);
    if (!operator || tightness(operator) <= min) return left;
    const { at } = cursor.next();
    const all = cursor.take("ALL");
    if (!all) cursor.take("DISTINCT");
    const right = parseBody(cursor, parseTerm(cursor), tightness(operator));
    if (last?.operator === operator && last.all === all) last.inputs.push(right);
    else {
      last = { kind: "set-operation", at, operator, all, inputs: [left, right] };
      left = last;
      cursor.chained += 1;
    }
  }
}

function parseTerm(cursor: Cursor): QueryBody {
  if (cursor.is("SELECT")) return parseSelect(cursor);
  if (cursor.is("VALUES")) return parseValues(cursor);
  if (cursor.take("FROM")) {
    const from = parseRelation(cursor);
    if (!cursor.is("SELECT")) cursor.fail('"SELECT"');
    return parseSelect(cursor, from);
  }
  if (!cursor.take("(")) return cursor.fail("a query");
  const query = parseQuery(cursor);
  cursor.expect(")");
  return query;
}

/** A query that does nothing but hold another one is that one. */
function simplified(query: Query): Query {
  const { body } = query;
  const plain =
    body.kind === "query" &&
    query.with.length === 0 &&
    query.orderBy.length === 0 &&
    query.distributeBy.length === 0 &&
    query.sortBy.length === 0 &&
    query.clusterBy.length === 0 &&
    !query.limit &&
    !query.offset;
  return plain && body.kind === "query" ? body : query;
}

function parseTail(
  cursor: Cursor,
  at: Position,
  common: readonly CommonTable[],
  body: QueryBody,
): Query {
  const expressions = () => cursor.list(() => parseExpression(cursor));
  const keys = () => cursor.list(() => parseOrderItem(cursor));
  const orderBy = cursor.takeAll("ORDER", "BY") ? keys() : [];
  const distributeBy = cursor.takeAll("DISTRIBUTE", "BY") ? expressions() : [];
  const sortBy = cursor.takeAll("SORT", "BY") ? keys() : [];
  const clusterBy = cursor.takeAll("CLUSTER", "BY") ? expressions() : [];
  return simplified({
    kind: "query",
    at,
    with: common,
    body,
    orderBy,
    distributeBy,
    sortBy,
    clusterBy,
    ...parseLimit(cursor),
  });
}

/** LIMIT n, LIMIT offset, n, LIMIT n OFFSET m and OFFSET m. */
function parseLimit(cursor: Cursor): { limit?: Expression; offset?: Expression } {
  if (!cursor.take("LIMIT")) {
    if (!cursor.take("OFFSET")) return {};
    const offset = parseExpression(cursor);
    return cursor.take("LIMIT") ? { limit: parseExpression(cursor), offset } : { offset };
  }
  const first = parseExpression(cursor);
  if (cursor.take(",")) return { limit: parseExpression(cursor), offset: first };
  return cursor.take("OFFSET")
    ? { limit: first, offset: parseExpression(cursor) }
    : { limit: first };
}

/** Reads VALUES and its rows; a bare value is a row of one. */
export function parseValues(cursor: Cursor): Values {
  const { at } = cursor.expect("VALUES");
  const rows = cursor.list(() => {
    if (!cursor.is("(")) return [parseExpression(cursor)];
    cursor.enter();
    const row = cursor.group(() => parseExpression(cursor));
    cursor.leave();
    return row;
  });
  return { kind: "values", at, rows };
}
