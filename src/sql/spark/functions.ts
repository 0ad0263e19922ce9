import { maskOf, unitText } from "./dates.ts";
import { sparkName, sparkText, type Words } from "./reader.ts";

/** What a builder of Spark's text is told of its call. */
export interface SparkCall {
  readonly order: string;
  readonly distinct: string;
  readonly refuse: (what: string) => never;
}

/** `$1` is the first argument, `$*` all of them, `$D` the place of DISTINCT, `#a` a name for the text itself. */
export type SparkText = string | ((given: readonly Words[], call: SparkCall) => string);

type Row = readonly [name: string, text: SparkText];

/** Functions that Spark has under the same name, with the same meaning. */
const same = (names: string): Row[] => names.split(" ").map((name) => [name, `${name}($*)`]);

const literalText = (value: Words | undefined, what: string, { refuse }: SparkCall): string =>
  typeof value?.literal === "string" ? value.literal : refuse(what);

const strings: readonly Row[] = [
  ...same(
    "lower upper reverse replace translate repeat left length ascii md5 substr instr bin hex",
  ),
  ...same("lpad rpad split_part contains greatest least coalesce nullif"),
  ["greatest/1", "$1"],
  ["least/1", "$1"],
  ["trim/1", "trim($1)"],
  ["ltrim/1", "ltrim($1)"],
  ["rtrim/1", "rtrim($1)"],
  ["trim/2", "TRIM(BOTH $2 FROM $1)"],
  ["ltrim/2", "TRIM(LEADING $2 FROM $1)"],
  ["rtrim/2", "TRIM(TRAILING $2 FROM $1)"],
  ["starts_with", "startswith($1, $2)"],
  ["strlen", "octet_length($1)"],
  ["levenshtein", "levenshtein($1, $2)"],
  ["octet_length", "octet_length($1)"],
  ["sha1", "sha1($1)"],
  ["sha256", "sha2($1, 256)"],
  ...[224, 384, 512].map(
    (bits): Row => [`odps_own_sha${bits}`, `CAST(sha2($1, ${bits}) AS BINARY)`],
  ),
  ["odps_own_encrypt", "aes_encrypt($1, $2, 'GCM', 'NONE', CAST('' AS BINARY), $3)"],
  ["odps_own_decrypt", "aes_decrypt($1, $2, 'GCM', 'NONE', $3)"],
  ["chr", ([code], call) => (code?.literal === 0 ? "chr(0)" : call.refuse("a code"))],
  ["to_base64", "base64($1)"],
  ["encode", "CAST($1 AS BINARY)"],
  ["try decode", "try_validate_utf8(CAST($1 AS STRING))"],
  ["try unhex", "try_to_binary($1, 'hex')"],
  ["from_hex", "unhex($1)"],
  ["url_encode", "url_encode($1)"],
  ["string_split", splitAt],
  ["string_split_regex", matching((text, pattern) => `split(${text}, ${pattern}, -1)`)],
  ["array_to_string", "array_join($1, $2)"],
  ["regexp_matches", matching((text, pattern) => `rlike(${text}, ${pattern})`)],
  [
    "regexp_full_match",
    matching((text, pattern) => `rlike(${text}, concat('\\\\A(?:', ${pattern}, ')\\\\z'))`),
  ],
  ...["regexp_extract", "regexp_extract_all"].map(
    (name): Row => [
      name,
      matching((text, pattern, group) => `${name}(${text}, ${pattern}, ${group ?? 0})`),
    ],
  ),
  ["regexp_replace/4", replaceAll],
  ["error", "raise_error($1)"],
  ["odps_crc32", "crc32($1)"],
  ["uuid", "uuid()"],
  // DuckDB has these in macros, to write values as Java does. Spark is Java.
  ["odps_number_text", "CAST($1 AS STRING)"],
  ["odps_datetime_text", "date_format($1, 'yyyy-MM-dd HH:mm:ss')"],
  ["odps_json_path", jsonPath],
];

/** RE2 and Java read most patterns alike; brackets inside of brackets, such as `[[:alpha:]]`, and `&&` they do not. */
function checkPattern(pattern: Words | undefined, call: SparkCall): void {
  const literal = literalText(pattern, "a pattern that is no constant", call);
  if (/\[(?:\\.|[^\]\\])*(?:\[|&&)/s.test(literal)) call.refuse("such a pattern");
}

/** A call with a pattern as its second argument. */
function matching(
  write: (text: string, pattern: string, group: string | undefined) => string,
): SparkText {
  return ([text, pattern, group], call) => {
    checkPattern(pattern, call);
    return write(text?.sql ?? "NULL", pattern?.sql ?? "NULL", group?.sql);
  };
}

/** A separator is no pattern. */
function splitAt([text, separator]: readonly Words[], call: SparkCall): string {
  const literal = literalText(separator, "a separator that is no constant", call);
  const pattern = literal.replace(/[\\^$.|?*+()[\]{}]/g, "\\$&");
  return `split(${text?.sql}, ${sparkText(pattern)}, -1)`;
}

/** A replacement refers back with `\1` in DuckDB, with `$1` in Spark. */
function replaceAll(
  [text, pattern, replacement, flags]: readonly Words[],
  call: SparkCall,
): string {
  checkPattern(pattern, call);
  if (flags?.literal !== "g") return call.refuse("other flags than g");
  const literal = literalText(replacement, "a replacement that is no constant", call);
  const words = literal.replace(/\\(.)|\$/gs, (found, after) =>
    found === "$" ? "\\$" : /\d/.test(after) ? `$${after}` : `\\${after}`,
  );
  return `regexp_replace(${text?.sql}, ${pattern?.sql}, ${sparkText(words)})`;
}

function jsonPath([json, path]: readonly Words[], call: SparkCall): string {
  const literal = literalText(path, "a path that is no constant", call);
  const plain = literal.replace(/\."(\w+)"/g, ".$1");
  if (!/^\$(?:\.\w+|\[\d+\])*$/.test(plain)) return call.refuse("such a path");
  return `get_json_object(${json?.sql}, ${sparkText(plain)})`;
}

/** Outside of a function's domain DuckDB fails, which TRY makes NULL; Spark answers NaN. */
const domains: readonly (readonly [names: string, domain: string])[] = [
  ["acos asin", "$1 BETWEEN -1 AND 1"],
  ["sqrt ln log2 log10", "NOT ($1 < 0)"],
  ["sin cos tan cot", "NOT (abs($1) = double('Infinity'))"],
];

const numbers: readonly Row[] = [
  ...same("abs atan2 sign isnan pi exp factorial"),
  ...["atan", "cosh", "exp", "sinh", "tanh", "cbrt", "degrees", "radians"].map(
    (name): Row => [`try ${name}`, `${name}($1)`],
  ),
  ...domains.flatMap(([names, domain]) =>
    names
      .split(" ")
      .map((name): Row => [`try ${name}`, `CASE WHEN ${domain} THEN ${name}($1) END`]),
  ),
  ["try pow", "pow($1, $2)"],
  ["ceil", "CASE WHEN abs($1) < 9.2e18 THEN ceil($1) END"],
  ["floor", "CASE WHEN abs($1) < 9.2e18 THEN floor($1) END"],
  [
    "trunc",
    "CASE WHEN abs($1) >= 9007199254740992 THEN $1 WHEN $1 >= 0 THEN floor($1) ELSE ceil($1) END",
  ],
  ["round", "round($1, $2)"],
  ["round_even", "bround($1, $2)"],
  ["pow", "pow($1, $2)"],
  ["xor", "($1 ^ $2)"],
  ["bit_count", "bit_count($1)"],
  ["odps_shift_left", "shiftleft($1, CAST($2 AS INT))"],
  ["odps_shift_left_int", "shiftleft(CAST($1 AS INT), CAST($2 AS INT))"],
  ["random", "rand()"],
];

/** What a mask leaves out is another moment for each engine, so it names a whole day. */
function parsed([text, mask]: readonly Words[], call: SparkCall): string {
  const literal = literalText(mask, "a mask that is no constant", call);
  const whole = ["%Y", "%m", "%d"].every((part) => literal.includes(part));
  if (!whole) call.refuse("a mask without year, month and day");
  return `try_to_timestamp(${text?.sql}, ${maskOf(mask, call)})`;
}

const moments: readonly Row[] = [
  ...same("now year quarter month day dayofmonth dayofyear weekofyear hour minute second"),
  ["dayofweek", "(dayofweek($1) - 1)"],
  ["isodow", "extract(DAYOFWEEK_ISO FROM $1)"],
  ["last_day", "last_day(CAST($1 AS DATE))"],
  ["epoch", "CAST($1 AS DOUBLE)"],
  ["epoch_ms", "unix_millis($1)"],
  ["to_timestamp", "timestamp_seconds($1)"],
  ["current_setting", "current_timezone()"],
  ["to_microseconds", "make_dt_interval(0, 0, 0, $1 / 1000000)"],
  ["date_trunc", ([unit, moment], call) => `date_trunc('${unitText(unit, call)}', ${moment?.sql})`],
  [
    "date_diff",
    ([unit, ...moments], call) => {
      const name = unitText(unit, call);
      const [start, end] = moments.map(({ sql }) => `date_trunc('${name}', ${sql})`);
      return `timestampdiff(${name}, ${start}, ${end})`;
    },
  ],
  ["strftime", ([moment, mask], call) => `date_format(${moment?.sql}, ${maskOf(mask, call)})`],
  ["try_strptime", parsed],
  ["odps_months_between", "months_between($1, $2, false)"],
];

/** Functions whose list is in order, by DuckDB's words for the order. */
const sorted: SparkText = ([list, direction, nulls], call) => {
  const words = [direction?.literal ?? "ASC", nulls?.literal ?? "NULLS LAST"].join(" ");
  if (words === "ASC NULLS LAST") return `array_sort(${list?.sql})`;
  if (words === "ASC NULLS FIRST") return `sort_array(${list?.sql}, true)`;
  return words === "DESC NULLS LAST" ? `sort_array(${list?.sql}, false)` : call.refuse(words);
};

/** Elements of lists count from 1, backwards from -1; what is not there is NULL. */
export const element = "CASE WHEN $2 <> 0 THEN try_element_at($1, CAST($2 AS INT)) END";

const bound = (index: string) =>
  `greatest(CASE WHEN ${index} < 0 THEN ${index} + size($1) + 1 ELSE ${index} END, 1)`;
const last = "CASE WHEN $3 < 0 THEN $3 + size($1) + 1 ELSE $3 END";
/** Slices of lists count as their elements do. */
export const slice = `slice($1, CAST(${bound("$2")} AS INT), CAST(greatest(${last} - ${bound("$2")} + 1, 0) AS INT))`;

const noNumbers = "CAST(array() AS ARRAY<BIGINT>)";

const nested: readonly Row[] = [
  ...same("map_keys map_values map_entries map_from_entries"),
  ["flatten", "flatten(filter($1, #a -> #a IS NOT NULL))"],
  ["len", "size($1)"],
  ["cardinality", "size($1)"],
  ["row", "struct($*)"],
  ["map", "map_from_arrays($1, $2)"],
  [
    "struct_extract",
    ([struct, field], call) =>
      `(${struct?.sql}).${sparkName(literalText(field, "a field that is no constant", call))}`,
  ],
  ["list_extract", element],
  ["list_slice", slice],
  ["map_extract_value", "try_element_at($1, $2)"],
  ["list_filter", "filter($1, $2)"],
  ["list_transform", "transform($1, $2)"],
  ["list_reduce", "aggregate($1, $3, $2)"],
  [
    "list_contains",
    "CASE WHEN $1 IS NOT NULL AND $2 IS NOT NULL THEN coalesce(array_contains($1, $2), false) END",
  ],
  ["list_distinct", "array_distinct(filter($1, #a -> #a IS NOT NULL))"],
  ["list_concat", "CASE WHEN $1 IS NULL THEN $2 WHEN $2 IS NULL THEN $1 ELSE concat($1, $2) END"],
  ["list_intersect", "array_intersect($1, $2)"],
  [
    "list_has_any",
    "CASE WHEN $1 IS NOT NULL AND $2 IS NOT NULL THEN coalesce(arrays_overlap($1, $2), false) END",
  ],
  ["list_count", "size(filter($1, #a -> #a IS NOT NULL))"],
  ["list_max", "array_max($1)"],
  ["list_min", "array_min($1)"],
  ["list_bool_or", "array_max($1)"],
  ["list_bool_and", "array_min($1)"],
  ["list_position", "nullif(array_position($1, $2), 0)"],
  ["list_reverse", "reverse($1)"],
  ["list_sort", sorted],
  [
    "generate_series/3",
    `CASE WHEN $3 > 0 AND $1 <= $2 OR $3 < 0 AND $1 >= $2 THEN sequence($1, $2, $3)
      WHEN $1 IS NOT NULL AND $2 IS NOT NULL AND $3 IS NOT NULL THEN ${noNumbers} END`,
  ],
  ["range/1", `CASE WHEN $1 > 0 THEN sequence(0L, $1 - 1) WHEN $1 <= 0 THEN ${noNumbers} END`],
  ["range/2", `CASE WHEN $2 > $1 THEN sequence($1, $2 - 1) WHEN $2 <= $1 THEN ${noNumbers} END`],
  ["odps_distinct", "array_distinct($1)"],
  [
    "odps_last_entries",
    `filter($1, (#a, #b) -> #a.k IS NOT NULL AND NOT array_contains(
      transform(slice($1, #b + 2, size($1)), #c -> #c.k), #a.k))`,
  ],
];

/** What Spark calculates of one row, by DuckDB's names; `try` where TRY stands around the call. */
export const scalars: ReadonlyMap<string, SparkText> = new Map([
  ...strings,
  ...numbers,
  ...moments,
  ...nested,
]);

const joinedTexts: SparkText = ([value, separator], { order, distinct }) =>
  `listagg(${distinct}${value?.sql}, ${separator?.sql})${order && ` WITHIN GROUP (${order})`}`;

/** Aggregates. FILTER and OVER stand behind their text. */
export const aggregates: ReadonlyMap<string, SparkText> = new Map<string, SparkText>([
  ..."count sum avg min max stddev_pop stddev_samp var_pop var_samp covar_pop covar_samp median mode"
    .split(" ")
    .map((name): Row => [name, `${name}($D$*)`]),
  ...same("count_if bool_and bool_or bit_and bit_or bit_xor approx_count_distinct"),
  ["any_value", "any_value($1, true)"],
  ["arg_max", "max_by($1, CASE WHEN $1 IS NOT NULL THEN $2 END)"],
  ["arg_min", "min_by($1, CASE WHEN $1 IS NOT NULL THEN $2 END)"],
  ["list", "collect_list($D$1)"],
  ["string_agg", joinedTexts],
  ["quantile_cont", "percentile($1, $2)"],
  ["quantile_disc", "percentile_disc($2) WITHIN GROUP (ORDER BY $1)"],
  ["grouping/1", "grouping($1)"],
]);

/** Functions that need OVER. */
export const windows: ReadonlyMap<string, SparkText> = new Map<string, SparkText>([
  ...same("row_number rank dense_rank percent_rank cume_dist lag lead first_value last_value"),
  ["ntile", "ntile(CAST($1 AS INT))"],
  ["nth_value", "nth_value($1, CAST($2 AS INT))"],
]);
