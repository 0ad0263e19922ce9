import { quoteText } from "./quote.ts";
import type { Resolved, Scope, Source, SourceColumn } from "./scope.ts";
import { refuse } from "./semantic-error.ts";
import type { Name, NameExpression, Position } from "./tree.ts";
import { bigint } from "./type-rules.ts";

/** A field of a struct, or the value of a map's key. */
export function fieldOf(value: Resolved, field: Name): Resolved {
  if (value.type.kind !== "struct") {
    return refuse(field.at, `column ${field.text} cannot be resolved`);
  }
  const found = value.type.fields.find(({ name }) => name === field.key);
  if (!found) return refuse(field.at, `field ${field.text} cannot be resolved`);
  const sql = `struct_extract(${value.sql}, ${quoteText(found.name)})`;
  return { sql, type: found.type, uses: value.uses };
}

function used(column: SourceColumn, scope: Scope, at: Position): Resolved {
  column.touch?.();
  const { name, origins, sql, type } = column;
  return { sql, type, uses: [{ of: scope.sources, sql, name, at, origins }], origins };
}

/** How many leading parts of a name tell this source: its alias, or its table's full name. */
function qualifierLength(source: Source, parts: readonly Name[]): number {
  const [first, second, third] = parts.map(({ key }) => key);
  if (source.alias !== undefined && source.alias === first) return 1;
  const { table } = source;
  if (!table || source.alias !== table.name) return 0;
  if (first === table.project && second === table.name) return 2;
  if (first === table.schema && second === table.name) return 2;
  return first === table.project && second === table.schema && third === table.name ? 3 : 0;
}

function inSources(scope: Scope, expression: NameExpression): Resolved | undefined {
  const { parts, at } = expression;
  for (const source of scope.sources) {
    const length = qualifierLength(source, parts);
    const name = length > 0 ? parts[length] : undefined;
    if (!name) continue;
    const column = source.columns.find((column) => column.name === name.key);
    if (!column) continue;
    return parts.slice(length + 1).reduce(fieldOf, used(column, scope, at));
  }
  const [first, ...fields] = parts;
  if (!first) return undefined;
  const found = scope.sources.flatMap(({ columns }) =>
    columns.filter(({ name, hidden }) => name === first.key && !hidden),
  );
  if (found.length > 1) {
    return refuse(at, `column reference ${first.text} is ambiguous`);
  }
  return found[0] && fields.reduce(fieldOf, used(found[0], scope, at));
}

function inAliases(scope: Scope, { parts }: NameExpression): Resolved | undefined {
  const [first, ...fields] = parts;
  const found = first && scope.aliases.get(first.key);
  return found && fields.reduce(fieldOf, found);
}

/** Finds what a name stands for: a lambda's parameter, a column, an alias where those count; then further out. */
export function resolveName(expression: NameExpression, scope: Scope): Resolved {
  const [first, ...fields] = expression.parts;
  for (let around: Scope | undefined = scope; around; around = around.parent) {
    const frame = first && around.lambdas.findLast((parameters) => parameters.has(first.key));
    const parameter = first && frame?.get(first.key);
    if (parameter) return fields.reduce(fieldOf, { ...parameter, uses: [] });
    const ways = around.aliasesFirst ? [inAliases, inSources] : [inSources, inAliases];
    for (const way of ways) {
      const found =
        way === inSources ? inSources(around, expression) : inAliases(around, expression);
      if (found) return found;
    }
  }
  const parameter = first && scope.environment.parameters.get(first.key);
  if (parameter) return fields.reduce(fieldOf, parameter);
  const text = expression.parts.map(({ text }) => text).join(".");
  // Hive's name for GROUPING_ID of all keys.
  if (text.toLowerCase() === "grouping__id" && scope.keys.size > 0)
    return groupingOf([...scope.keys], scope);
  return refuse(expression.at, `column ${text} cannot be resolved`);
}

/** Which of these keys of GROUP BY a row was made without, a bit for each. */
export function groupingOf(keys: readonly string[], scope: Scope): Resolved {
  scope.met.aggregate = true;
  return { sql: `CAST(grouping(${keys.join(", ")}) AS BIGINT)`, type: bigint, uses: [] };
}
