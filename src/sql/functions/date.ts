import { convert, type Typed } from "../conversion.ts";
import { quoteText } from "../quote.ts";
import type { SqlType } from "../types.ts";
import { isClockUnit, maskOf, unitOf } from "./date-units.ts";
import type { Building, FunctionRow } from "./row.ts";

const datetime: SqlType = { kind: "datetime" };
const asDatetime = (value: Typed): Typed => convert(value, datetime) ?? value;

function dateAdd([moment, amount, part]: readonly Typed[], building: Building): Typed | string {
  if (!moment || !amount) return building.refuse("DATEADD takes a moment, an amount and a unit");
  const unit = unitOf(part?.literal, building);
  if (moment.type.kind !== "date") return `(${moment.sql} + ${amount.sql} * INTERVAL 1 ${unit})`;
  const sum = (value: string) => `(${value} + ${amount.sql} * INTERVAL 1 ${unit})`;
  if (isClockUnit(unit)) return { sql: sum(asDatetime(moment).sql), type: datetime };
  return { sql: `CAST(${sum(moment.sql)} AS DATE)`, type: moment.type };
}

function dateDiff([end, start, part]: readonly Typed[], building: Building): string {
  const unit = part ? unitOf(part.literal, building) : "day";
  return `date_diff('${unit}', ${start?.sql}, ${end?.sql})`;
}

function dateTrunc([moment, part]: readonly Typed[], building: Building): Typed | string {
  const unit = unitOf(part?.literal, building);
  if (moment?.type.kind !== "date") return `date_trunc('${unit}', ${moment?.sql})`;
  return isClockUnit(unit)
    ? moment
    : { sql: `CAST(date_trunc('${unit}', ${moment.sql}) AS DATE)`, type: moment.type };
}

const datePart = ([moment, part]: readonly Typed[], building: Building): string =>
  `CAST(extract('${unitOf(part?.literal, building)}' FROM ${moment?.sql}) AS BIGINT)`;

const formatted =
  (java: boolean) =>
  ([moment, mask]: readonly Typed[], building: Building): string =>
    `strftime(${moment?.sql}, ${quoteText(maskOf(mask?.literal, building, java))})`;

const parsed = ([text, mask]: readonly Typed[], building: Building): string =>
  `CAST(try_strptime(${text?.sql}, ${quoteText(maskOf(mask?.literal, building))}) AS TIMESTAMPTZ)`;

const part = (name: string, text = `${name}($1)`): FunctionRow[] => [
  [`${name}(string) -> int`, `CAST(${text.replace("$1", "odps_text_moment($1)")} AS INTEGER)`],
  [`${name}(datetime) -> int`, `CAST(${text} AS INTEGER)`],
  [`${name}(date) -> int`, `CAST(${text} AS INTEGER)`],
];

/** Functions of dates and times. Masks: `mm` is the month and `mi` the minute; the unit is the last argument. */
export const dateFunctions: readonly FunctionRow[] = [
  ["dateadd(datetime, bigint, literal string) -> datetime", dateAdd],
  ["dateadd(date, bigint, literal string) -> date", dateAdd],
  ["date_add(date, bigint) -> date", "CAST($1 + CAST($2 AS INTEGER) AS DATE)"],
  ["date_sub(date, bigint) -> date", "CAST($1 - CAST($2 AS INTEGER) AS DATE)"],
  [
    "datediff(string, string) -> bigint",
    "date_diff('day', odps_text_moment($2), odps_text_moment($1))",
  ],
  ["datediff(datetime, datetime, literal string?) -> bigint", dateDiff],
  ["datediff(date, date, literal string?) -> bigint", dateDiff],
  ["datetrunc(datetime, literal string) -> datetime", dateTrunc],
  ["datetrunc(date, literal string) -> date", dateTrunc],
  [
    "trunc_time(datetime, literal string) -> string",
    ([moment, unit], building) =>
      `strftime(date_trunc('${unitOf(unit?.literal, building)}', ${moment?.sql}), ${
        { year: "'%Y'", month: "'%Y-%m'", day: "'%Y-%m-%d'" }[unitOf(unit?.literal, building)] ??
        "'%Y-%m-%d %H:00:00'"
      })`,
  ],
  ["datepart(datetime, literal string) -> bigint", datePart],
  ["datepart(date, literal string) -> bigint", datePart],
  ["to_char(datetime, literal string) -> string", formatted(false)],
  ["to_char(date, literal string) -> string", formatted(false)],
  ["date_format(datetime, literal string) -> string", formatted(true)],
  ["date_format(date, literal string) -> string", formatted(true)],
  ["to_date(string, literal string) -> datetime", parsed],
  ["to_date(string) -> date", "odps_text_date($1)"],
  ["to_date(datetime) -> date", "CAST($1 AS DATE)"],
  [
    "isdate(string, literal string) -> boolean",
    (given, building) =>
      `CASE WHEN ${given[0]?.sql} IS NOT NULL THEN ${parsed(given, building)} IS NOT NULL END`,
  ],
  ["getdate() -> datetime", "date_trunc('second', now())"],
  ["now() -> datetime", "date_trunc('millisecond', now())"],
  ["current_timestamp() -> timestamp", "odps_datetime_timestamp(date_trunc('millisecond', now()))"],
  ["current_timestamp_ntz() -> timestamp_ntz", "CAST(CAST(now() AS TIMESTAMP) AS TIMESTAMP_NS)"],
  ["current_date() -> date", "CAST(now() AS DATE)"],
  ["current_timezone() -> string", "current_setting('TimeZone')"],
  ["from_unixtime(bigint) -> datetime", "to_timestamp($1)"],
  [
    "from_unixtime(bigint, literal string) -> string",
    ([seconds, mask], building) =>
      `strftime(to_timestamp(${seconds?.sql}), ${quoteText(maskOf(mask?.literal, building, true))})`,
  ],
  ["unix_timestamp() -> bigint", "CAST(floor(epoch(now())) AS BIGINT)"],
  ["unix_timestamp(datetime) -> bigint", "CAST(floor(epoch($1)) AS BIGINT)"],
  ["to_millis(datetime) -> bigint", "epoch_ms($1)"],
  [
    "from_utc_timestamp(datetime, string) -> timestamp",
    "odps_local_timestamp(CAST(CAST($1 AS TIMESTAMP) AT TIME ZONE 'UTC' AT TIME ZONE $2 AS TIMESTAMP_NS))",
  ],
  [
    "from_utc_timestamp(bigint, string) -> timestamp",
    "odps_local_timestamp(CAST(epoch_ms($1) AT TIME ZONE 'UTC' AT TIME ZONE $2 AS TIMESTAMP_NS))",
  ],
  [
    "to_utc_timestamp(datetime, string) -> timestamp",
    "odps_local_timestamp(CAST(CAST($1 AS TIMESTAMP) AT TIME ZONE $2 AT TIME ZONE 'UTC' AS TIMESTAMP_NS))",
  ],
  ["lastday(datetime) -> datetime", "CAST(last_day(CAST($1 AS TIMESTAMP)) AS TIMESTAMPTZ)"],
  ["last_day(date) -> date", "last_day($1)"],
  ["next_day(date, string) -> date", "odps_next_day($1, $2)"],
  [
    "add_months(string, bigint) -> string",
    "strftime(odps_text_moment($1) + $2 * INTERVAL 1 month, '%Y-%m-%d')",
  ],
  ["add_months(datetime, bigint) -> string", "strftime($1 + $2 * INTERVAL 1 month, '%Y-%m-%d')"],
  ["add_months(date, bigint) -> string", "strftime($1 + $2 * INTERVAL 1 month, '%Y-%m-%d')"],
  [
    "months_between(string, string) -> double",
    "odps_months_between(CAST(odps_text_moment($1) AS TIMESTAMP), CAST(odps_text_moment($2) AS TIMESTAMP))",
  ],
  [
    "months_between(datetime, datetime) -> double",
    "odps_months_between(CAST($1 AS TIMESTAMP), CAST($2 AS TIMESTAMP))",
  ],
  ["weekday(string) -> bigint", "(isodow(odps_text_moment($1)) - 1)"],
  ["weekday(datetime) -> bigint", "(isodow($1) - 1)"],
  ["weekday(date) -> bigint", "(isodow($1) - 1)"],
  ["weekofyear(string) -> bigint", "weekofyear(odps_text_moment($1))"],
  ["weekofyear(datetime) -> bigint", "weekofyear($1)"],
  ["weekofyear(date) -> bigint", "weekofyear($1)"],
  ...part("dayofweek", "dayofweek($1) + 1"),
  ...part("dayofmonth"),
  ...part("dayofyear"),
  ...part("day"),
  ...part("month"),
  ...part("quarter"),
  ...part("year"),
  ...part("hour"),
  ...part("minute"),
  ...part("second"),
];
