import { isOn } from "../catalog.ts";
import { convert, nullOf, type Typed } from "../conversion.ts";
import { quoteText } from "../quote.ts";
import type { SqlType } from "../types.ts";
import { isClockUnit, type Masks, maskOf, unitOf } from "./date-units.ts";
import type { Building, FunctionRow } from "./row.ts";
import { truncFunctions } from "./trunc-time.ts";

const datetime: SqlType = { kind: "datetime" };
const asDatetime = (value: Typed): Typed => convert(value, datetime) ?? value;

/** A calculation with a moment, in the type of the moment where its parts are enough for the unit. */
function moved(moment: Typed, unit: string, calculate: (sql: string) => string): Typed {
  const { type, sql } = moment;
  if (type.kind === "date" && isClockUnit(unit))
    return { sql: calculate(asDatetime(moment).sql), type: datetime };
  if (type.kind === "date") return { sql: `CAST(${calculate(sql)} AS DATE)`, type };
  if (type.kind !== "timestamp") return { sql: calculate(sql), type: datetime };
  // Days and months are those of the session's zone.
  const local = `odps_timestamp_local(${sql})`;
  return { sql: instantOf(calculate(`CAST(${local} AS TIMESTAMP)`), local), type };
}

/** What a clock shows as a TIMESTAMP, with the part below a microsecond of what it was calculated from. */
const instantOf = (wall: string, local: string): string =>
  `odps_local_timestamp(make_timestamp_ns(epoch_us(CAST(${wall} AS TIMESTAMP)) * 1000 + ((epoch_ns(${local}) % 1000) + 1000) % 1000))`;

function dateAdd([moment, amount, part]: readonly Typed[], building: Building): Typed | string {
  if (!moment || !amount) return building.refuse("DATEADD takes a moment, an amount and a unit");
  if (part?.literal === null) return { sql: nullOf(moment.type), type: moment.type };
  const unit = unitOf(part?.literal, building);
  return moved(moment, unit, (sql) => `(${sql} + ${amount.sql} * INTERVAL 1 ${unit})`);
}

function dateDiff([end, start, part]: readonly Typed[], building: Building): string {
  if (part?.literal === null) return "CAST(NULL AS BIGINT)";
  const unit = part ? unitOf(part.literal, building) : "day";
  return `date_diff('${unit}', ${start?.sql}, ${end?.sql})`;
}

function dateTrunc([moment, part]: readonly Typed[], building: Building): Typed | string {
  if (!moment) return building.refuse("DATETRUNC takes a moment and a unit");
  if (part?.literal === null) return { sql: nullOf(moment.type), type: moment.type };
  const unit = unitOf(part?.literal, building);
  if (moment.type.kind === "date" && isClockUnit(unit)) return moment;
  if (moment.type.kind !== "timestamp")
    return moved(moment, unit, (sql) => `date_trunc('${unit}', ${sql})`);
  const wall = `date_trunc('${unit}', CAST(odps_timestamp_local(${moment.sql}) AS TIMESTAMP))`;
  return { sql: `odps_local_timestamp(CAST(${wall} AS TIMESTAMP_NS))`, type: moment.type };
}

const datePart = ([moment, part]: readonly Typed[], building: Building): string =>
  part?.literal === null
    ? "CAST(NULL AS BIGINT)"
    : `CAST(extract('${unitOf(part?.literal, building)}' FROM ${moment?.sql}) AS BIGINT)`;

/** The clock of the session's zone is taken as that of UTC. */
const fromUtc = (moment: string): string =>
  `odps_local_timestamp(CAST(CAST(${moment} AS TIMESTAMP) AT TIME ZONE 'UTC' AT TIME ZONE $2 AS TIMESTAMP_NS))`;

/** The clock of UTC at this moment, which a TIMESTAMP_NTZ is where no zone is named. */
const nowInUtc = "CAST(date_trunc('millisecond', now()) AT TIME ZONE 'UTC' AS TIMESTAMP)";

const nanosecondsIn: Readonly<Record<string, number>> = { MILLIS: 1e6, MICROS: 1e3, NANOS: 1 };

/** A clock of UTC, by how long after 1970 it showed that. */
function sinceEpoch([count, part]: readonly Typed[], building: Building): string {
  const unit = String(part?.literal).toUpperCase();
  const each = Object.hasOwn(nanosecondsIn, unit) ? nanosecondsIn[unit] : undefined;
  if (each === undefined) return building.refuse("a number counts MILLIS, MICROS or NANOS");
  return `make_timestamp_ns(${count?.sql} * ${each})`;
}

const nullText = "CAST(NULL AS VARCHAR)";

const formatted =
  (kind: Masks) =>
  ([moment, mask]: readonly Typed[], building: Building): string =>
    mask?.literal === null
      ? nullText
      : `strftime(${moment?.sql}, ${quoteText(maskOf(mask?.literal, building, kind))})`;

/** DATE_FORMAT has Java's letters where Hive's ways are on; without them `mm` is the month, as elsewhere. */
function dateFormat(given: readonly Typed[], building: Building): string {
  const isJava = isOn(building, "odps.sql.hive.compatible");
  if (isJava && String(given[1]?.literal).includes("mi")) return nullText;
  return formatted(isJava ? "java" : "format")(given, building);
}

const parsed = ([text, mask]: readonly Typed[], building: Building): string =>
  mask?.literal === null
    ? "CAST(NULL AS TIMESTAMPTZ)"
    : `CAST(try_strptime(${text?.sql}, ${quoteText(maskOf(mask?.literal, building))}) AS TIMESTAMPTZ)`;

const part = (name: string, text = `${name}($1)`, read = "odps_loose_moment"): FunctionRow[] => [
  [`${name}(string) -> int`, `CAST(${text.replace("$1", `${read}($1)`)} AS INTEGER)`],
  [`${name}(datetime) -> int`, `CAST(${text} AS INTEGER)`],
  [`${name}(date) -> int`, `CAST(${text} AS INTEGER)`],
];

/** Functions of dates and times. Masks: `mm` is the month and `mi` the minute; the unit is the last argument. */
export const dateFunctions: readonly FunctionRow[] = [
  ["dateadd(datetime, bigint, literal string) -> datetime", dateAdd],
  ["dateadd(date, bigint, literal string) -> date", dateAdd],
  ["dateadd(timestamp, bigint, literal string) -> timestamp", dateAdd],
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
  ["datetrunc(timestamp, literal string) -> timestamp", dateTrunc],
  ...truncFunctions,
  ["datepart(datetime, literal string) -> bigint", datePart],
  ["datepart(date, literal string) -> bigint", datePart],
  ["to_char(datetime, literal string) -> string", formatted("moment")],
  ["to_char(date, literal string) -> string", formatted("moment")],
  ["date_format(datetime, literal string) -> string", dateFormat],
  ["date_format(date, literal string) -> string", dateFormat],
  [
    "date_format(string, literal string) -> string",
    ([text, mask], building) =>
      dateFormat(
        [
          { ...text, sql: `odps_text_moment(${text?.sql})`, type: datetime },
          ...(mask ? [mask] : []),
        ],
        building,
      ),
  ],
  ["to_date(string, literal string) -> datetime", parsed],
  ["to_date(string) -> date", "odps_text_date($1)"],
  ["to_date(datetime) -> date", "CAST($1 AS DATE)"],
  ["date(string) -> date", "odps_text_date($1)"],
  ["date(datetime) -> date", "CAST($1 AS DATE)"],
  [
    "isdate(string, literal string) -> boolean",
    (given, building) =>
      given[1]?.literal === null
        ? "CAST(NULL AS BOOLEAN)"
        : `CASE WHEN ${given[0]?.sql} IS NOT NULL THEN ${parsed(given, building)} IS NOT NULL END`,
  ],
  ["getdate() -> datetime", "date_trunc('second', now())"],
  ["now() -> datetime", "date_trunc('millisecond', now())"],
  ["current_timestamp() -> timestamp", "odps_datetime_timestamp(date_trunc('millisecond', now()))"],
  ["current_timestamp_ntz() -> timestamp_ntz", `CAST(${nowInUtc} AS TIMESTAMP_NS)`],
  [
    "current_timestamp_ntz(string) -> timestamp_ntz",
    `CAST(odps_zone_clock(${nowInUtc}, $1) AS TIMESTAMP_NS)`,
  ],
  ["to_timestamp_ntz(timestamp, string) -> timestamp_ntz", "odps_timestamp_clock($1, $2)"],
  ["to_timestamp_ntz(bigint, literal string) -> timestamp_ntz", sinceEpoch],
  ["current_date() -> date", "CAST(now() AS DATE)"],
  ["current_timezone() -> string", "current_setting('TimeZone')"],
  ["from_unixtime(bigint) -> datetime", "to_timestamp($1)"],
  [
    "from_unixtime(bigint, literal string) -> string",
    ([seconds, mask], building) =>
      `strftime(to_timestamp(${seconds?.sql}), ${quoteText(maskOf(mask?.literal, building, "java"))})`,
  ],
  ["unix_timestamp() -> bigint", "CAST(floor(epoch(now())) AS BIGINT)"],
  ["unix_timestamp(datetime) -> bigint", "CAST(floor(epoch($1)) AS BIGINT)"],
  ["to_millis(datetime) -> bigint", "epoch_ms($1)"],
  ["from_utc_timestamp(string, string) -> timestamp", fromUtc("odps_text_moment($1)")],
  ["from_utc_timestamp(datetime, string) -> timestamp", fromUtc("$1")],
  ["from_utc_timestamp(bigint, string) -> timestamp", fromUtc("(epoch_ms($1) AT TIME ZONE 'UTC')")],
  [
    "from_utc_timestamp(timestamp, string) -> timestamp",
    instantOf(
      "(CAST(odps_timestamp_local($1) AS TIMESTAMP) AT TIME ZONE 'UTC' AT TIME ZONE $2)",
      "odps_timestamp_local($1)",
    ),
  ],
  [
    "to_utc_timestamp(datetime, string) -> timestamp",
    "odps_local_timestamp(CAST(CAST($1 AS TIMESTAMP) AT TIME ZONE $2 AT TIME ZONE 'UTC' AS TIMESTAMP_NS))",
  ],
  ["lastday(datetime) -> datetime", "CAST(last_day(CAST($1 AS TIMESTAMP)) AS TIMESTAMPTZ)"],
  ["last_day(date) -> string", "CAST(last_day($1) AS VARCHAR)"],
  ["next_day(date, string) -> string", "CAST(odps_next_day($1, $2) AS VARCHAR)"],
  [
    "add_months(string, bigint) -> string",
    "strftime(odps_loose_moment($1) + $2 * INTERVAL 1 month, '%Y-%m-%d')",
  ],
  ["add_months(datetime, bigint) -> string", "strftime($1 + $2 * INTERVAL 1 month, '%Y-%m-%d')"],
  ["add_months(date, bigint) -> string", "strftime($1 + $2 * INTERVAL 1 month, '%Y-%m-%d')"],
  [
    "months_between(string, string) -> double",
    "odps_months_between(CAST(odps_loose_moment($1) AS TIMESTAMP), CAST(odps_loose_moment($2) AS TIMESTAMP))",
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
  ...part("hour", "hour($1)", "odps_clock_moment"),
  ...part("minute", "minute($1)", "odps_clock_moment"),
  ...part("second", "second($1)", "odps_clock_moment"),
];
