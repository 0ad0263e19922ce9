import type { Typed } from "../conversion.ts";
import { duckDbType } from "../duckdb-types.ts";
import { bigint, decimalOf, double, isInteger } from "../type-rules.ts";
import type { SqlType } from "../types.ts";
import { mapAggregates } from "./nested.ts";
import type { Building, FunctionRow } from "./row.ts";

const sum = ([value]: readonly Typed[], { marks }: Building): Typed | string => {
  const text = `sum(${marks["D"]}${value?.sql})${marks["W"]}`;
  // DuckDB's sum of whole numbers is wider than MaxCompute's: what does not fit is an error.
  if (value && isInteger(value.type)) return { sql: `CAST(${text} AS BIGINT)`, type: bigint };
  if (value?.type.kind !== "decimal") return `CAST(${text} AS DOUBLE)`;
  const { scale } = value.type;
  return {
    sql: `CAST(${text} AS DECIMAL(38,${scale}))`,
    type: { kind: "decimal", precision: 38, scale },
  };
};

const average = ([value]: readonly Typed[], { marks }: Building): Typed | string => {
  const text = `avg(${marks["D"]}${value?.sql})${marks["W"]}`;
  if (value?.type.kind !== "decimal") return { sql: text, type: double };
  const type = ofAverage(value.type);
  return { sql: `CAST(${text} AS DECIMAL(${type.precision},${type.scale}))`, type };
};

/** What of DECIMAL is DECIMAL: a median has the digits of an average, a deviation as many as there are. */
const sameKind =
  (name: string, digits: (type: SqlType & { kind: "decimal" }) => SqlType) =>
  ([value]: readonly Typed[], { marks }: Building): Typed | string => {
    const text = `${name}(${marks["D"]}${value?.sql})${marks["W"]}`;
    if (value?.type.kind !== "decimal") return `CAST(${text} AS DOUBLE)`;
    const type = digits(value.type);
    // By way of a text: a number in binary has digits behind its last.
    return { sql: `CAST(CAST(${text} AS VARCHAR) AS ${duckDbType(type)})`, type };
  };

const ofAverage = ({ precision, scale }: SqlType & { kind: "decimal" }) =>
  decimalOf(precision + 4, scale + 4);
const ofDeviation = () => decimalOf(38, 18);

/** A calculation with the values of a group in order, as `odps_list`. */
const ofSorted = (text: string): string =>
  `list_transform([list_sort(list_filter(list($1)$W, lambda odps_part: odps_part IS NOT NULL))], lambda odps_list: ${text})[1]`;

/** The third argument says whether NULLs are left out, or are the least values. */
const withNulls =
  (plain: string, counting: string) =>
  ([value, share, ignored]: readonly Typed[], { marks }: Building): string =>
    ignored?.literal === false
      ? `${counting}(list_sort(list(${value?.sql})${marks["W"]}, 'ASC', 'NULLS FIRST'), ${share?.sql})`
      : `${plain}(${value?.sql}, ${share?.sql})${marks["W"]}`;

const twoColumns = (name: string, text = name): FunctionRow[] => [
  [`${name}(double, double) -> double`, `${text}($D$1, $2)$W`],
];

/** Aggregates, and windows over them. `$W` stands right behind DuckDB's aggregate. */
export const aggregateFunctions: readonly FunctionRow[] = [
  ["sum(N) -> double", sum],
  ["avg(N) -> double", average],
  ["min(T) -> T", "min($D$1)$W"],
  ["max(T) -> T", "max($D$1)$W"],
  // DuckDB makes NULL of a condition that is NULL in all rows.
  ["count_if(boolean) -> bigint", "coalesce(CAST(count_if($1)$W AS BIGINT), 0)"],
  ["median(N) -> double", sameKind("median", ofAverage)],
  ["stddev(N) -> double", sameKind("stddev_pop", ofDeviation)],
  ["stddev_pop(N) -> double", sameKind("stddev_pop", ofDeviation)],
  ["stddev_samp(N) -> double", sameKind("stddev_samp", ofDeviation)],
  ["variance(double) -> double", "var_pop($D$1)$W"],
  ["var_pop(double) -> double", "var_pop($D$1)$W"],
  ["var_samp(double) -> double", "var_samp($D$1)$W"],
  ...["covar_pop", "covar_samp", "corr", "regr_slope", "regr_intercept"].flatMap((name) =>
    twoColumns(name),
  ),
  ["any_value(T) -> T", "any_value($1)$W"],
  ["arg_max(T, U) -> U", "arg_max($2, $1)$W"],
  ["arg_min(T, U) -> U", "arg_min($2, $1)$W"],
  ["max_by(T, U) -> T", "arg_max($1, $2)$W"],
  ["min_by(T, U) -> T", "arg_min($1, $2)$W"],
  ["approx_distinct(any) -> bigint", "approx_count_distinct($1)$W"],
  ["ndv(any) -> bigint", "approx_count_distinct($1)$W"],
  [
    "collect_list(T) -> array<T>",
    "list_filter(coalesce(list($D$1$O)$W, []), lambda odps_part: odps_part IS NOT NULL)",
  ],
  ["collect_set(T) -> array<T>", "list_distinct(coalesce(list($1$O)$W, []))"],
  ["wm_concat(string, string) -> string", "string_agg($D$2, $1$O)$W"],
  ["percentile(bigint, double) -> double", "CAST(quantile_cont($1, $2)$W AS DOUBLE)"],
  [
    "percentile(bigint, array<double>) -> array<double>",
    "CAST(quantile_cont($1, $2)$W AS DOUBLE[])",
  ],
  [
    "percentile_approx(double, double, bigint?) -> double",
    ofSorted("odps_percentile_approx(odps_list, $2)"),
  ],
  [
    "percentile_approx(double, array<double>, bigint?) -> array<double>",
    ofSorted(
      "list_transform($2, lambda odps_share: odps_percentile_approx(odps_list, odps_share))",
    ),
  ],
  ["percentile_cont(double, double) -> double", "quantile_cont($1, $2)$W"],
  [
    "percentile_cont(double, double, literal boolean) -> double",
    withNulls("quantile_cont", "odps_percentile_cont"),
  ],
  ["percentile_disc(T, double) -> T", "quantile_disc($1, $2)$W"],
  [
    "percentile_disc(T, double, literal boolean) -> T",
    withNulls("quantile_disc", "odps_percentile_disc"),
  ],
  ["mode(T) -> T", "mode($1)$W"],
  ["bitwise_and_agg(bigint) -> bigint", "bit_and($1)$W"],
  ["bitwise_or_agg(bigint) -> bigint", "bit_or($1)$W"],
  ["bitwise_xor_agg(bigint) -> bigint", "bit_xor($1)$W"],
  ["bool_and(boolean) -> boolean", "bool_and($1)$W"],
  ["bool_or(boolean) -> boolean", "bool_or($1)$W"],
  ["any(boolean) -> boolean", "bool_or($1)$W"],
  [
    "histogram(T) -> map<T,bigint>",
    "map_from_entries(list_transform(map_entries(histogram($1)$W), lambda odps_part: struct_pack(k := odps_part.key, v := CAST(odps_part.value AS BIGINT))))",
  ],
  ...mapAggregates,
];
