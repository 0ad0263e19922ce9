import { isOn } from "../catalog.ts";
import { convert, type Typed } from "../conversion.ts";
import { quoteText } from "../quote.ts";
import { saidError } from "../said-error.ts";
import { commonType, comparedType, string, voidType } from "../type-rules.ts";
import { type SqlType, typeText } from "../types.ts";
import type { Building, FunctionRow } from "./row.ts";

/** DECODE(value, search, result, .., default): NULL finds NULL. */
function decode(given: readonly Typed[], building: Building): Typed {
  const [value, ...rest] = given;
  if (!value || rest.length < 2)
    return building.refuse("DECODE takes a value and pairs of a search and a result");
  const pairs = Math.floor(rest.length / 2);
  const results = rest.filter((_, index) => index % 2 === 1 || index === pairs * 2);
  const type = results.reduce<SqlType>(
    (common, { type }) =>
      commonType(common, type) ?? building.refuse("the results of DECODE have no common type"),
    voidType,
  );
  const result = (each: Typed | undefined) => (each && convert(each, type)?.sql) ?? "NULL";
  const whens = Array.from({ length: pairs }, (_, index) => {
    const search = rest[index * 2] ?? value;
    const compared = comparedType(value.type, search.type);
    if (!compared) return building.refuse("a search of DECODE cannot be compared with its value");
    const [left, right] = [value, search].map((each) => convert(each, compared)?.sql);
    return `WHEN ${left} IS NOT DISTINCT FROM ${right} THEN ${result(rest[index * 2 + 1])}`;
  });
  const other = rest.length % 2 === 1 ? ` ELSE ${result(rest.at(-1))}` : "";
  return { sql: `CASE ${whens.join(" ")}${other} END`, type };
}

/** Values in the one type in which all of them are compared: texts and numbers meet as doubles. */
function comparable(given: readonly Typed[], building: Building) {
  const type = given.reduce<SqlType>(
    (common, { type }) =>
      comparedType(common, type) ?? building.refuse("the values cannot be compared"),
    voidType,
  );
  return { type, texts: given.map((each) => convert(each, type)?.sql ?? each.sql) };
}

/** NULL is the least value: the least of all is NULL, and the greatest is not. */
const extreme =
  (name: "greatest" | "least") =>
  (given: readonly Typed[], building: Building): Typed => {
    const { type, texts } = comparable(given, building);
    const sql = `${name}(${texts.join(", ")})`;
    if (name === "greatest" && !isOn(building, "odps.sql.hive.compatible")) return { sql, type };
    return {
      sql: `CASE WHEN ${texts.map((text) => `${text} IS NOT NULL`).join(" AND ")} THEN ${sql} END`,
      type,
    };
  };

function ordinal([place, ...values]: readonly Typed[], building: Building): Typed {
  const { type, texts } = comparable(values, building);
  return { sql: `list_sort([${texts.join(", ")}], 'ASC', 'NULLS FIRST')[${place?.sql}]`, type };
}

/** FAILIF(condition, words): only words that stand in the statement are told, for others could be values. */
const failIf = ([condition, words]: readonly Typed[]): string =>
  `CASE WHEN ${condition?.sql} THEN ${saidError("ODPS-0121095", `Invalid argument - ${String(words?.literal)}`)} ELSE true END`;

/** Functions that choose, compare and tell about values. */
export const otherFunctions: readonly FunctionRow[] = [
  ["if(boolean, T, T) -> T", "CASE WHEN $1 THEN $2 ELSE $3 END"],
  ["coalesce(T...) -> T", "coalesce($*)"],
  ["nvl(T, T) -> T", "coalesce($1, $2)"],
  ["nvl2(any, T, T) -> T", "CASE WHEN $1 IS NOT NULL THEN $2 ELSE $3 END"],
  ["nullif(T, T) -> T", "nullif($1, $2)"],
  ["isnull(any) -> boolean", "($1 IS NULL)"],
  ["isnotnull(any) -> boolean", "($1 IS NOT NULL)"],
  ["decode(any, any, any, any...) -> any", decode],
  ["greatest(any, any...) -> any", extreme("greatest")],
  ["least(any, any...) -> any", extreme("least")],
  ["ordinal(bigint, any...) -> any", ordinal],
  [
    "typeof(any) -> string",
    ([value]) => (value ? quoteText(typeText(value.type).toUpperCase()) : "NULL"),
  ],
  ["failif(boolean, literal string) -> boolean", failIf],
  ["uuid() -> string", "CAST(uuid() AS VARCHAR)"],
  ["unique_id() -> string", "CAST(uuid() AS VARCHAR)"],
  ["to_char(N) -> string", ([value]) => (value && convert(value, string)?.sql) ?? "NULL"],
];
