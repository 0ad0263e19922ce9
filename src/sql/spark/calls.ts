import { macros } from "../prelude.ts";
import { readExpression } from "./expressions.ts";
import { aggregates, type SparkText, scalars, windows } from "./functions.ts";
import { readOrder, readWindow } from "./queries.ts";
import {
  checkLength,
  freshSparkName,
  openReader,
  type Reader,
  refuseSpark,
  sparkText,
  type Words,
} from "./reader.ts";

/** Whether a lambda comes next. */
export const isLambda = (reader: Reader): boolean =>
  reader.peek().value === "lambda" && reader.peek(1).kind === "word";

/** A lambda; its parameters get names that nothing else has. `counted`: the second is a place, from 1 here, from 0 in Spark. */
export function readLambda(reader: Reader, counted = false): Words {
  reader.next();
  const meanings = new Map(reader.meanings);
  const names: string[] = [];
  do {
    const name = freshSparkName(reader.names);
    const isPlace = counted && names.length === 1;
    meanings.set(reader.next().value, { sql: isPlace ? `(${name} + 1)` : name });
    names.push(name);
  } while (reader.takes(","));
  reader.expect(":");
  const head = names.length === 1 ? names[0] : `(${names.join(", ")})`;
  return { sql: `${head} -> ${readExpression(reader.meaning(meanings)).sql}` };
}

interface Arguments {
  readonly values: readonly Words[];
  /** Names of a struct's fields. */
  readonly fields: readonly string[];
  readonly distinct: string;
  readonly order: string;
  readonly ignoreNulls: string;
}

function readArguments(reader: Reader, name: string): Arguments {
  reader.expect("(");
  const distinct = reader.takes("DISTINCT") ? "DISTINCT " : "";
  const [values, fields]: [Words[], string[]] = [[], []];
  while (reader.peek().key !== ")") {
    if (reader.peek(1).key === ":=") {
      fields.push(reader.next().value);
      reader.next();
    }
    if (reader.takes("*")) values.push({ sql: "*" });
    else if (isLambda(reader)) values.push(readLambda(reader, name !== "list_reduce"));
    else values.push(readExpression(reader));
    if (!reader.takes(",")) break;
  }
  const order = reader.takes("ORDER", "BY") ? readOrder(reader) : "";
  const ignoreNulls = reader.takes("IGNORE", "NULLS") ? " IGNORE NULLS" : "";
  reader.expect(")");
  return { values, fields, distinct, order, ignoreNulls };
}

/** A call: a row of the tables in Spark's words, or a macro of ours, written out. */
export function readCall(reader: Reader, trying = ""): Words {
  const name = reader.next().value.toLowerCase();
  if (name === "try" && trying === "") {
    reader.expect("(");
    const isCall = reader.peek(1).key === "(" && !reader.peek().key.endsWith("CAST");
    if (!isCall) return refuseSpark("TRY of an expression");
    const tried = readCall(reader, "try ");
    return reader.takes(")") ? tried : refuseSpark("TRY of an expression");
  }
  const given = readArguments(reader, name);
  const key = `${trying}${name}`;
  const sql =
    name === "struct_pack"
      ? structOf(given)
      : (clausedCall(reader, key, given) ?? scalarCall(reader, key, given));
  const words = { sql };
  checkLength(words);
  return words;
}

const structOf = ({ values, fields }: Arguments): string =>
  `named_struct(${values.map(({ sql }, index) => `${sparkText(fields[index] ?? "")}, ${sql}`).join(", ")})`;

/** The row for a name, or for a name with so many arguments. */
function rowOf(
  table: ReadonlyMap<string, SparkText>,
  name: string,
  count: number,
): SparkText | undefined {
  return table.get(`${name}/${count}`) ?? table.get(name);
}

/** An aggregate or a window function, with the clauses that stand behind it. */
function clausedCall(reader: Reader, name: string, given: Arguments): string | undefined {
  const count = given.values.length;
  const ranking = rowOf(windows, name, count);
  const row = rowOf(aggregates, name, count) ?? ranking;
  if (!row) return undefined;
  const call = fill(row, name, given, reader);
  let filter = "";
  if (reader.takes("FILTER", "(", "WHERE")) {
    filter = ` FILTER (WHERE ${readExpression(reader).sql})`;
    reader.expect(")");
  }
  const over = reader.takes("OVER") ? ` OVER ${readWindow(reader, ranking !== undefined)}` : "";
  return `${call}${given.ignoreNulls}${filter}${over}`;
}

function scalarCall(reader: Reader, name: string, given: Arguments): string {
  const { values, distinct, ignoreNulls } = given;
  if (distinct || ignoreNulls) refuseSpark(`function ${name} with such a clause`);
  const row = rowOf(scalars, name, values.length);
  if (row) return fill(row, name, given, reader);
  const macro = macros.find(([head]) => head.startsWith(`${name}(`));
  if (!macro) return refuseSpark(`function ${name} with ${values.length} arguments`);
  const [head, body] = macro;
  const parameters = head.slice(name.length + 1, -1).split(", ");
  const meanings = new Map(
    parameters.map((each, index) => [each, values[index] ?? { sql: "NULL" }]),
  );
  return `(${readExpression(openReader(body, reader.names, meanings)).sql})`;
}

/** A row's text with its arguments; `#a` are names that the text needs for itself. */
function fill(row: SparkText, name: string, given: Arguments, { names }: Reader): string {
  const { values, distinct, order } = given;
  if (typeof row !== "string") {
    const refuse = (what: string) => refuseSpark(`function ${name} with ${what}`);
    return row(values, { order, distinct, refuse });
  }
  if (order) refuseSpark(`function ${name} with ORDER BY`);
  if (distinct && !row.includes("$D")) refuseSpark(`function ${name} with DISTINCT`);
  const own = new Map<string, string>();
  return row.replace(/\$(?:(\d)|(\*)|D)|#([a-z])/g, (_, digit, all, letter) => {
    if (digit) return values[Number(digit) - 1]?.sql ?? "NULL";
    if (all) return values.map(({ sql }) => sql).join(", ");
    if (!letter) return distinct;
    const fresh = own.get(letter) ?? freshSparkName(names);
    own.set(letter, fresh);
    return fresh;
  });
}
