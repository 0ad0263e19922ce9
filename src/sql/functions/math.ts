import type { Typed } from "../conversion.ts";
import { double } from "../type-rules.ts";
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
      const scale = `pow(CAST(10 AS DOUBLE), ${digits?.sql ?? "0"})`;
      const type = value.type.kind === "decimal" ? value.type : double;
      const shape = type.kind === "decimal" ? `DECIMAL(${type.precision},${type.scale})` : "DOUBLE";
      return { sql: `CAST(trunc(${value.sql} * ${scale}) / ${scale} AS ${shape})`, type };
    },
  ],
  ["sign(double) -> double", "CAST(sign($1) AS DOUBLE)"],
  ["negative(N) -> N", sameNumber((sql) => `(-${sql})`)],
  ["positive(N) -> N", sameNumber((sql) => sql)],
  ["isnan(double) -> boolean", "isnan($1)"],
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
  ["shiftleft(bigint, bigint) -> bigint", "TRY($1 << $2)"],
  ["shiftright(bigint, bigint) -> bigint", "($1 >> $2)"],
  [
    "shiftrightunsigned(int, int) -> int",
    "CAST(CASE WHEN $2 % 32 = 0 THEN $1 ELSE (CAST($1 AS BIGINT) & 4294967295) >> ($2 % 32) END AS INTEGER)",
  ],
  [
    "shiftrightunsigned(bigint, bigint) -> bigint",
    `CAST(CASE WHEN $1 >= 0 OR $2 % 64 = 0 THEN $1 >> ($2 % 64)
      ELSE (CAST($1 AS HUGEINT) + 18446744073709551616) >> ($2 % 64) END AS BIGINT)`,
  ],
  [
    "format_number(double, literal bigint) -> string",
    ([value, digits], building) => {
      const count = Number(digits?.literal);
      if (!(count >= 0 && count <= 340))
        return building.refuse("FORMAT_NUMBER takes 0 to 340 digits behind the point");
      return `format('{:,.${count}f}', ${value?.sql})`;
    },
  ],
  ["pmod(I, I) -> I", "((($1 % nullif($2, 0)) + $2) % nullif($2, 0))"],
  [
    "width_bucket(double, double, double, bigint) -> bigint",
    `CASE WHEN $1 < least($2, $3) THEN CASE WHEN $2 < $3 THEN 0 ELSE $4 + 1 END
      WHEN $1 >= greatest($2, $3) THEN CASE WHEN $2 < $3 THEN $4 + 1 ELSE 0 END
      ELSE CAST(floor(($1 - $2) / ($3 - $2) * $4) AS BIGINT) + 1 END`,
  ],
];
