import type { Cursor } from "./cursor.ts";
import { ifNotExists } from "./parse-clauses.ts";
import { parseCreateTable } from "./parse-create-table.ts";
import { parseCreateView, parseMaterializedView } from "./parse-create-view.ts";
import { parseCreateFunction, parseCreateSqlFunction } from "./parse-function.ts";
import type { Position, Statement } from "./tree.ts";

/** What is read after CREATE, before the name of what is made. */
export interface Creation {
  readonly at: Position;
  readonly orReplace: boolean;
}

/** Reads what begins with CREATE. */
export function parseCreate(cursor: Cursor): Statement {
  const { at } = cursor.expect("CREATE");
  const orReplace = cursor.takeAll("OR", "REPLACE");
  const creation = { at, orReplace };
  const external = cursor.take("EXTERNAL");
  if (cursor.take("TABLE")) return parseCreateTable(cursor, creation, external);
  if (external) cursor.fail('"TABLE"');
  if (cursor.take("VIEW")) return parseCreateView(cursor, creation);
  if (cursor.takeAll("MATERIALIZED", "VIEW")) return parseMaterializedView(cursor, creation);
  if (cursor.takeAll("SQL", "FUNCTION")) return parseCreateSqlFunction(cursor, creation, false);
  const temporary = cursor.take("TEMPORARY");
  if (cursor.take("FUNCTION")) return parseCreateFunction(cursor, creation, temporary);
  if (temporary) cursor.fail('"FUNCTION"');
  if (orReplace || !cursor.take("SCHEMA")) return cursor.fail();
  const unlessThere = ifNotExists(cursor);
  const schema = cursor.objectName("a schema");
  const comment = cursor.take("COMMENT") ? cursor.string() : undefined;
  return {
    kind: "create-schema",
    at,
    schema,
    ifNotExists: unlessThere,
    ...(comment !== undefined && { comment }),
  };
}
