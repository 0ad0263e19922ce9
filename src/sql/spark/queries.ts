import { inParentheses, operandPower, readExpression } from "./expressions.ts";
import { freshSparkName, listOf, type Reader, refuseSpark, sparkName } from "./reader.ts";

const sqlOf = (reader: Reader): string => readExpression(reader).sql;

/** A query in parentheses, without them. */
export function readSubquery(reader: Reader): string {
  reader.expect("(");
  const sql = readQuery(reader);
  reader.expect(")");
  return sql;
}

/** Reads a query of DuckDB. */
export function readQuery(reader: Reader): string {
  let sql = readBody(reader);
  for (;;) {
    const { key } = reader.peek();
    if (!/^(UNION|INTERSECT|EXCEPT)$/.test(key)) return `${sql}${readTail(reader)}`;
    reader.next();
    const all = reader.takes("ALL") ? " ALL" : "";
    sql = `${sql} ${key}${all} ${readBody(reader)}`;
  }
}

function readBody(reader: Reader): string {
  if (reader.peek().key === "(") return `(${readSubquery(reader)})`;
  if (reader.takes("VALUES")) return `VALUES ${listOf(reader, readRow).join(", ")}`;
  return readSelect(reader);
}

const readRow = (reader: Reader): string => `(${inParentheses(reader)})`;

/** A column of a SELECT list; `rows` is a list whose elements become rows. */
interface Item {
  readonly sql: string;
  readonly name?: string;
  readonly rows: boolean;
}

function readItem(reader: Reader): Item {
  if (reader.takes("*")) return { sql: "*", rows: false };
  const rows = reader.peek().key === "UNNEST";
  if (rows) reader.next();
  const sql = rows ? inParentheses(reader) : sqlOf(reader);
  if (!reader.takes("AS")) return { sql, rows };
  return { sql, name: sparkName(reader.next().value), rows };
}

function listText(items: readonly Item[]): string {
  const generated = items.filter(({ rows }) => rows);
  const texts = items.map((item) => {
    const named = item.name ? ` AS ${item.name}` : "";
    if (!item.rows) return `${item.sql}${named}`;
    if (generated.length === 1) return `explode(${item.sql})${named}`;
    // Lists in step: Spark gives rows from one call of a SELECT only.
    if (item !== generated[0]) return undefined;
    const names = generated.map(({ name }) => name).join(", ");
    return `inline(arrays_zip(${generated.map(({ sql }) => sql).join(", ")})) AS (${names})`;
  });
  const places = items.flatMap(({ rows }, index) => (rows ? [index] : []));
  if (places.some((place, index) => place !== (places[0] ?? 0) + index))
    refuseSpark("lists that become rows apart from each other");
  return texts.filter((text) => text !== undefined).join(", ");
}

function readSelect(reader: Reader): string {
  reader.expect("SELECT");
  const distinct = reader.takes("DISTINCT") ? "DISTINCT " : "";
  const items = listOf(reader, readItem);
  const from = reader.takes("FROM") ? ` FROM ${readRelation(reader)}` : "";
  const where = reader.takes("WHERE") ? ` WHERE ${sqlOf(reader)}` : "";
  const group = reader.takes("GROUP", "BY") ? ` GROUP BY ${readGroup(reader)}` : "";
  const having = reader.takes("HAVING") ? ` HAVING ${sqlOf(reader)}` : "";
  const rest = `${from}${where}${group}${having}`;
  if (!reader.takes("QUALIFY"))
    return `SELECT ${distinct}${listText(items)}${rest}${readTail(reader)}`;
  // Spark has no QUALIFY: the condition becomes a column, and chooses rows from outside.
  const condition = freshSparkName(reader.names);
  const [inner, names] = [`${listText(items)}, ${sqlOf(reader)} AS ${condition}`, namesOf(items)];
  const query = `SELECT ${inner}${rest}`;
  if (reader.peek().key === "ORDER") refuseSpark("QUALIFY with ORDER BY");
  return `SELECT ${distinct}${names} FROM (${query}) WHERE ${condition}${readTail(reader)}`;
}

const namesOf = (items: readonly Item[]): string =>
  items.map(({ name }) => name ?? refuseSpark("QUALIFY of columns without names")).join(", ");

function readGroup(reader: Reader): string {
  return listOf(reader, (each) => {
    for (const words of [["GROUPING", "SETS"], ["ROLLUP"], ["CUBE"]]) {
      if (!each.takes(...words)) continue;
      each.expect("(");
      const sets = listOf(each, readSet);
      each.expect(")");
      return `${words.join(" ")} (${sets.join(", ")})`;
    }
    return sqlOf(each);
  }).join(", ");
}

function readSet(reader: Reader): string {
  if (reader.takes("(", ")")) return "()";
  return `(${inParentheses(reader)})`;
}

/** ORDER BY, LIMIT and OFFSET. */
function readTail(reader: Reader): string {
  const order = reader.takes("ORDER", "BY") ? ` ${readOrder(reader)}` : "";
  const limit = reader.takes("LIMIT") ? ` LIMIT ${reader.next().value}` : "";
  const offset = reader.takes("OFFSET") ? ` OFFSET ${reader.next().value}` : "";
  return `${order}${limit}${offset}`;
}

/** What follows the words ORDER BY, with them. */
export function readOrder(reader: Reader): string {
  const items = listOf(reader, (each) => {
    const value = sqlOf(each);
    const direction = each.next().key;
    each.expect("NULLS");
    return `${value} ${direction} NULLS ${each.next().key}`;
  });
  return `ORDER BY ${items.join(", ")}`;
}

const joins: readonly (readonly [words: readonly string[], spark: string])[] = [
  [["JOIN"], "JOIN"],
  [["LEFT", "JOIN"], "LEFT JOIN"],
  [["RIGHT", "JOIN"], "RIGHT JOIN"],
  [["FULL", "JOIN"], "FULL JOIN"],
  [["CROSS", "JOIN"], "CROSS JOIN"],
  [["SEMI", "JOIN"], "LEFT SEMI JOIN"],
  [["ANTI", "JOIN"], "LEFT ANTI JOIN"],
];

function readRelation(reader: Reader): string {
  let sql = readSource(reader);
  for (;;) {
    const join = joins.find(([words]) => reader.takes(...words));
    if (!join) return sql;
    sql = `${sql} ${join[1]} ${readSource(reader)}`;
    if (reader.takes("ON")) sql = `${sql} ON ${sqlOf(reader)}`;
  }
}

function readSource(reader: Reader): string {
  const lateral = reader.takes("LATERAL") ? "LATERAL " : "";
  if (reader.peek().kind === "name") return `${sparkName(reader.next().value)}${readAlias(reader)}`;
  if (lateral || reader.holdsQuery() || reader.peek(1).key === "VALUES")
    return `${lateral}(${readSubquery(reader)})${readAlias(reader)}`;
  reader.expect("(");
  const inner = readRelation(reader);
  reader.expect(")");
  return `(${inner})${readAlias(reader)}`;
}

function readAlias(reader: Reader): string {
  if (!reader.takes("AS")) return "";
  const name = sparkName(reader.next().value);
  if (!reader.takes("(")) return ` AS ${name}`;
  const columns = listOf(reader, (each) => sparkName(each.next().value));
  reader.expect(")");
  return ` AS ${name}(${columns.join(", ")})`;
}

/** What stands in the parentheses of OVER, with them. `ordered`: Spark asks for an order, where all rows may be equal. */
export function readWindow(reader: Reader, ordered: boolean): string {
  reader.expect("(");
  const parts: string[] = [];
  if (reader.takes("PARTITION", "BY"))
    parts.push(`PARTITION BY ${listOf(reader, sqlOf).join(", ")}`);
  if (reader.takes("ORDER", "BY")) parts.push(readOrder(reader));
  else if (ordered) parts.push("ORDER BY NULL");
  const { key } = reader.peek();
  if (key === "ROWS" || key === "RANGE") {
    reader.next();
    reader.expect("BETWEEN");
    const start = readBound(reader);
    reader.expect("AND");
    parts.push(`${key} BETWEEN ${start} AND ${readBound(reader)}`);
  }
  if (!reader.takes(")")) refuseSpark(`a window with ${reader.peek().value}`);
  return `(${parts.join(" ")})`;
}

function readBound(reader: Reader): string {
  if (reader.takes("CURRENT", "ROW")) return "CURRENT ROW";
  const amount = reader.takes("UNBOUNDED")
    ? "UNBOUNDED"
    : readExpression(reader, operandPower - 1).sql;
  return `${amount} ${reader.next().key}`;
}
