import { convert, type Typed } from "../conversion.ts";
import type { TruncUnit } from "../types.ts";
import { unitNamed, unitOf } from "./date-units.ts";
import type { Building, FunctionRow } from "./row.ts";

const shapes: Readonly<Record<TruncUnit, string>> = {
  year: "%Y",
  month: "%Y-%m",
  day: "%Y-%m-%d",
  hour: "%Y-%m-%d %H:00:00",
};

const isTrunc = (unit: string | undefined): unit is TruncUnit =>
  unit !== undefined && Object.hasOwn(shapes, unit);

/** The unit that a text names, where moments are cut to it. */
export function truncUnit(name: unknown): TruncUnit | undefined {
  const unit = unitNamed(name);
  return isTrunc(unit) ? unit : undefined;
}

/** A moment cut to a unit, as a text: told in UTC, unless it has no zone. */
export function truncText(moment: Typed, unit: TruncUnit): string {
  const { kind } = moment.type;
  if (kind === "date") return `strftime(${moment.sql}, '${shapes[unit]}')`;
  if (kind === "timestamp_ntz")
    return `strftime(CAST(${moment.sql} AS TIMESTAMP), '${shapes[unit]}')`;
  const { sql } = convert(moment, { kind: "datetime" }) ?? moment;
  return `strftime((${sql} AT TIME ZONE 'UTC'), '${shapes[unit]}')`;
}

function truncTime([moment, part]: readonly Typed[], building: Building): string {
  const unit = unitOf(part?.literal, building);
  return moment && isTrunc(unit)
    ? truncText(moment, unit)
    : building.refuse("TRUNC_TIME takes year, month, day or hour");
}

/** TRUNC_TIME, whose texts are partitions too. */
export const truncFunctions: readonly FunctionRow[] = [
  ["trunc_time(datetime, literal string) -> string", truncTime],
  ["trunc_time(date, literal string) -> string", truncTime],
  ["trunc_time(timestamp_ntz, literal string) -> string", truncTime],
];
