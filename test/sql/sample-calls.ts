import type { Pattern } from "../../src/sql/functions/signature.ts";
import { builtIns } from "../../src/sql/functions/table.ts";
import { typeText } from "../../src/sql/types.ts";

/** A value of each type, as MaxCompute writes it. */
const samples: Readonly<Record<string, string>> = {
  bigint: "2",
  int: "2",
  double: "0.5",
  string: "'a1'",
  boolean: "true",
  binary: "CAST('ab' AS binary)",
  date: "DATE '2024-02-29'",
  datetime: "DATETIME '2024-02-29 10:20:30'",
  json: "json_parse('{}')",
  "decimal(38,18)": "1.5BD",
  "array<double>": "array(0.1, 0.5)",
  "array<string>": "array('a', 'b')",
};
const letters: Readonly<Record<string, string>> = {
  N: "1.5",
  I: "7",
  T: "3",
  U: "4",
  K: "'k'",
  V: "5",
};

function sampleOf(pattern: Pattern): string {
  switch (pattern.kind) {
    case "any":
      return "3";
    case "letter":
      return letters[pattern.letter] ?? "1";
    case "array":
      return `array(${sampleOf(pattern.element)})`;
    case "map":
      return `map(${sampleOf(pattern.key)}, ${sampleOf(pattern.value)})`;
    case "lambda": {
      const names = pattern.parameters.map((_, index) => `x${index}`);
      const { result } = pattern;
      const isTest = result.kind === "type" && typeText(result.type) === "boolean";
      return `(${names.join(", ")}) -> ${isTest ? "x0 > 1" : names.join(" + ")}`;
    }
    default:
      return samples[typeText(pattern.type)] ?? "NULL";
  }
}

/** Calls whose arguments have to be more than any value of the type. */
const calls: Readonly<Record<string, string>> = {
  datepart: "datepart($, 'mm')",
  dateadd: "dateadd($, 1, 'mm')",
  datediff: "datediff($, $, 'mm')",
  datetrunc: "datetrunc($, 'mm')",
  trunc_time: "trunc_time($, 'month')",
  from_utc_timestamp: "from_utc_timestamp($, 'UTC')",
  to_utc_timestamp: "to_utc_timestamp($, 'UTC')",
  current_timestamp_ntz: "current_timestamp_ntz('UTC')",
  to_timestamp_ntz: "to_timestamp_ntz(2, 'MILLIS')",
  sha2: "sha2($, 256)",
  url_encode: "url_encode($)",
  url_decode: "url_decode($)",
  decode: "decode(encode('a', 'utf-16'), 'utf-16')",
  encode: "encode($, 'utf-16be')",
  from_charset: "from_charset($, 'utf-8')",
  from_json: "from_json('{\"a\":[1]}', 'a array<bigint>')",
  multimap_from_entries: "multimap_from_entries(map_entries(map('a', 1)))",
  map_union_sum: "map_union_sum(map('a', 1))",
  regexp_replace: "regexp_replace($, 'a', 'b', 0)",
  regexp_extract: "regexp_extract('ab', '(a)(b)', 2)",
  regexp_extract_all: "regexp_extract_all('ab', '(a)(b)', 2)",
  map: "map('a', 1)",
  named_struct: "named_struct('a', 1)",
  arrays_zip: "arrays_zip(array(1), array(2))",
  map_from_entries: "map_from_entries(map_entries(map('a', 1)))",
  transform: "size(transform(array(1), (x) -> x + 1))",
  json_object: "json_object('a', 1)",
  transform_keys: "transform_keys(map('a', 1), (k, v) -> k)",
  field: "field(named_struct('a', 1), 'a')",
  is_encoding: "is_encoding('a', 'utf-8', 'gbk')",
  decompress: "decompress(compress('a'))",
  sym_encrypt: "sym_encrypt($, cast('b75585cf321cdcad42451690cdb7bfc4' as binary))",
  sym_decrypt:
    "sym_decrypt(unbase64('frgJZAEAQMeEuHqpS8lK9VxQhgPYpZ317V+oUla/xEc='), cast('b75585cf321cdcad42451690cdb7bfc4' as binary))",
  failif: "failif(a > 9, 'words')",
  sample: "sample(4, 1, a)",
};

/** A call of each signature of the built-ins, as a query of one row. */
export const sampleCalls = [...builtIns].flatMap(([name, rows]) =>
  rows.map(({ signature, family }) => {
    const given = signature.parameters.map(({ pattern }) => sampleOf(pattern));
    const call = calls[name]?.replaceAll("$", given[0] ?? "") ?? `${name}(${given.join(", ")})`;
    const order = name === "cluster_sample" ? "" : "ORDER BY a";
    const over = family === "window" ? ` OVER (${order})` : "";
    const expression = `${call}${over}`;
    const sql = `SELECT ${expression} AS x FROM t LIMIT 1`;
    return { name, family, signature: signature.text, expression, sql };
  }),
);
