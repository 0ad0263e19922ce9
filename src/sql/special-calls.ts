import { fullName } from "./catalog.ts";
import { resolveCondition, resolveExpression } from "./expression.ts";
import { groupingOf } from "./names.ts";
import { quoteText } from "./quote.ts";
import type { Resolved, Scope } from "./scope.ts";
import { refuse } from "./semantic-error.ts";
import { meantNames, openTable } from "./tables.ts";
import type { CallExpression, Name, ObjectName, Position } from "./tree.ts";
import { bigint, boolean, string } from "./type-rules.ts";
import { overText } from "./windows.ts";

type Special = (call: CallExpression, scope: Scope) => Resolved;

/** COUNT(*), COUNT(a, b): a row counts when none of its values is NULL. */
const count: Special = (call, scope) => {
  const { over, distinct } = call;
  if (!over && scope.noAggregates) {
    return refuse(call.at, `aggregate function COUNT cannot be used in ${scope.noAggregates}`);
  }
  const inner: Scope = over
    ? scope
    : { ...scope, keys: new Set(), noAggregates: "another aggregate" };
  const star = call.arguments.length === 1 && call.arguments[0]?.kind === "star";
  const values = star ? [] : call.arguments.map((argument) => resolveExpression(argument, inner));
  if (!star && values.length === 0) return refuse(call.at, "COUNT takes a column or *");
  if (star && distinct)
    return refuse(call.at, "COUNT(DISTINCT *) is not supported; name the columns");
  const texts = values.map(({ sql }) => sql);
  const whole = texts.map((sql) => `${sql} IS NOT NULL`).join(" AND ");
  const counted =
    texts.length > 1 ? `CASE WHEN ${whole} THEN row(${texts.join(", ")}) END` : (texts[0] ?? "*");
  const filter = call.filter && resolveCondition(call.filter, inner, "FILTER");
  const window = over && overText(over, scope, "count");
  const sql = `count(${distinct ? "DISTINCT " : ""}${counted})${filter ? ` FILTER (WHERE ${filter.sql})` : ""}${window ? ` OVER (${window.sql})` : ""}`;
  if (!over) scope.met.aggregate = true;
  const uses = [...values, filter ?? [], window ?? []].flat().flatMap((part) => part.uses);
  return { sql, type: bigint, uses: over ? uses : uses.filter((use) => use.of !== scope.sources) };
};

/** The arguments of a call that takes constant texts alone. */
function texts(call: CallExpression, scope: Scope, least: number, most: number): readonly string[] {
  const values = call.arguments.map((argument) => resolveExpression(argument, scope).literal);
  const given = values.filter((value) => typeof value === "string");
  if (given.length === values.length && given.length >= least && given.length <= most) return given;
  return refuse(
    call.at,
    `${call.name.key.toUpperCase()} takes the name of a table as a constant text`,
  );
}

/** The name of a table that stands in a text. */
function writtenName(text: string, at: Position): ObjectName {
  const parts = text
    .split(".")
    .map((part): Name => ({ text: part, key: part.trim().toLowerCase(), at }));
  return parts.length > 3 ? refuse(at, `'${text}' is not the name of a table`) : { parts, at };
}

const truth = (holds: boolean): Resolved => ({ sql: String(holds), type: boolean, uses: [] });

/** TABLE_EXISTS('project.table'): of a table that is there one must be allowed to read. */
const tableExists: Special = (call, scope) => {
  const { environment } = scope;
  const [text = ""] = texts(call, scope, 1, 1);
  const name = writtenName(text, call.at);
  const found = meantNames(name, environment).some((meant) =>
    environment.world.catalog.findTable(meant),
  );
  if (found) openTable(name, environment, true).read.chosen = true;
  return truth(found);
};

const partitionsMax = 6;

/** PARTITION_EXISTS('table', values..): one value for each partition column, in their order. */
const partitionExists: Special = (call, scope) => {
  const { environment } = scope;
  const [text = "", ...values] = texts(call, scope, 2, partitionsMax + 1);
  const { table, read } = openTable(writtenName(text, call.at), environment, true);
  if (values.length !== table.partitionColumns.length) {
    return refuse(
      call.at,
      `table ${fullName(table)} has ${table.partitionColumns.length} partition columns`,
    );
  }
  for (const { name } of table.partitionColumns) read.columns.add(name);
  read.chosen = true;
  return truth(environment.world.catalog.hasPartition(table, values));
};

/** GET_USER_ID(): the account of who asks, also in a view. */
const userId: Special = (call, { environment }) => {
  if (call.arguments.length > 0) return refuse(call.at, "GET_USER_ID takes nothing");
  return { sql: quoteText(environment.world.catalog.account), type: string, uses: [] };
};

/** MAX_PT('project.table'): the name is a text, and still a table that the statement reads. */
const maxPartition: Special = (call, scope) => {
  const { environment } = scope;
  const { at } = call;
  const [text = ""] = texts(call, scope, 1, 1);
  const { table, read } = openTable(writtenName(text, at), environment, true);
  const [column] = table.partitionColumns;
  if (!column) return refuse(at, `table ${fullName(table)} is not partitioned`);
  read.columns.add(column.name);
  read.chosen = true;
  const greatest = environment.world.catalog.maxPartition(table);
  if (greatest === undefined)
    return refuse(at, `table ${fullName(table)} has no partition with data`);
  return { sql: quoteText(greatest), type: string, uses: [], literal: greatest };
};

/** Which keys a row of grouping sets was made without. */
const grouping =
  (name: string): Special =>
  (call, scope) => {
    const values = call.arguments.map((argument) => resolveExpression(argument, scope));
    const keys = values.length > 0 ? values.map(({ sql }) => sql) : [...scope.keys];
    const unknown = values.findIndex(({ sql }) => !scope.keys.has(sql));
    if (unknown >= 0) return refuse(call.at, `${name} takes keys of GROUP BY`);
    if (keys.length === 0) return refuse(call.at, `${name} needs GROUP BY`);
    return groupingOf(keys, scope);
  };

/** Calls that need more than the types of their arguments. */
export const specialCalls: Readonly<Record<string, Special>> = {
  count,
  max_pt: maxPartition,
  table_exists: tableExists,
  partition_exists: partitionExists,
  get_user_id: userId,
  grouping: grouping("GROUPING"),
  grouping_id: grouping("GROUPING_ID"),
};
