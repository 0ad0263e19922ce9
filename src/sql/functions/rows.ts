import { convert, type Typed } from "../conversion.ts";
import { quoteText } from "../quote.ts";
import { bigint, commonType, string, voidType } from "../type-rules.ts";
import type { SqlType } from "../types.ts";
import { jsonPath } from "./json.ts";
import type { Building } from "./row.ts";

/** The columns of a call that gives rows; `unnest` in several columns runs in step. */
export type BuildRows = (
  given: readonly Typed[],
  building: Building,
) => readonly (Typed & { readonly name: string })[];

const explode: BuildRows = ([value], building) => {
  if (value?.type.kind === "array") {
    return [{ name: "col", sql: `unnest(${value.sql})`, type: value.type.element }];
  }
  if (value?.type.kind !== "map") return building.refuse("EXPLODE takes an array or a map");
  return [
    { name: "key", sql: `unnest(map_keys(${value.sql}))`, type: value.type.key },
    { name: "value", sql: `unnest(map_values(${value.sql}))`, type: value.type.value },
  ];
};

const positions: BuildRows = ([value], building) => {
  if (value?.type.kind !== "array") return building.refuse("POSEXPLODE takes an array");
  return [
    { name: "pos", sql: `unnest(range(CAST(len(${value.sql}) AS BIGINT)))`, type: bigint },
    { name: "val", sql: `unnest(${value.sql})`, type: value.type.element },
  ];
};

const inline: BuildRows = ([value], building) => {
  const element = value?.type.kind === "array" ? value.type.element : undefined;
  if (!value || element?.kind !== "struct")
    return building.refuse("INLINE takes an array of structs");
  return element.fields.map(({ name, type }) => ({
    name,
    type,
    sql: `unnest(list_transform(${value.sql}, lambda odps_part: struct_extract(odps_part, ${quoteText(name)})))`,
  }));
};

const stack: BuildRows = ([count, ...values], building) => {
  const rows = Number(count?.literal);
  if (!Number.isInteger(rows) || rows < 1 || rows > 1000)
    return building.refuse("STACK takes a constant number of rows");
  const width = Math.ceil(values.length / rows);
  return Array.from({ length: width }, (_, column) => {
    const cells = Array.from({ length: rows }, (_, row) => values[row * width + column]);
    const type = cells.reduce<SqlType>(
      (common, cell) =>
        commonType(common, cell?.type ?? voidType) ??
        building.refuse("a column of STACK has no common type"),
      voidType,
    );
    const texts = cells.map((cell) => (cell && convert(cell, type)?.sql) ?? "NULL");
    return { name: `col${column}`, sql: `unnest([${texts.join(", ")}])`, type };
  });
};

const jsonTuple: BuildRows = ([json, ...names], building) => {
  const text = json && convert(json, string);
  if (!text || names.length === 0) return building.refuse("JSON_TUPLE takes a JSON text and names");
  return names.map((name, index) => {
    if (typeof name.literal !== "string") return building.refuse("JSON_TUPLE takes constant names");
    const path = jsonPath(name.literal.startsWith("[") ? `$${name.literal}` : `$.${name.literal}`);
    return {
      name: `c${index}`,
      sql: `odps_json_path(${text.sql}, ${quoteText(path)})`,
      type: string,
    };
  });
};

const urlTuple: BuildRows = ([url, ...parts], building) => {
  const text = url && convert(url, string);
  if (!text || parts.length === 0) return building.refuse("PARSE_URL_TUPLE takes a URL and parts");
  return parts.map((part, index) => {
    if (typeof part.literal !== "string")
      return building.refuse("PARSE_URL_TUPLE takes constant parts");
    const [whole, key] = part.literal.split(/:(.*)/s);
    const sql =
      key === undefined || key === ""
        ? `odps_parse_url(${text.sql}, ${quoteText(whole ?? "")})`
        : `odps_query_value(${text.sql}, ${quoteText(key)})`;
    return { name: `c${index}`, sql, type: string };
  });
};

const keyValues: BuildRows = ([text, items, pair, ...keys], building) => {
  if (!text || !items || !pair || keys.length === 0)
    return building.refuse("KEYVALUE_TUPLE takes a text, two separators and keys");
  const [given, ...separators] = [text, items, pair].map((each) => convert(each, string)?.sql);
  return keys.map((key, index) => ({
    name: `c${index}`,
    sql: `odps_key_value(${given}, ${separators.join(", ")}, ${convert(key, string)?.sql})`,
    type: string,
  }));
};

/** TRANS_COLS(keys, key.., columns..): each column becomes a row, with its place and the keys. */
const transColumns: BuildRows = ([count, ...values], building) => {
  const keys = Number(count?.literal);
  if (!Number.isInteger(keys) || keys < 0 || keys > values.length)
    return building.refuse(
      "TRANS_COLS takes a constant number of keys, and no more than are there",
    );
  const columns = values.slice(keys);
  const type = columns.reduce<SqlType>(
    (common, column) =>
      commonType(common, column.type) ?? building.refuse("the columns have no common type"),
    voidType,
  );
  const cells = columns.map((column) => convert(column, type)?.sql ?? "NULL");
  const places = `unnest(range(1, ${Math.max(columns.length, 1) + 1}))`;
  return [
    { name: "idx", sql: places, type: bigint },
    ...values.slice(0, keys).map((key, index) => ({ name: `c${index}`, ...key })),
    ...(cells.length > 0 ? [{ name: "value", sql: `unnest([${cells.join(", ")}])`, type }] : []),
  ];
};

/** TRANS_ARRAY(keys, separator, key.., texts..): each text's parts become rows, beside the keys. */
const transArray: BuildRows = ([count, separator, ...columns], building) => {
  const keys = Number(count?.literal);
  if (!Number.isInteger(keys) || typeof separator?.literal !== "string") {
    return building.refuse("TRANS_ARRAY takes a constant number of keys and a constant separator");
  }
  return columns.map((column, index) => {
    if (index < keys) return { name: `c${index}`, sql: column.sql, type: column.type };
    const text = convert(column, string) ?? building.refuse("TRANS_ARRAY splits texts");
    return {
      name: `c${index}`,
      sql: `unnest(string_split(${text.sql}, ${separator.sql}))`,
      type: string,
    };
  });
};

/** Functions whose call is many rows, by name. */
export const rowFunctions: ReadonlyMap<string, BuildRows> = new Map([
  ["explode", explode],
  ["posexplode", positions],
  ["inline", inline],
  ["stack", stack],
  ["json_tuple", jsonTuple],
  ["parse_url_tuple", urlTuple],
  ["trans_array", transArray],
  ["trans_cols", transColumns],
  ["keyvalue_tuple", keyValues],
]);
