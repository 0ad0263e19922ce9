import type { Typed } from "../conversion.ts";
import { double } from "../type-rules.ts";
import { formatNumber } from "./number-format.ts";
import type { FunctionRow } from "./row.ts";

const ofDouble = (name: string, text = `TRY(${name}($1))`): FunctionRow => [
  `${name}(double) -> double`,
  text,
];

function rounded(name: string) {
  return ([value, digits]: readonly Typed[]): Typed | string => {
    if (!value) return "NULL";
    const text = `${name}(${value.sql}, CAST(${digits?.sql ?? "0"} AS INTEGER))`;
    if (value.type.kind === "decimal") {
      const { precision, scale } = value.type;
      return { sql: `CAST(${text} AS DECIMAL(${precision},${scale}))`, type: value.type };
    }
    return { sql: `CAST(${text} AS DOUBLE)`, type: double };
  };
}

const sameNumber =
  (text: (sql: string) => string) =>
  ([value]: readonly Typed[]): Typed | string =>
    value ? { sql: text(value.sql), type: value.type } : "NULL";

/** Functions of numbers. TRY: outside of a function's domain the result is NULL. */
export const mathFunctions: readonly FunctionRow[] = [
  ["abs(N) -> N", "abs($1)"],
  ...[
    "acos",
    "asin",
    "atan",
    "cos",
    "cosh",
    "cot",
    "exp",
    "ln",
    "sin",
    "sinh",
    "sqrt",
    "tan",
    "tanh",
  ].map((name) => ofDouble(name)),
  ...["cbrt", "degrees", "radians", "log2", "log10"].map((name) => ofDouble(name)),
  ["atan2(double, double) -> double", "atan2($1, $2)"],
  ["log(double, double) -> double", "TRY(log($1, $2))"],
  ["log(double) -> double", "TRY(ln($1))"],
  ["pow(double, double) -> double", "TRY(pow($1, $2))"],
  ["power(double, double) -> double", "TRY(pow($1, $2))"],
  ["e() -> double", "exp(CAST(1 AS DOUBLE))"],
  ["pi() -> double", "pi()"],
  ["ceil(N) -> bigint", "TRY_CAST(ceil($1) AS BIGINT)"],
  ["ceiling(N) -> bigint", "TRY_CAST(ceil($1) AS BIGINT)"],
  ["floor(N) -> bigint", "TRY_CAST(floor($1) AS BIGINT)"],
  ["round(N, bigint?) -> N", rounded("round")],
  ["bround(N, bigint?) -> N", rounded("round_even")],
  [
    "trunc(N, bigint?) -> N",
    ([value, digits]) => {
      if (!value) return "NULL";
      const places = digits?.sql ?? "0";
      const scale = `pow(CAST(10 AS DOUBLE), ${places})`;
      const cut = `trunc(${value.sql} * ${scale})`;
      if (value.type.kind !== "decimal") {
        // As in MaxCompute, where TRUNC(125.815, 1) is 125.80000000000001.
        return { sql: `(${cut} * pow(CAST(10 AS DOUBLE), -${places}))`, type: double };
      }
      const { precision, scale: kept } = value.type;
      return { sql: `CAST(${cut} / ${scale} AS DECIMAL(${precision},${kept}))`, type: value.type };
    },
  ],
  ["sign(double) -> double", "CAST(sign($1) AS DOUBLE)"],
  ["negative(N) -> N", sameNumber((sql) => `(-${sql})`)],
  ["positive(N) -> N", sameNumber((sql) => sql)],
  ["isnan(double) -> boolean", "coalesce(isnan($1), false)"],
  [
    "factorial(bigint) -> bigint",
    "CASE WHEN $1 BETWEEN 0 AND 20 THEN CAST(factorial(CAST($1 AS INTEGER)) AS BIGINT) END",
  ],
  ["rand(bigint?) -> double", "random()"],
  ["random() -> double", "random()"],
  ["bin(bigint) -> string", "CASE WHEN $1 >= 0 THEN bin($1) ELSE bin($1) END"],
  ["hex(bigint) -> string", "hex($1)"],
  ["hex(string) -> string", "hex($1)"],
  ["hex(binary) -> string", "hex($1)"],
  ["unhex(string) -> binary", "TRY(unhex($1))"],
  ["conv(string, bigint, bigint) -> string", "odps_conv($1, $2, $3)"],
  ["bit_count(bigint) -> bigint", "CAST(bit_count($1) AS BIGINT)"],
  ["shiftleft(int, int) -> int", "odps_shift_left_int($1, $2)"],
  ["shiftleft(bigint, bigint) -> bigint", "odps_shift_left($1, $2)"],
  ["shiftright(int, int) -> int", "CAST($1 >> ($2 % 32) AS INTEGER)"],
  ["shiftright(bigint, bigint) -> bigint", "($1 >> $2)"],
  [
    "shiftrightunsigned(int, int) -> int",
    "CAST(CASE WHEN $2 % 32 = 0 THEN $1 ELSE (CAST($1 AS BIGINT) & 4294967295) >> ($2 % 32) END AS INTEGER)",
  ],
  [
    "shiftrightunsigned(bigint, bigint) -> bigint",
    `CASE WHEN $1 >= 0 OR $2 % 64 = 0 THEN $1 >> ($2 % 64)
      ELSE ($1 >> ($2 % 64)) & (9223372036854775807 >> ($2 % 64 - 1)) END`,
  ],
  ["format_number(double, literal any) -> string", formatNumber],
  ["format_number(decimal, literal any) -> string", formatNumber],
  ["pmod(I, I) -> I", "((($1 % nullif($2, 0)) + $2) % nullif($2, 0))"],
  [
    "width_bucket(double, double, double, bigint) -> bigint",
    `CASE WHEN $2 IS NULL OR $3 IS NULL OR $4 IS NULL THEN NULL WHEN $1 < $2 THEN 0 WHEN $1 >= $3 THEN $4 + 1
      ELSE CAST(floor($4 * ($1 - $2) / ($3 - $2) + 1) AS BIGINT) END`,
  ],
];
