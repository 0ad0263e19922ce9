import type { LineFormat } from "./catalog.ts";
import { codeCall, rowsGiven } from "./code-calls.ts";
import { castTo } from "./expression.ts";
import type { Resolved, Scope } from "./scope.ts";
import { refuse } from "./semantic-error.ts";
import type { TableRows } from "./table-functions.ts";
import type { Position, Transform, TransformFormat } from "./tree.ts";
import { string } from "./type-rules.ts";

/** The rows of SELECT TRANSFORM: what a command makes of `given`, all of it as text. */
export function transformRows(
  transform: Transform,
  given: readonly Resolved[],
  scope: Scope,
): TableRows {
  const { at, resources } = transform;
  const { world, through, stored } = scope.environment;
  const command = {
    line: transform.command,
    input: lineFormat(transform.inputFormat, at),
    output: lineFormat(transform.outputFormat, at),
  };
  const found =
    through.length > 0 || stored ? undefined : world.catalog.findCommand(command, resources);
  if (!found) return refuse(at, "SELECT TRANSFORM stands in statements alone, not in views");
  world.uses.push({ function: found, through });
  const written: Transform["columns"] =
    transform.columns.length > 0 ? transform.columns : [named("key", at), named("value", at)];
  const meant = {
    ...{ signature: "", closes: true },
    parameters: given.map(() => string),
    results: written.map(() => string),
  };
  const made = codeCall(found, meant, scope, at);
  const uses = given.flatMap((value) => value.uses);
  const texts = given.map((value) => castTo(value, string, at).sql);
  const list = `CAST(json_array(${texts.join(", ")}) AS VARCHAR)`;
  const { columns, unnested } = rowsGiven({ made, uses }, list, scope, at);
  return {
    unnested,
    columns: columns.map((column, index) => {
      const { name, type = string } = written[index] ?? named(column.name, at);
      return { ...castTo(column, type, at), name: name.key };
    }),
  };
}

const named = (key: string, at: Position): Transform["columns"][number] => ({
  name: { text: key, key, at },
});

const betweenMax = 8;

/** As Hive has it where nothing is said: tabs, and `\\N` for NULL. */
function lineFormat(written: TransformFormat | undefined, at: Position): LineFormat {
  const said = new Map(written?.properties.map(({ key, value }) => [key, value]));
  const taken = (key: string, byDefault: string): string => {
    const value = said.get(key) ?? byDefault;
    said.delete(key);
    return value;
  };
  const between = taken("FIELDS TERMINATED BY", "\t");
  const format = {
    between,
    null: taken("NULL DEFINED AS", "\\N"),
    escape: taken("ESCAPED BY", ""),
  };
  const lines = taken("LINES TERMINATED BY", "\n");
  const [other] = said.keys();
  if (written?.serde !== undefined || other !== undefined) {
    return refuse(at, `TRANSFORM knows no ${other ?? "SERDE"}: fields are delimited`);
  }
  const fits = between.length >= 1 && between.length <= betweenMax && !between.includes("\n");
  if (!fits || lines !== "\n" || format.escape.length > 1 || format.null.includes("\n")) {
    return refuse(at, "TRANSFORM has fields between few characters, and a row on each line");
  }
  return format;
}
