import { nullOf, type Typed } from "../conversion.ts";
import { duckDbType } from "../duckdb-types.ts";
import { bigint, double, isInteger } from "../type-rules.ts";
import type { SqlType } from "../types.ts";
import { applied } from "./applied.ts";
import type { Building, FunctionRow } from "./row.ts";

const elementOf = (list: Typed | undefined): SqlType =>
  list?.type.kind === "array" ? list.type.element : { kind: "void" };

/** DuckDB carries a state only of the elements' own type: others go beside each element. */
function folded([list, initial, step]: readonly Typed[]): string {
  const [element, state] = [elementOf(list), initial?.type ?? double];
  const steps = `lambda odps_sum, odps_next: struct_pack(s := ${applied(step, "odps_sum.s", "odps_next.e")}, e := odps_next.e)`;
  const items = `list_transform(${list?.sql}, lambda odps_part: struct_pack(s := ${nullOf(state)}, e := odps_part))`;
  return `list_reduce(${items}, ${steps}, struct_pack(s := ${initial?.sql}, e := ${nullOf(element)})).s`;
}

const reduced = ([list, initial, step, last]: readonly Typed[]): string =>
  applied(last, folded([list, initial, step].filter((each) => each !== undefined)));

/** The elements over the p-th root of the sum of their p-th powers. */
function normalized([list, power]: readonly Typed[]): string {
  const [numbers, p] = [list?.sql ?? "NULL", power?.sql ?? "NULL"];
  const sum = `list_sum(list_transform(${numbers}, lambda odps_part: pow(abs(odps_part), ${p})))`;
  const whole = `list_transform(${numbers}, lambda odps_part: odps_part / pow(${sum}, 1 / ${p}))`;
  return `CASE WHEN list_count(${numbers}) < len(${numbers}) THEN NULL WHEN ${p} = 0 THEN ${numbers}
    WHEN ${p} < 0 THEN error('ARRAY_NORMALIZE takes no norm below 0') ELSE ${whole} END`;
}

const combinationsMax = 100_000;
const combinationMax = 5;

/** Each step puts every element behind the combinations of those before it. */
function combined([list, count]: readonly Typed[], building: Building): Typed {
  const size = Number(count?.literal);
  if (!Number.isInteger(size) || size < 1 || size > combinationMax)
    return building.refuse(`COMBINATIONS takes a constant number from 1 to ${combinationMax}`);
  const start = `[struct_pack(l := 0, r := CAST([] AS BIGINT[]))]`;
  const places = Array.from({ length: size }).reduce<string>(
    (before) =>
      `flatten(list_transform(${before}, lambda odps_before: list_transform(range(odps_before.l + 1, len(${list?.sql}) + 1),
        lambda odps_at: struct_pack(l := odps_at, r := list_append(odps_before.r, odps_at)))))`,
    start,
  );
  const element = elementOf(list);
  const many = Array.from({ length: size }, (_, at) => `(len(${list?.sql}) - ${at}) / ${at + 1}.0`);
  return {
    sql: `CASE WHEN ${many.join(" * ")} > ${combinationsMax} AND len(${list?.sql}) > ${size} THEN error('COMBINATIONS gives no more than ${combinationsMax}')
      WHEN ${list?.sql} IS NOT NULL THEN list_transform(${places}, lambda odps_found: list_transform(odps_found.r, lambda odps_at: ${list?.sql}[odps_at])) END`,
    type: { kind: "array", element: { kind: "array", element } },
  };
}

const grams = `CASE WHEN $2 <= 0 THEN error('NGRAMS takes a number above 0') WHEN $1 IS NULL OR $2 IS NULL THEN NULL
  WHEN $2 >= len($1) THEN [$1] ELSE list_transform(range(1, len($1) - $2 + 2), lambda odps_at: $1[odps_at:(odps_at + $2 - 1)]) END`;

const zippedMaps = ([left, right, step]: readonly Typed[]): string => {
  const keys = `odps_distinct(list_concat(map_keys(${left?.sql}), map_keys(${right?.sql})))`;
  const [first, second] = [left, right].map((map) => `map_extract_value(${map?.sql}, odps_key)`);
  const value = applied(step, "odps_key", first ?? "NULL", second ?? "NULL");
  return `CASE WHEN ${left?.sql} IS NOT NULL AND ${right?.sql} IS NOT NULL THEN
    map_from_entries(list_transform(${keys}, lambda odps_key: struct_pack(k := odps_key, v := ${value}))) END`;
};

/** The values of each key of a list of structs with `k` and `v`. */
const grouped = (entries: string): string =>
  `map_from_entries(list_transform(odps_distinct(list_transform(${entries}, lambda odps_part: odps_part.k)),
    lambda odps_key: struct_pack(k := odps_key, v := list_transform(
      list_filter(${entries}, lambda odps_part: odps_part.k = odps_key), lambda odps_part: odps_part.v))))`;

function multimap([list]: readonly Typed[], building: Building): Typed {
  const element = elementOf(list);
  const fields = element.kind === "struct" ? element.fields : [];
  const [key, value] = fields;
  if (!list || !key || !value || fields.length !== 2)
    return building.refuse("MULTIMAP_FROM_ENTRIES takes an array of structs of two fields");
  const [k, v] = [key, value].map(({ name }) => `struct_extract(odps_entry, '${name}')`);
  const entries = `list_transform(${list.sql}, lambda odps_entry: struct_pack(k := ${k}, v := ${v}))`;
  return {
    sql: `CASE WHEN list_contains(list_transform(${entries}, lambda odps_part: odps_part.k IS NULL), true)
      THEN error('MULTIMAP_FROM_ENTRIES takes no key that is NULL') ELSE ${grouped(entries)} END`,
    type: { kind: "map", key: key.type, value: { kind: "array", element: value.type } },
  };
}

/** All entries of the maps of a group, as structs with `k` and `v`. */
const allEntries = (map: string, places: string): string =>
  `list_transform(flatten(list(map_entries(${map}))${places}), lambda odps_part: struct_pack(k := odps_part.key, v := odps_part.value))`;

/** MAP_UNION_SUM: whole numbers give BIGINT, and a value that is NULL counts as 0. */
function summedMaps([map]: readonly Typed[], { marks, refuse }: Building): Typed {
  if (map?.type.kind !== "map") return refuse("MAP_UNION_SUM takes maps");
  const { key, value: given } = map.type;
  const value = isInteger(given) ? bigint : given.kind === "float" ? double : given;
  const entries = allEntries(map.sql, marks["W"] ?? "");
  const sum = `CAST(list_sum(list_transform(list_filter(odps_entries, lambda odps_part: odps_part.k = odps_key),
    lambda odps_part: coalesce(odps_part.v, 0))) AS ${duckDbType(value)})`;
  const whole = `map_from_entries(list_transform(odps_distinct(list_transform(odps_entries, lambda odps_part: odps_part.k)),
    lambda odps_key: struct_pack(k := odps_key, v := ${sum})))`;
  return {
    sql: `list_transform([${entries}], lambda odps_entries: ${whole})[1]`,
    type: { kind: "map", key, value },
  };
}

/** Functions of arrays and maps that take several steps of DuckDB's. */
export const nestedFunctions: readonly FunctionRow[] = [
  ["array_reduce(array<T>, U, (U, T) => U, (U) => V) -> V", reduced],
  ["array_normalize(array<double>, double) -> array<double>", normalized],
  ["combinations(array<T>, literal bigint) -> any", combined],
  ["ngrams(array<T>, bigint) -> array<array<T>>", grams],
  ["map_zip_with(map<K,V>, map<K,T>, (K, V, T) => U) -> map<K,U>", zippedMaps],
  ["multimap_from_entries(any) -> any", multimap],
  [
    "shuffle(array<T>) -> array<T>",
    `list_transform(list_sort(list_transform($1, lambda odps_part: struct_pack(r := random(), e := odps_part))),
      lambda odps_part: odps_part.e)`,
  ],
];

/** Aggregates that give maps. */
export const mapAggregates: readonly FunctionRow[] = [
  [
    "map_agg(K, V) -> map<K,V>",
    "map_from_entries(odps_last_entries(list(struct_pack(k := $1, v := $2))$W))",
  ],
  [
    "map_union(map<K,V>) -> map<K,V>",
    ([map], { marks }) =>
      `map_from_entries(odps_last_entries(${allEntries(map?.sql ?? "NULL", marks["W"] ?? "")}))`,
  ],
  ["map_union_sum(any) -> any", summedMaps],
  [
    "multimap_agg(K, V) -> map<K,array<V>>",
    ([key, value], { marks }) => {
      const entries = `list_filter(list(struct_pack(k := ${key?.sql}, v := ${value?.sql}))${marks["W"]}, lambda odps_part: odps_part.k IS NOT NULL)`;
      return `list_transform([${entries}], lambda odps_entries: ${grouped("odps_entries")})[1]`;
    },
  ],
];
