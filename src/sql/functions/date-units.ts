import type { Building } from "./row.ts";

/** Units by the names that date functions take, with DuckDB's own. */
const units: Readonly<Record<string, string>> = {
  yyyy: "year",
  year: "year",
  years: "year",
  q: "quarter",
  quarter: "quarter",
  mm: "month",
  mon: "month",
  month: "month",
  months: "month",
  week: "week",
  w: "week",
  dd: "day",
  day: "day",
  days: "day",
  hh: "hour",
  hour: "hour",
  hours: "hour",
  mi: "minute",
  minute: "minute",
  minutes: "minute",
  ss: "second",
  second: "second",
  seconds: "second",
  ff3: "millisecond",
  millisecond: "millisecond",
};

/** DuckDB's name of a unit, where a text names one. */
export function unitNamed(name: unknown): string | undefined {
  const unit = typeof name === "string" ? name.toLowerCase().replace(/^-/, "") : "";
  return Object.hasOwn(units, unit) ? units[unit] : undefined;
}

/** The same where it must name one. */
export const unitOf = (name: unknown, building: Building): string =>
  unitNamed(name) ?? building.refuse(`'${String(name)}' is no unit of time`);

export const isClockUnit = (unit: string): boolean =>
  /^(hour|minute|second|millisecond)$/.test(unit);

const masks: readonly (readonly [token: RegExp, strftime: string])[] = [
  [/^yyyy/i, "%Y"],
  [/^yy/i, "%y"],
  [/^mi/i, "%M"],
  [/^mm/i, "%m"],
  [/^dd/i, "%d"],
  [/^hh24/i, "%H"],
  [/^hh/i, "%H"],
  [/^ss/i, "%S"],
  [/^ff3/i, "%g"],
  [/^ff6/i, "%f"],
];

/** Java's letters, where case tells months from minutes. */
const javaMasks: readonly (readonly [token: RegExp, strftime: string])[] = [
  [/^[yY]{3,}/, "%Y"],
  [/^[yY]{2}/, "%y"],
  [/^[yY]/, "%-Y"],
  [/^MMMM/, "%B"],
  [/^MMM/, "%b"],
  [/^MM/, "%m"],
  [/^M/, "%-m"],
  [/^dd/, "%d"],
  [/^DDD/, "%j"],
  [/^d/, "%-d"],
  [/^HH/, "%H"],
  [/^H/, "%-H"],
  [/^hh/, "%I"],
  [/^h/, "%-I"],
  [/^mi|^mm/, "%M"],
  [/^m/, "%-M"],
  [/^ss/, "%S"],
  [/^s/, "%-S"],
  [/^SSSSSS/, "%f"],
  [/^SSS/, "%g"],
  [/^EEEE/, "%A"],
  [/^E+/, "%a"],
  [/^a/, "%p"],
  [/^[uv]/, "%u"],
];

/** Whose letters a mask has: MaxCompute's, Java's, or those of DATE_FORMAT, which has milliseconds too. */
export type Masks = "moment" | "java" | "format";

const tokens: Readonly<Record<Masks, typeof masks>> = {
  moment: masks,
  java: javaMasks,
  format: [[/^SSS/, "%g"], ...masks],
};

/** A mask in strftime's words. What is no token stands for itself. */
export function maskOf(mask: unknown, building: Building, kind: Masks = "moment"): string {
  if (typeof mask !== "string" || mask.length > 200)
    return building.refuse("the format must be a short constant text");
  let rest = mask;
  let result = "";
  while (rest !== "") {
    const found = tokens[kind].find(([token]) => token.test(rest));
    const quoted = kind === "java" ? /^'([^']*)'/.exec(rest) : null;
    if (quoted) result += (quoted[1] || "'").replaceAll("%", "%%");
    else result += found ? found[1] : rest.charAt(0).replace("%", "%%");
    rest = rest.slice(quoted?.[0].length ?? (found ? (found[0].exec(rest)?.[0].length ?? 1) : 1));
  }
  return result;
}
