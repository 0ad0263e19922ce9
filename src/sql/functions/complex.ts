import type { Typed } from "../conversion.ts";
import { convert } from "../conversion.ts";
import { quoteName, quoteText } from "../quote.ts";
import { commonType, voidType } from "../type-rules.ts";
import type { SqlType } from "../types.ts";
import { applied } from "./applied.ts";
import type { Building, FunctionRow } from "./row.ts";

const asType = (value: Typed, type: SqlType): string => convert(value, type)?.sql ?? value.sql;

function commonOf(values: readonly Typed[], building: Building): SqlType {
  return values.reduce<SqlType>(
    (type, value) =>
      commonType(type, value.type) ?? building.refuse("the values have no common type"),
    voidType,
  );
}

function makeMap(given: readonly Typed[], building: Building): Typed {
  const [keys, values] = [
    given.filter((_, index) => index % 2 === 0),
    given.filter((_, index) => index % 2 === 1),
  ];
  if (keys.length !== values.length) return building.refuse("MAP takes pairs of a key and a value");
  const [key, value] = [commonOf(keys, building), commonOf(values, building)];
  const [left, right] = [
    keys.map((each) => asType(each, key)),
    values.map((each) => asType(each, value)),
  ];
  return {
    sql: `map([${left.join(", ")}], [${right.join(", ")}])`,
    type: { kind: "map", key, value },
  };
}

function makeStruct(given: readonly Typed[], building: Building): Typed {
  const fields = given.flatMap((name, index) => {
    const value = given[index + 1];
    if (index % 2 === 1) return [];
    if (typeof name.literal !== "string" || !value) {
      return building.refuse("NAMED_STRUCT takes pairs of a constant name and a value");
    }
    return [{ name: name.literal.toLowerCase(), value }];
  });
  return structOf(fields);
}

function structOf(fields: readonly { readonly name: string; readonly value: Typed }[]): Typed {
  const texts = fields.map(({ name, value }) => `${quoteName(name)} := ${value.sql}`);
  const type: SqlType = {
    kind: "struct",
    fields: fields.map(({ name, value }) => ({ name, type: value.type })),
  };
  return { sql: `struct_pack(${texts.join(", ")})`, type };
}

const entriesOf = (given: readonly Typed[]): Typed | string => {
  const [map] = given;
  if (map?.type.kind !== "map") return "NULL";
  const { key, value } = map.type;
  const element: SqlType = {
    kind: "struct",
    fields: [
      { name: "key", type: key },
      { name: "value", type: value },
    ],
  };
  return { sql: `map_entries(${map.sql})`, type: { kind: "array", element } };
};

const zipped = (given: readonly Typed[], building: Building): Typed => {
  const fields = given.map(({ type }, index) =>
    type.kind === "array"
      ? { name: `${index}`, type: type.element }
      : building.refuse("ARRAYS_ZIP takes arrays"),
  );
  return {
    sql: `list_zip(${given.map(({ sql }) => sql).join(", ")})`,
    type: { kind: "array", element: { kind: "struct", fields } },
  };
};

/**
 * An array in the order that a comparison of two says: each element's place is how many stand before it, those that are
 * equal in their own order.
 */
const sortedBy = ([list, lambda]: readonly Typed[]): string => {
  const compared = applied(lambda, "odps_left", "odps_right");
  const before = `list_transform([${compared}], lambda odps_told: odps_told < 0 OR (odps_told = 0 AND odps_i < odps_j))[1]`;
  const places = `list_transform(odps_all, lambda odps_right, odps_j: struct_pack(k := len(list_filter(list_transform(odps_all, lambda odps_left, odps_i: ${before}), lambda odps_one: odps_one)), j := odps_j))`;
  const sorted = `list_transform(list_sort(${places}), lambda odps_place: odps_all[odps_place.j])`;
  return `list_transform([${list?.sql}], lambda odps_all: CASE WHEN odps_all IS NOT NULL THEN ${sorted} END)[1]`;
};

const zippedWith = ([left, right, lambda]: readonly Typed[]): string =>
  `list_transform(list_zip(${left?.sql}, ${right?.sql}), lambda odps_pair: ${applied(lambda, "odps_pair[1]", "odps_pair[2]")})`;

const overEntries =
  (what: "filter" | "keys" | "values") =>
  ([map, lambda]: readonly Typed[]): string => {
    const call = applied(lambda, "odps_pair.key", "odps_pair.value");
    const entries = `map_entries(${map?.sql})`;
    if (what === "filter")
      return `map_from_entries(list_filter(${entries}, lambda odps_pair: ${call}))`;
    const [key, value] = what === "keys" ? [call, "odps_pair.value"] : ["odps_pair.key", call];
    return `map_from_entries(list_transform(${entries}, lambda odps_pair: struct_pack(k := ${key}, v := ${value})))`;
  };

/** DuckDB skips a list that is NULL; here the whole is NULL. */
function joinedLists(given: readonly Typed[]): string {
  const lists = given.map(({ sql }) => sql);
  const whole = lists.map((sql) => `${sql} IS NOT NULL`).join(" AND ");
  return `CASE WHEN ${whole} THEN ${lists.reduce((left, right) => `list_concat(${left}, ${right})`)} END`;
}

const fieldOf = ([whole, name]: readonly Typed[], building: Building): Typed => {
  const key = String(name?.literal).toLowerCase();
  const field =
    whole?.type.kind === "struct" && whole.type.fields.find((each) => each.name === key);
  if (!whole || !field)
    return building.refuse("FIELD takes a struct and the name of a field of it");
  return { sql: `struct_extract(${whole.sql}, ${quoteText(key)})`, type: field.type };
};

/** Functions of arrays, maps, structs and JSON; an array's places count from 0 in `[ ]` and from 1 in functions. */
export const complexFunctions: readonly FunctionRow[] = [
  ["array() -> array<string>", "CAST([] AS VARCHAR[])"],
  ["array(T...) -> array<T>", "[$*]"],
  ["map(any...) -> any", makeMap],
  ["named_struct(any...) -> any", makeStruct],
  [
    "struct(any...) -> any",
    (given) => structOf(given.map((value, index) => ({ name: `col${index + 1}`, value }))),
  ],
  ["size(array<T>) -> int", "CAST(coalesce(len($1), -1) AS INTEGER)"],
  ["size(map<K,V>) -> int", "CAST(coalesce(cardinality($1), -1) AS INTEGER)"],
  ["array_contains(array<T>, T) -> boolean", "list_contains($1, $2)"],
  ["array_distinct(array<T>) -> array<T>", "odps_distinct($1)"],
  [
    "array_except(array<T>, array<T>) -> array<T>",
    "odps_distinct(list_filter($1, lambda odps_part: NOT list_contains($2, odps_part)))",
  ],
  [
    "array_intersect(array<T>, array<T>) -> array<T>",
    "odps_distinct(list_filter($1, lambda odps_part: list_contains($2, odps_part)))",
  ],
  ["array_union(array<T>, array<T>) -> array<T>", "odps_distinct(list_concat($1, $2))"],
  ["array_join(array<string>, string) -> string", "array_to_string($1, $2)"],
  [
    "array_join(array<string>, string, string) -> string",
    "array_to_string(list_transform($1, lambda odps_part: coalesce(odps_part, $3)), $2)",
  ],
  ["array_max(array<T>) -> T", "list_max($1)"],
  ["array_min(array<T>) -> T", "list_min($1)"],
  [
    "array_position(array<T>, T) -> bigint",
    "CASE WHEN $1 IS NOT NULL AND $2 IS NOT NULL THEN CAST(coalesce(list_position($1, $2), 0) AS BIGINT) END",
  ],
  [
    "array_remove(array<T>, T) -> array<T>",
    "CASE WHEN $2 IS NOT NULL THEN list_filter($1, lambda odps_part: odps_part IS DISTINCT FROM $2) END",
  ],
  ["array_repeat(T, bigint) -> array<T>", "list_transform(range($2), lambda odps_part: $1)"],
  ["array_sort(array<T>) -> array<T>", "list_sort($1, 'ASC', 'NULLS LAST')"],
  ["array_sort(array<T>, (T, T) => bigint) -> array<T>", sortedBy],
  ["sort_array(array<T>) -> array<T>", "list_sort($1, 'ASC', 'NULLS FIRST')"],
  [
    "sort_array(array<T>, literal boolean) -> array<T>",
    ([list, ascending]) =>
      `list_sort(${list?.sql}, ${ascending?.literal === false ? "'DESC', 'NULLS LAST'" : "'ASC', 'NULLS FIRST'"})`,
  ],
  ["arrays_overlap(array<T>, array<T>) -> boolean", "odps_overlap($1, $2)"],
  ["arrays_zip(any...) -> any", zipped],
  ["flatten(array<array<T>>) -> array<T>", "flatten($1)"],
  ["concat(array<T>, array<T>...) -> array<T>", joinedLists],
  ["element_at(array<T>, bigint) -> T", "list_extract($1, $2)"],
  ["element_at(map<K,V>, K) -> V", "map_extract_value($1, $2)"],
  ["index(array<T>, bigint) -> T", "CASE WHEN $2 >= 0 THEN list_extract($1, $2 + 1) END"],
  ["index(map<K,V>, K) -> V", "map_extract_value($1, $2)"],
  [
    "slice(array<T>, bigint, bigint) -> array<T>",
    "CASE WHEN $2 > 0 THEN $1[$2:($2 + $3 - 1)] ELSE $1[(len($1) + $2 + 1):(len($1) + $2 + $3)] END",
  ],
  ["reverse(array<T>) -> array<T>", "list_reverse($1)"],
  [
    "sequence(bigint, bigint) -> array<bigint>",
    "generate_series($1, $2, CASE WHEN $1 <= $2 THEN 1 ELSE -1 END)",
  ],
  ["sequence(bigint, bigint, bigint) -> array<bigint>", "generate_series($1, $2, $3)"],
  ["transform(array<T>, (T) => U) -> array<U>", "list_transform($1, $2)"],
  ["filter(array<T>, (T) => boolean) -> array<T>", "list_filter($1, $2)"],
  ["any_match(array<T>, (T) => boolean) -> boolean", "list_bool_or(list_transform($1, $2))"],
  [
    "all_match(array<T>, (T) => boolean) -> boolean",
    "coalesce(list_bool_and(list_transform($1, $2)), $1 IS NOT NULL)",
  ],
  ["aggregate(array<T>, U, (U, T) => U) -> U", "list_reduce($1, $3, $2)"],
  ["zip_with(array<T>, array<U>, (T, U) => V) -> array<V>", zippedWith],
  ["map_filter(map<K,V>, (K, V) => boolean) -> map<K,V>", overEntries("filter")],
  ["transform_keys(map<K,V>, (K, V) => T) -> map<T,V>", overEntries("keys")],
  ["transform_values(map<K,V>, (K, V) => T) -> map<K,T>", overEntries("values")],
  ["field(any, literal string) -> any", fieldOf],
  ["map_keys(map<K,V>) -> array<K>", "map_keys($1)"],
  ["map_values(map<K,V>) -> array<V>", "map_values($1)"],
  ["map_entries(map<K,V>) -> any", entriesOf],
  ["map_from_arrays(array<K>, array<V>) -> map<K,V>", "map($1, $2)"],
  [
    "map_from_entries(any) -> any",
    ([list], building) => {
      const element = list?.type.kind === "array" ? list.type.element : undefined;
      const [key, value] = element?.kind === "struct" ? element.fields : [];
      if (!list || !key || !value)
        return building.refuse("MAP_FROM_ENTRIES takes an array of structs of two fields");
      return {
        sql: `map_from_entries(${list.sql})`,
        type: { kind: "map", key: key.type, value: value.type },
      };
    },
  ],
  ["map_concat(map<K,V>, map<K,V>...) -> map<K,V>", "map_concat($*)"],
  ["map_contains_key(map<K,V>, K) -> boolean", "list_contains(map_keys($1), $2)"],
  ["str_to_map(string) -> map<string,string>", strToMap("','", "'='")],
  ["str_to_map(string, string, string) -> map<string,string>", strToMap("$2", "$3")],
];

/** Both separators are patterns; the first of the second kind ends the key. */
function strToMap(items: string, pair: string): string {
  const key = `string_split_regex(odps_part, ${pair})[1]`;
  const value = `CASE WHEN regexp_matches(odps_part, ${pair}) THEN substr(odps_part, length(${key}) + length(regexp_extract(odps_part, ${pair})) + 1) END`;
  const parts = `list_transform(string_split_regex($1, ${items}), lambda odps_part: struct_pack(k := ${key}, v := ${value}))`;
  return `map_from_entries(odps_last_entries(${parts}))`;
}
