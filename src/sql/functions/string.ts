import type { Typed } from "../conversion.ts";
import { isText } from "../type-rules.ts";
import type { Building, FunctionRow } from "./row.ts";
import { bytesOf } from "./sealed.ts";

/** DuckDB skips NULLs where MaxCompute answers NULL. */
const joined =
  (separator?: string) =>
  (given: readonly Typed[]): string => {
    const [first, ...rest] = given;
    if (!first) return "CAST(NULL AS VARCHAR)";
    if (separator === undefined) return `(${given.map(({ sql }) => sql).join(" || ")})`;
    if (rest.length === 0) return `CASE WHEN ${first.sql} IS NOT NULL THEN '' END`;
    return `(${rest.map(({ sql }) => sql).join(` || ${first.sql} || `)})`;
  };

const occurrence = (
  [text, pattern, replacement, nth]: readonly Typed[],
  building: Building,
): string => {
  // Without a match even NULL replaces nothing.
  if (replacement?.literal === null)
    return `CASE WHEN NOT regexp_matches(${text?.sql}, ${pattern?.sql}) THEN ${text?.sql} END`;
  const call = `regexp_replace(${text?.sql}, ${pattern?.sql}, ${replacement?.sql}`;
  if (nth?.literal === null) return "CAST(NULL AS VARCHAR)";
  const which = nth?.literal ?? 0n;
  if (which === 0n) return `${call}, 'g')`;
  if (which === 1n) return `${call})`;
  if (typeof which !== "bigint" || which < 0n)
    return building.refuse("REGEXP_REPLACE is told by a constant which occurrence it replaces");
  return `odps_regexp_replace(${text?.sql}, ${pattern?.sql}, ${replacement?.sql}, ${which})`;
};

const digest = ([text, bits]: readonly Typed[]): string => {
  if (bits?.literal === 0n || bits?.literal === 256n) return `sha256(${text?.sql})`;
  if (bits?.literal === 224n || bits?.literal === 384n || bits?.literal === 512n)
    return `TRY(decode(odps_own_sha${bits.literal}(${bytesOf(text)})))`;
  return "CAST(NULL AS VARCHAR)";
};

/** A hash for who may not see the text: of anything but texts there is none. */
const masked = ([value]: readonly Typed[]): string =>
  value && (isText(value.type) || value.type.kind === "binary")
    ? `sha256(${value.sql})`
    : "CAST(NULL AS VARCHAR)";

const inUtf8 =
  (text: string) =>
  ([value, charset]: readonly Typed[], building: Building): string => {
    if (charset?.literal === null) return "CAST(NULL AS VARCHAR)";
    if (charset && !/^utf-?8$/i.test(String(charset.literal)))
      return building.refuse("addresses are supported in UTF-8");
    return text.replace("$1", value?.sql ?? "NULL");
  };

const trims: readonly FunctionRow[] = ["trim", "ltrim", "rtrim"].flatMap((name): FunctionRow[] => [
  [`${name}(string) -> string`, `${name}($1)`],
  [`${name}(string, string) -> string`, `${name}($1, $2)`],
]);

/** A part of a text; place 0 is none. DuckDB's own function does where the start is known to be inside. */
const part = ([text, start, length]: readonly Typed[]): string => {
  const from = start?.literal;
  if (typeof from === "bigint" && from > 0n) {
    const rest = length ? `, greatest(${length.sql}, 0)` : "";
    return `substr(${text?.sql}, ${from}${rest})`;
  }
  return `odps_substr(${text?.sql}, ${start?.sql}, ${length?.sql ?? `length(${text?.sql})`})`;
};

/** SPLIT_PART: without a separator the text is one part. */
function partsOf([text, separator, start, end]: readonly (Typed | undefined)[]): string {
  if (separator?.literal === "") return `CASE WHEN ${start?.sql} IS NOT NULL THEN ${text?.sql} END`;
  if (!end) return `split_part(${text?.sql}, ${separator?.sql}, ${start?.sql})`;
  return `array_to_string(string_split(${text?.sql}, ${separator?.sql})[${start?.sql}:${end.sql}], ${separator?.sql})`;
}

/** Functions of texts. */
export const stringFunctions: readonly FunctionRow[] = [
  ["concat(string...) -> string", joined()],
  ["concat_ws(string, string...) -> string", joined("")],
  ["concat_ws(string, array<string>) -> string", "array_to_string($2, $1)"],
  ["substr(string, bigint) -> string", part],
  ["substr(string, bigint, bigint) -> string", part],
  ["substring(string, bigint) -> string", part],
  ["substring(string, bigint, bigint) -> string", part],
  ["substring_index(string, string, bigint) -> string", "odps_substring_index($1, $2, $3)"],
  ["instr(string, string) -> bigint", "instr($1, $2)"],
  ["instr(string, string, bigint) -> bigint", "odps_instr($1, $2, $3, 1)"],
  ["instr(string, string, bigint, bigint) -> bigint", "odps_instr($1, $2, $3, $4)"],
  ["locate(string, string) -> bigint", "instr($2, $1)"],
  [
    "locate(string, string, bigint) -> bigint",
    "CASE WHEN $1 IS NOT NULL AND $2 IS NOT NULL THEN coalesce(odps_instr($2, $1, $3, 1), 0) END",
  ],
  [
    "split_part(string, string, bigint) -> string",
    ([text, separator, place]) => partsOf([text, separator, place]),
  ],
  ["split_part(string, string, bigint, bigint) -> string", partsOf],
  ["split(string, string) -> array<string>", "odps_cut_tail(string_split_regex($1, $2))"],
  [
    "split(string, string, boolean) -> array<string>",
    "CASE WHEN $3 THEN odps_cut_tail(string_split_regex($1, $2)) ELSE string_split_regex($1, $2) END",
  ],
  ["length(string) -> bigint", "length($1)"],
  ["length(binary) -> bigint", "octet_length($1)"],
  ["char_length(string) -> bigint", "length($1)"],
  ["lengthb(string) -> bigint", "strlen($1)"],
  ["lower(string) -> string", "lower($1)"],
  ["tolower(string) -> string", "lower($1)"],
  ["upper(string) -> string", "upper($1)"],
  ["toupper(string) -> string", "upper($1)"],
  ["initcap(string) -> string", "odps_initcap($1)"],
  ["reverse(string) -> string", "reverse($1)"],
  ["repeat(string, bigint) -> string", "repeat($1, $2)"],
  ["space(bigint) -> string", "repeat(' ', $1)"],
  ...trims,
  ["lpad(string, bigint, string) -> string", "lpad($1, CAST($2 AS INTEGER), $3)"],
  ["rpad(string, bigint, string) -> string", "rpad($1, CAST($2 AS INTEGER), $3)"],
  ["ascii(string) -> bigint", "CAST(ascii($1) AS BIGINT)"],
  [
    "chr(bigint) -> string",
    "CASE WHEN $1 BETWEEN 0 AND 127 THEN chr(CAST($1 AS INTEGER)) WHEN $1 IS NOT NULL THEN error('CHR takes codes from 0 to 127') END",
  ],
  ["translate(string, string, string) -> string", "translate($1, $2, $3)"],
  ["replace(string, string, string) -> string", "replace($1, $2, $3)"],
  ["regexp_extract(string, string) -> string", "regexp_extract($1, $2, 1)"],
  [
    "regexp_extract(string, string, literal bigint) -> string",
    ([text, pattern, group]) =>
      `regexp_extract(${text?.sql}, ${pattern?.sql}, ${BigInt(Number(group?.literal ?? 1))})`,
  ],
  ["regexp_extract_all(string, string) -> array<string>", "regexp_extract_all($1, $2, 1)"],
  [
    "regexp_extract_all(string, string, literal bigint) -> array<string>",
    ([text, pattern, group]) =>
      `regexp_extract_all(${text?.sql}, ${pattern?.sql}, ${BigInt(Number(group?.literal ?? 1))})`,
  ],
  ["regexp_replace(string, string, string, literal bigint?) -> string", occurrence],
  ["regexp_count(string, string) -> bigint", "len(regexp_extract_all($1, $2))"],
  ["regexp_count(string, string, bigint) -> bigint", "len(regexp_extract_all(substr($1, $3), $2))"],
  ["regexp_substr(string, string) -> string", "regexp_extract_all($1, $2)[1]"],
  ["regexp_substr(string, string, bigint) -> string", "regexp_extract_all(substr($1, $3), $2)[1]"],
  [
    "regexp_substr(string, string, bigint, bigint) -> string",
    "regexp_extract_all(substr($1, $3), $2)[$4]",
  ],
  [
    "regexp_instr(string, string) -> bigint",
    "CASE WHEN regexp_matches($1, $2) THEN instr($1, regexp_extract($1, $2)) WHEN $1 IS NOT NULL AND $2 IS NOT NULL THEN 0 END",
  ],
  [
    "regexp_instr(string, string, bigint, bigint?, bigint?) -> bigint",
    ([text, pattern, from, nth, end]) =>
      `odps_regexp_instr(${text?.sql}, ${pattern?.sql}, ${from?.sql}, ${nth?.sql ?? 1}, ${end?.sql ?? 0})`,
  ],
  ["regexp_like(string, string) -> boolean", "regexp_matches($1, $2)"],
  ["keyvalue(string, string) -> string", "odps_key_value($1, ';', ':', $2)"],
  ["keyvalue(string, string, string, string) -> string", "odps_key_value($1, $2, $3, $4)"],
  ["find_in_set(string, string) -> bigint", "CAST(odps_find_in_set($1, $2, ',') AS BIGINT)"],
  ["find_in_set(string, string, string) -> bigint", "CAST(odps_find_in_set($1, $2, $3) AS BIGINT)"],
  ["parse_url(string, string) -> string", "odps_parse_url($1, $2)"],
  [
    "parse_url(string, string, string) -> string",
    "CASE WHEN upper($2) = 'QUERY' THEN odps_query_value($1, $3) END",
  ],
  [
    "url_encode(string, literal string?) -> string",
    inUtf8("replace(replace(replace(url_encode($1), '%20', '+'), '~', '%7E'), '%2A', '*')"),
  ],
  ["url_decode(string, literal string?) -> string", inUtf8("url_decode(replace($1, '+', '%20'))")],
  ["md5(string) -> string", "md5($1)"],
  ...["sha", "sha1"].flatMap((name): FunctionRow[] => [
    [`${name}(string) -> string`, "sha1($1)"],
    [`${name}(binary) -> string`, "sha1($1)"],
  ]),
  ["sha2(string, literal bigint) -> string", digest],
  ["sha2(binary, literal bigint) -> string", digest],
  ["mask_hash(any) -> string", masked],
  ["crc32(string) -> bigint", "odps_crc32($1)"],
  ["crc32(binary) -> bigint", "odps_crc32($1)"],
  ["base64(binary) -> string", "to_base64($1)"],
  ["unbase64(string) -> binary", "TRY(from_base64($1))"],
  [
    "char_matchcount(string, string) -> bigint",
    "CASE WHEN $2 IS NOT NULL THEN CAST(len(list_filter(string_split($1, ''), lambda odps_part: contains($2, odps_part))) AS BIGINT) END",
  ],
  ["levenshtein(string, string) -> bigint", "levenshtein($1, $2)"],
  ["soundex(string) -> string", "odps_soundex($1)"],
  ["to_char(boolean) -> string", "upper(CAST($1 AS VARCHAR))"],
  ["to_char(string) -> string", "$1"],
];
