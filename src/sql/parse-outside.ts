import type { Cursor } from "./cursor.ts";
import { optionalPartition, parsePartition, parseProperties } from "./parse-clauses.ts";
import { parseQuery } from "./parse-query.ts";
import type { Load, OutsidePlace, Unload } from "./tree.ts";

/** LOAD OVERWRITE|INTO TABLE t [PARTITION (..)] FROM LOCATION '..' and the form of what lies there. */
export function parseLoad(cursor: Cursor): Load {
  const { at } = cursor.expect("LOAD");
  const mode = cursor.take("OVERWRITE") ? "overwrite" : "into";
  if (mode === "into" && !cursor.take("INTO")) cursor.fail('"INTO"', '"OVERWRITE"');
  cursor.expect("TABLE");
  const table = cursor.objectName("a table");
  const partition = cursor.is("PARTITION") ? parsePartition(cursor, true) : undefined;
  cursor.expect("FROM");
  const place = parsePlace(cursor);
  return {
    ...{ kind: "load", at, mode, table, ifNotExists: false, columns: [] },
    ...(partition && { partition }),
    ...place,
  };
}

/** UNLOAD FROM (query)|table INTO LOCATION '..' and the form of what is written there. */
export function parseUnload(cursor: Cursor): Unload {
  const { at } = cursor.expect("UNLOAD");
  cursor.expect("FROM");
  const source = parseUnloadSource(cursor);
  cursor.expect("INTO");
  return { kind: "unload", at, source, ...parsePlace(cursor) };
}

function parsePlace(cursor: Cursor): OutsidePlace {
  cursor.expect("LOCATION");
  const location = cursor.string("a location");
  const storedBy = cursor.takeAll("STORED", "BY") ? cursor.string() : undefined;
  const serde = cursor.takeAll("ROW", "FORMAT", "SERDE") ? cursor.string() : undefined;
  const serdeProperties = cursor.takeAll("WITH", "SERDEPROPERTIES") ? parseProperties(cursor) : [];
  const storedAs = cursor.takeAll("STORED", "AS") ? cursor.name("a format").text : undefined;
  const properties =
    cursor.take("PROPERTIES") || cursor.take("TBLPROPERTIES") ? parseProperties(cursor) : [];
  return {
    location,
    ...(storedBy !== undefined && { storedBy }),
    ...(storedAs !== undefined && { storedAs }),
    ...(serde !== undefined && { rowFormatSerde: serde }),
    serdeProperties,
    properties,
  };
}

function parseUnloadSource(cursor: Cursor): Unload["source"] {
  if (cursor.take("(")) {
    const query = parseQuery(cursor);
    cursor.expect(")");
    return query;
  }
  return { kind: "table", name: cursor.objectName("a table"), ...optionalPartition(cursor) };
}
