import { type Rows, resolveQuery, shapeRows } from "./query.ts";
import { quoteName } from "./quote.ts";
import { saidError } from "./said-error.ts";
import { type Environment, freshName, type NamedRows, type World } from "./scope.ts";
import { refuse } from "./semantic-error.ts";
import type { CommonTable, Position, Query } from "./tree.ts";
import { emptyTail } from "./tree-query.ts";

const roundsFlag = "odps.sql.rcte.max.iterate.num";
const roundsUsual = 10;
const roundsMax = 100;

/** How often a recursive table may go on; MaxCompute takes no more than its limit from a flag. */
function roundsOf({ catalog: { settings } }: World, at: Position): number {
  const told = settings.get(roundsFlag)?.trim() ?? String(roundsUsual);
  if (!/^[1-9]\d{0,8}$/.test(told)) return refuse(at, `${roundsFlag} is a whole number`);
  return Math.min(Number(told), roundsMax);
}

/** `first UNION ALL next`: the query with which a recursive table begins, and the one that goes on from its rows. */
function partsOf({ query }: CommonTable): { first: Query; next: Query } | undefined {
  const { body, at } = query;
  const ordered = query.orderBy.length + query.sortBy.length + query.clusterBy.length > 0;
  if (ordered || query.limit || query.offset) return undefined;
  if (body.kind !== "set-operation" || body.operator !== "union" || !body.all) return undefined;
  const inputs = body.inputs.slice(0, -1);
  const start = inputs.length > 1 ? { ...body, inputs } : inputs[0];
  const next = body.inputs.at(-1);
  const whole = { kind: "query", at, ...emptyTail, with: query.with } as const;
  return start && next && { first: { ...whole, body: start }, next: { ...whole, body: next } };
}

/**
 * The rows of a table of WITH RECURSIVE, undefined when it does not name itself. Each row has the number of its round: the
 * engine stops by itself where a query does not.
 */
export function recursiveRows(
  source: CommonTable,
  environment: Environment,
): NamedRows | undefined {
  const { world } = environment;
  const { name, columns: names } = source;
  const { at } = name;
  const parts = partsOf(source);
  if (!parts) return undefined;
  const begun = resolveQuery(parts.first, environment);
  if (names.length > 0 && names.length !== begun.columns.length) {
    const counts = `${names.length} columns are named, and the rows have ${begun.columns.length}`;
    return refuse(at, counts);
  }
  const own = freshName(world, "w", at);
  const columns = begun.columns.map((column, place) => ({
    ...column,
    name: names[place]?.key ?? column.name,
  }));
  const rows: NamedRows = { name: own, columns };
  const tables = new Map(environment.commonTables);
  tables.set(name.key, { source, environment, rows });
  const [relationsBefore, callsBefore] = [world.relations.length, world.calls.length];
  const found = resolveQuery(parts.next, { ...environment, commonTables: tables });
  const inside = world.relations.slice(relationsBefore);
  if (inside.some((relation) => "sql" in relation && relation.sql.includes(quoteName(own))))
    return refuse(at, `recursive table ${name.text} is named in a WITH or a view of its own query`);
  if (!found.sql.includes(quoteName(own))) return undefined;
  if (world.calls.length > callsBefore)
    return refuse(at, "functions of users in a recursive query are not built");
  const gone = shapedRows(found, rows, environment, at);
  const text = unionText(begun, gone, own, roundsOf(world, at));
  world.relations.push({ name: own, sql: text, recursive: true });
  const origins = (place: number) => found.columns[place]?.origins ?? [];
  return {
    name: own,
    columns: columns.map((column, place) => ({
      ...column,
      origins: [...column.origins, ...origins(place)],
    })),
  };
}

function shapedRows(found: Rows, { columns }: NamedRows, around: Environment, at: Position): Rows {
  if (found.columns.length === columns.length) return shapeRows(found, columns, around, at);
  const counts = `${columns.length} and ${found.columns.length}`;
  return refuse(at, `the queries of a recursive table have ${counts} columns`);
}

function unionText(begun: Rows, gone: Rows, own: string, rounds: number): string {
  const round = `(SELECT max("round") FROM "${own}")`;
  const words = `recursive-cte: exceed max iterate number ${rounds}`;
  const over = saidError("ODPS-0130071", `Semantic analysis exception - ${words}`);
  const counted = `CASE WHEN ${round} >= ${rounds} THEN ${over} ELSE ${round} + 1 END`;
  return `(SELECT q.*, 0 AS "round" FROM (${begun.sql}) AS q) UNION ALL (SELECT q.*, ${counted} AS "round" FROM (${gone.sql}) AS q)`;
}
