import { charsetMacros } from "./functions/charset-macros.ts";
import { dateMacros } from "./functions/date-macros.ts";
import { hashMacros } from "./functions/hash.ts";
import { cardMacros } from "./functions/identity-card.ts";
import { numberMacros } from "./functions/number-macros.ts";
import { textMacros } from "./functions/string-macros.ts";

/** A DuckDB macro: its head, and the expression that it stands for. */
export type Macro = readonly [head: string, body: string];

/** How values are written and read where DuckDB's own way differs from MaxCompute's. */
const conversions: readonly Macro[] = [
  [
    "odps_decimal_text(x)",
    `CASE WHEN contains(CAST(x AS VARCHAR), '.')
      THEN rtrim(rtrim(CAST(x AS VARCHAR), '0'), '.') ELSE CAST(x AS VARCHAR) END`,
  ],
  [
    "odps_mantissa(digits)",
    "left(digits, 1) || '.' || coalesce(nullif(rtrim(substr(digits, 2), '0'), ''), '0')",
  ],
  [
    "odps_exponent_text(s)",
    `CASE WHEN contains(s, 'e') THEN
        split_part(s, 'e', 1) || CASE WHEN contains(s, '.') THEN '' ELSE '.0' END
        || 'E' || CAST(CAST(split_part(s, 'e', 2) AS INTEGER) AS VARCHAR)
      WHEN starts_with(s, '0.') THEN
        odps_mantissa(ltrim(split_part(s, '.', 2), '0')) || 'E-' ||
        CAST(length(split_part(s, '.', 2)) - length(ltrim(split_part(s, '.', 2), '0')) + 1 AS VARCHAR)
      ELSE odps_mantissa(replace(s, '.', '')) || 'E' ||
        CAST(length(split_part(s, '.', 1)) - 1 AS VARCHAR) END`,
  ],
  [
    "odps_number_text(x)",
    `CASE WHEN isnan(x) THEN 'NaN'
      WHEN isinf(x) THEN CASE WHEN x > 0 THEN 'Infinity' ELSE '-Infinity' END
      WHEN x = 0 OR (abs(x) >= 0.001 AND abs(x) < 10000000) THEN CAST(x AS VARCHAR)
      WHEN x < 0 THEN '-' || odps_exponent_text(CAST(-x AS VARCHAR))
      ELSE odps_exponent_text(CAST(x AS VARCHAR)) END`,
  ],
  [
    "odps_text_bigint(s)",
    `CASE WHEN regexp_full_match(trim(s), '[+-]?[0-9]+') THEN TRY_CAST(trim(s) AS BIGINT)
      WHEN TRY_CAST(trim(s) AS DOUBLE) IS NOT NULL
      THEN TRY_CAST(trunc(TRY_CAST(trim(s) AS DOUBLE)) AS BIGINT)
      ELSE TRY_CAST(nullif(regexp_extract(trim(s), '^[+-]?[0-9]+'), '') AS BIGINT) END`,
  ],
  [
    "odps_text_date(s)",
    `CASE WHEN regexp_full_match(s, '[0-9]{4}-[0-9]{2}-[0-9]{2}( [0-9:.]+)?')
      THEN TRY_CAST(left(s, 10) AS DATE) END`,
  ],
  [
    "odps_whole_date(s)",
    "CASE WHEN regexp_full_match(s, '[0-9]{4}-[0-9]{2}-[0-9]{2}') THEN TRY_CAST(s AS DATE) END",
  ],
  [
    "odps_text_datetime(s)",
    `date_trunc('millisecond', CASE
      WHEN regexp_full_match(s, '[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]{1,9})?')
      THEN TRY_CAST(s AS TIMESTAMPTZ) END)`,
  ],
  [
    "odps_text_moment(s)",
    "coalesce(odps_text_datetime(s), CAST(odps_text_date(s) AS TIMESTAMPTZ))",
  ],
  ["odps_datetime_text(x)", "strftime(x, '%Y-%m-%d %H:%M:%S')"],
  [
    "odps_fraction_text(n)",
    "CASE WHEN n = 0 THEN '' ELSE '.' || rtrim(lpad(CAST(n AS VARCHAR), 9, '0'), '0') END",
  ],
  ["odps_utc_datetime(x)", "date_trunc('millisecond', CAST(x AS TIMESTAMP) AT TIME ZONE 'UTC')"],
  [
    "odps_timestamp_text(x)",
    `strftime(CAST(x AS TIMESTAMP) AT TIME ZONE 'UTC', '%Y-%m-%d %H:%M:%S')
      || odps_fraction_text(((epoch_ns(x) % 1000000000) + 1000000000) % 1000000000)`,
  ],
  [
    "odps_ntz_text(x)",
    `strftime(CAST(x AS TIMESTAMP), '%Y-%m-%d %H:%M:%S')
      || odps_fraction_text(((epoch_ns(x) % 1000000000) + 1000000000) % 1000000000)`,
  ],
  ["odps_datetime_timestamp(x)", "CAST((x AT TIME ZONE 'UTC') AS TIMESTAMP_NS)"],
  [
    "odps_local_timestamp(x)",
    `make_timestamp_ns(epoch_us(CAST(CAST(x AS TIMESTAMP) AS TIMESTAMPTZ)) * 1000
      + ((epoch_ns(x) % 1000) + 1000) % 1000)`,
  ],
  [
    "odps_zone_minutes(z)",
    `CAST(regexp_extract(z, '([0-9]{1,2})(:[0-9]{2})?$', 1) AS BIGINT) * 60
      + coalesce(TRY_CAST(nullif(regexp_extract(z, ':([0-9]{2})$', 1), '') AS BIGINT), 0)`,
  ],
  [
    "odps_zone_clock(u, z)",
    `CASE WHEN regexp_full_match(z, '(UTC)?[+][0-9]{1,2}(:[0-9]{2})?')
      THEN u + odps_zone_minutes(z) * INTERVAL 1 minute
      WHEN regexp_full_match(z, '(UTC)?-[0-9]{1,2}(:[0-9]{2})?')
      THEN u - odps_zone_minutes(z) * INTERVAL 1 minute
      ELSE CAST(u AT TIME ZONE 'UTC' AT TIME ZONE z AS TIMESTAMP) END`,
  ],
  [
    "odps_timestamp_clock(x, z)",
    `make_timestamp_ns(epoch_us(odps_zone_clock(CAST(x AS TIMESTAMP), z)) * 1000
      + ((epoch_ns(x) % 1000) + 1000) % 1000)`,
  ],
  [
    "odps_timestamp_local(x)",
    `make_timestamp_ns(epoch_us(CAST(CAST(x AS TIMESTAMP) AT TIME ZONE 'UTC' AS TIMESTAMP)) * 1000
      + ((epoch_ns(x) % 1000) + 1000) % 1000)`,
  ],
];

/** All macros that emitted texts call. */
export const macros: readonly Macro[] = [
  ...conversions,
  ...textMacros,
  ...numberMacros,
  ...charsetMacros,
  ...dateMacros,
  ...hashMacros,
  ...cardMacros,
];

/**
 * What a DuckDB is told once, before its first query: the macros that emitted queries call. They hold no
 * text of a user, and a user cannot name them: his functions are looked up in our table alone.
 */
export const duckDbPrelude: readonly string[] = macros.map(
  ([head, body]) => `CREATE OR REPLACE MACRO ${head} AS (${body})`,
);
