import { convert, nullOf, type Typed } from "../conversion.ts";
import { duckDbType } from "../duckdb-types.ts";
import { parseType } from "../parse-type.ts";
import { quoteName, quoteText } from "../quote.ts";
import { SqlError } from "../sql-error.ts";
import { isInstant, isInteger, isNumber, string } from "../type-rules.ts";
import type { SqlType, StructField } from "../types.ts";
import type { Building, FunctionRow } from "./row.ts";

/** A path in DuckDB's words, which has no `['name']`. */
export const jsonPath = (path: string): string =>
  path.replace(/\[(?:'([^']*)'|"([^"]*)")\]/g, (_, single, double) => {
    const name = String(single ?? double).replaceAll('"', '\\"');
    return `."${name}"`;
  });

/** DuckDB ends the statement at a path that it cannot read; here it finds nothing. */
const isPath = (path: string): boolean =>
  /^\$(?:\.(?:"(?:[^"\\]|\\.)*"|[^.[\]"*]+|\*)|\[(?:\d+|\*)\])*$/.test(path);

/** A path with a star gives a list, as JSON is written without blanks. */
function jsonObject([json, path]: readonly Typed[]): string {
  if (typeof path?.literal !== "string") return `odps_json_path(${json?.sql}, ${path?.sql})`;
  const read = jsonPath(path.literal);
  if (!isPath(read)) return "CAST(NULL AS VARCHAR)";
  const text = quoteText(read);
  if (json?.type.kind === "json") return `TRY(json_extract_string(${json.sql}, ${text}))`;
  return path.literal.includes("[*]")
    ? `CASE WHEN json_valid(${json?.sql}) THEN CAST(to_json(TRY(json_extract(${json?.sql}, ${text}))) AS VARCHAR) END`
    : `odps_json_path(${json?.sql}, ${text})`;
}

const hasStruct = (type: SqlType): boolean =>
  type.kind === "struct" ||
  (type.kind === "array" && hasStruct(type.element)) ||
  (type.kind === "map" && hasStruct(type.value));

/** A value as JSON. A struct's fields that are NULL are left out. `depth` keeps the names of lambdas apart. */
function jsonText(value: Typed, depth = 0): string {
  const { sql, type } = value;
  const name = `odps_json${depth}`;
  if (isInstant(type)) return `CAST(to_json(${convert(value, string)?.sql ?? sql}) AS VARCHAR)`;
  if (!hasStruct(type)) return `CAST(to_json(${sql}) AS VARCHAR)`;
  const inner = (text: string, of: SqlType) => jsonText({ sql: text, type: of }, depth + 1);
  if (type.kind === "array") {
    const element = `coalesce(${inner(name, type.element)}, 'null')`;
    return `('[' || array_to_string(list_transform(${sql}, lambda ${name}: ${element}), ',') || ']')`;
  }
  if (type.kind === "map") {
    const key = `CAST(to_json(CAST(${name}.key AS VARCHAR)) AS VARCHAR)`;
    const entry = `${key} || ':' || coalesce(${inner(`${name}.value`, type.value)}, 'null')`;
    return `('{' || array_to_string(list_transform(map_entries(${sql}), lambda ${name}: ${entry}), ',') || '}')`;
  }
  const fields = type.kind === "struct" ? type.fields : [];
  const texts = fields.map((field) => {
    const label = quoteText(`${JSON.stringify(field.name)}:`);
    return `${label} || ${inner(`struct_extract(${sql}, ${quoteText(field.name)})`, field.type)}`;
  });
  return `CASE WHEN ${sql} IS NOT NULL THEN '{' || array_to_string([${texts.join(", ")}], ',') || '}' END`;
}

const isKind = (json: string, kinds: string) => `json_type(${json}) IN (${kinds})`;

/** The names of a schema's fields as they are written: JSON tells large letters from small ones. */
type WrittenNames = ReadonlyMap<StructField, string>;

function writtenNames(schema: string, type: SqlType): WrittenNames {
  const names = [...schema.matchAll(/`([^`]*)`\s*:|(\w+)\s*:/g)].map(
    ([, quoted, plain]) => quoted ?? plain,
  );
  const found = new Map<StructField, string>();
  const walk = (each: SqlType): void => {
    if (each.kind === "array") walk(each.element);
    if (each.kind === "map") walk(each.value);
    if (each.kind !== "struct") return;
    for (const field of each.fields) {
      found.set(field, names[found.size] ?? field.name);
      walk(field.type);
    }
  };
  walk(type);
  return found;
}

/** A member of an object in DuckDB's words: by its name, or else by one that differs from it in case alone. */
export function jsonMember(json: string, name: string): string {
  const other = `list_filter(json_keys(${json}), lambda k: lower(k) = ${quoteText(name)})[1]`;
  const path = `'$."' || replace(${other}, '"', '\\"') || '"'`;
  return `coalesce(json_extract(${json}, ${quoteText(`$.${JSON.stringify(name)}`)}), json_extract(${json}, ${path}))`;
}

/** A JSON value as a type, as `FROM_JSON` reads it, with names of fields in either case. */
export const valueOfJson = (json: string, type: SqlType): string =>
  readJson(json, type, "either case");

/** A JSON value as a type; NULL where it is of no kind that becomes that type. */
function readJson(
  json: string,
  type: SqlType,
  names: WrittenNames | "either case",
  depth = 0,
): string {
  const name = `odps_json${depth}`;
  const text = `json_extract_string(${json}, '$')`;
  if (type.kind === "array") {
    const element = readJson(name, type.element, names, depth + 1);
    const kept = `lambda ${name}: ${isKind(name, "'NULL'")} OR ${element} IS NOT NULL`;
    return `CASE WHEN ${isKind(json, "'ARRAY'")} THEN list_transform(list_filter(CAST(json_extract(${json}, '$[*]') AS JSON[]), ${kept}), lambda ${name}: ${element}) END`;
  }
  if (type.kind === "map") {
    const at = `json_extract(${json}, '$."' || replace(${name}, '"', '\\"') || '"')`;
    const value = readJson(at, type.value, names, depth + 1);
    const key = convert({ sql: name, type: string }, type.key)?.sql ?? "NULL";
    const kept = `lambda ${name}: ${key} IS NOT NULL AND (${isKind(at, "'NULL'")} OR ${value} IS NOT NULL)`;
    const entry = `struct_pack(k := ${key}, v := ${value})`;
    return `CASE WHEN ${isKind(json, "'OBJECT'")} THEN map_from_entries(list_transform(list_filter(json_keys(${json}), ${kept}), lambda ${name}: ${entry})) END`;
  }
  if (type.kind === "struct" && names === "either case") {
    const fields = type.fields.map(
      (field) =>
        `${quoteName(field.name)} := ${readJson(jsonMember(name, field.name), field.type, names, depth + 1)}`,
    );
    // A lambda names the object, which each field looks at several times.
    const made = `CASE WHEN ${isKind(name, "'OBJECT'")} THEN struct_pack(${fields.join(", ")}) END`;
    return `list_transform([${json}], lambda ${name}: ${made})[1]`;
  }
  if (type.kind === "struct" && names !== "either case") {
    const fields = type.fields.map((field) => {
      const at = `json_extract(${json}, ${quoteText(`$.${JSON.stringify(names.get(field) ?? field.name)}`)})`;
      return `${quoteName(field.name)} := ${readJson(at, field.type, names, depth + 1)}`;
    });
    return `CASE WHEN ${isKind(json, "'OBJECT'")} THEN struct_pack(${fields.join(", ")}) END`;
  }
  if (type.kind === "string") return text;
  const kinds = isNumber(type)
    ? isInteger(type)
      ? "'BIGINT', 'UBIGINT'"
      : "'BIGINT', 'UBIGINT', 'DOUBLE'"
    : type.kind === "boolean"
      ? "'BOOLEAN'"
      : "'VARCHAR'";
  const value =
    type.kind === "boolean" || isNumber(type)
      ? `TRY_CAST(${text} AS ${duckDbType(type)})`
      : convert({ sql: text, type: string }, type)?.sql;
  return `CASE WHEN ${isKind(json, kinds)} THEN ${value ?? nullOf(type)} END`;
}

/** FROM_JSON(text, schema); the schema is a type, or the fields of a struct as a table's columns are written. */
function fromJson([json, schema]: readonly Typed[], building: Building): Typed {
  const text = String(schema?.literal).trim();
  const columns = text.replace(/(^|,)\s*([\w`]+)\s+(?=[a-z])/gi, "$1$2:");
  const isType = /^(?:array|map|struct)\s*</i.test(text);
  try {
    const written = isType ? text : `struct<${columns}>`;
    const type = parseType(written);
    const names = writtenNames(written, type);
    return { sql: readJson(`TRY_CAST(${json?.sql} AS JSON)`, type, names), type };
  } catch (error) {
    if (!(error instanceof SqlError)) throw error;
    return building.refuse(`'${text}' is no schema of FROM_JSON`);
  }
}

/** Functions of JSON. */
export const jsonFunctions: readonly FunctionRow[] = [
  ["get_json_object(string, string) -> string", jsonObject],
  ["get_json_object(json, literal string) -> string", jsonObject],
  ["get_json_object(json, string) -> string", "TRY(json_extract_string($1, $2))"],
  ["from_json(string, literal string) -> any", fromJson],
  ["to_json(any) -> string", ([value]) => (value ? jsonText(value) : "NULL")],
  ["json_parse(string) -> json", "TRY_CAST($1 AS JSON)"],
  ["json_format(json) -> string", "CAST($1 AS VARCHAR)"],
  ["json_valid(string) -> boolean", "json_valid($1)"],
  ["json_pretty(json) -> string", "json_pretty($1)"],
  ["json_extract(json, string) -> json", "TRY(json_extract($1, $2))"],
  ["json_exists(json, string) -> boolean", "TRY(json_exists($1, $2))"],
  [
    "json_type(json) -> string",
    `CASE json_type($1) WHEN 'VARCHAR' THEN 'string' WHEN 'UBIGINT' THEN 'number' WHEN 'BIGINT' THEN 'number'
      WHEN 'DOUBLE' THEN 'number' ELSE lower(json_type($1)) END`,
  ],
  ["json_array(any...) -> json", "json_array($*)"],
  ["json_object(any...) -> json", "json_object($*)"],
];
