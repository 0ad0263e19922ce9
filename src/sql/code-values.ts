import { duckDbType } from "./duckdb-types.ts";
import { quoteName, quoteText } from "./quote.ts";
import type { SqlType } from "./types.ts";

/**
 * How values come to a user's code and back: as JSON, in which each type has one form. What JSON cannot tell apart
 * (doubles that are no numbers, bytes, moments in the session's zone) is text there.
 */

const momentForm = "'%Y-%m-%d %H:%M:%S.%f'";

/** The value of an expression in the form that JSON has for it. Undefined: the type does not go to code. */
export function intoJson(sql: string, type: SqlType): string | undefined {
  switch (type.kind) {
    case "float":
    case "double":
    case "decimal":
    case "json":
    case "date":
      return `CAST(${sql} AS VARCHAR)`;
    case "datetime":
    case "timestamp_ntz":
      return `strftime(CAST(${sql} AS TIMESTAMP), ${momentForm})`;
    case "timestamp":
      return `strftime(CAST(odps_timestamp_local(${sql}) AS TIMESTAMP), ${momentForm})`;
    case "binary":
      return `base64(${sql})`;
    case "void":
      return "NULL";
    case "array": {
      const element = intoJson("odps_item", type.element);
      return element && `list_transform(${sql}, lambda odps_item: ${element})`;
    }
    case "map": {
      const key = intoJson("odps_item.key", type.key);
      const value = intoJson("odps_item.value", type.value);
      if (!key || !value) return undefined;
      const entry = `struct_pack("key" := ${key}, "value" := ${value})`;
      return `list_transform(map_entries(${sql}), lambda odps_item: ${entry})`;
    }
    case "struct": {
      const fields = type.fields.map((field, at) => {
        const value = intoJson(`struct_extract(${sql}, ${quoteText(field.name)})`, field.type);
        return value && `"f${at}" := ${value}`;
      });
      if (fields.some((field) => field === undefined)) return undefined;
      return `CASE WHEN ${sql} IS NOT NULL THEN struct_pack(${fields.join(", ")}) END`;
    }
    default:
      return type.kind.startsWith("interval") ? undefined : sql;
  }
}

/** The same for a value that stands alone. A struct's fields are taken out of it one by one: it is calculated once. */
export function itemText(sql: string, type: SqlType): string | undefined {
  if (type.kind !== "struct") return intoJson(sql, type);
  const text = intoJson("odps_item", type);
  return text && `list_transform([${sql}], lambda odps_item: ${text})[1]`;
}

type Shape = string | readonly Shape[] | { readonly [name: string]: Shape };

/** What DuckDB is told to expect in JSON: text of the form that `from_json_strict` reads. */
export function jsonShape(type: SqlType): Shape {
  switch (type.kind) {
    case "array":
      return [jsonShape(type.element)];
    case "map":
      return [{ key: jsonShape(type.key), value: jsonShape(type.value) }];
    case "struct":
      return Object.fromEntries(type.fields.map((field, at) => [`f${at}`, jsonShape(field.type)]));
    case "tinyint":
    case "smallint":
    case "int":
    case "bigint":
    case "boolean":
      return duckDbType(type);
    default:
      return "VARCHAR";
  }
}

/** The other way round: a value of the type from what `jsonShape` gave. */
export function outOfJson(sql: string, type: SqlType): string {
  switch (type.kind) {
    case "char":
    case "varchar":
      return `left(${sql}, ${type.length})`;
    case "string":
    case "tinyint":
    case "smallint":
    case "int":
    case "bigint":
    case "boolean":
      return sql;
    case "datetime":
      return `CAST(CAST(${sql} AS TIMESTAMP) AS TIMESTAMPTZ)`;
    case "timestamp":
      return `odps_local_timestamp(CAST(${sql} AS TIMESTAMP_NS))`;
    case "binary":
      return `from_base64(${sql})`;
    case "array":
      return `list_transform(${sql}, lambda odps_item: ${outOfJson("odps_item", type.element)})`;
    case "map": {
      const key = outOfJson("odps_item.key", type.key);
      const value = outOfJson("odps_item.value", type.value);
      const entry = `struct_pack(k := ${key}, v := ${value})`;
      return `map_from_entries(list_transform(${sql}, lambda odps_item: ${entry}))`;
    }
    case "struct": {
      const fields = type.fields.map(
        (field, at) =>
          `${quoteName(field.name)} := ${outOfJson(`struct_extract(${sql}, 'f${at}')`, field.type)}`,
      );
      return `CASE WHEN ${sql} IS NOT NULL THEN struct_pack(${fields.join(", ")}) END`;
    }
    default:
      return `CAST(${sql} AS ${duckDbType(type)})`;
  }
}
