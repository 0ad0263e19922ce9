import { momentOf, shownIn } from "./zoned-time.ts";

/** A schedule in Quartz's form, by the fields of the time that clocks of a zone show. */
export interface Schedule {
  readonly seconds: ReadonlySet<number>;
  readonly minutes: ReadonlySet<number>;
  readonly hours: ReadonlySet<number>;
  readonly isDay: (day: Day) => boolean;
}

interface Day {
  readonly year: number;
  /** From 1. */
  readonly month: number;
  readonly day: number;
  /** As Quartz counts: Sunday is 1. */
  readonly weekday: number;
  /** The last day of its month. */
  readonly last: number;
}

const textMax = 256;
const months = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const weekdays = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

/**
 * Reads `seconds minutes hours day-of-month month day-of-week [year]`, where one of the two days is `?`. A day of the
 * month may be `L`, the last; one of the week `6L`, the last of its kind, or `6#3`, the third. Undefined: it is none.
 */
export function readSchedule(text: string): Schedule | undefined {
  const fields = text.trim().toUpperCase().split(/\s+/);
  if (text.length > textMax || (fields.length !== 6 && fields.length !== 7)) return undefined;
  const [second = "", minute = "", hour = "", day = "", month = "", weekday = "", year = "*"] =
    fields;
  if ((day === "?") === (weekday === "?")) return undefined;
  const seconds = readField(second, 0, 59);
  const minutes = readField(minute, 0, 59);
  const hours = readField(hour, 0, 23);
  const inMonth = readField(named(month, months), 1, 12);
  const inYear = readField(year, 1970, 2099);
  const isDate = day === "?" ? readWeekday(named(weekday, weekdays)) : readDate(day);
  if (!seconds || !minutes || !hours || !inMonth || !inYear || !isDate) return undefined;
  const isDay = (one: Day) => inYear.has(one.year) && inMonth.has(one.month) && isDate(one);
  return { seconds, minutes, hours, isDay };
}

/** Names as numbers from 1. */
const named = (field: string, names: readonly string[]): string =>
  names.reduce((text, name, at) => text.replaceAll(name, String(at + 1)), field);

/** `*`, `5`, `5-9`, `5/10`, `5-9/2`, and lists of these; undefined where it is none. */
function readField(field: string, least: number, most: number): ReadonlySet<number> | undefined {
  const found = new Set<number>();
  for (const item of field.split(",")) {
    const [whole, from, to, step] =
      /^(\*|\d{1,4})(?:-(\d{1,4}))?(?:\/(\d{1,4}))?$/.exec(item) ?? [];
    if (whole === undefined || (from === "*" && to !== undefined)) return undefined;
    const first = from === "*" ? least : Number(from);
    const open = from === "*" || step !== undefined;
    const last = to === undefined ? (open ? most : first) : Number(to);
    const by = step === undefined ? 1 : Number(step);
    if (first < least || last > most || first > last || by < 1) return undefined;
    for (let value = first; value <= last; value += by) found.add(value);
  }
  return found;
}

function readDate(field: string): ((day: Day) => boolean) | undefined {
  if (field === "L") return ({ day, last }) => day === last;
  const days = readField(field, 1, 31);
  return days && (({ day }) => days.has(day));
}

function readWeekday(field: string): ((day: Day) => boolean) | undefined {
  const [special, wanted, nth] = /^([1-7])(?:L|#([1-5]))$/.exec(field) ?? [];
  if (special !== undefined) {
    return ({ weekday, day, last }) =>
      weekday === Number(wanted) &&
      (nth === undefined ? day > last - 7 : Math.ceil(day / 7) === Number(nth));
  }
  const days = readField(field, 1, 7);
  return days && (({ weekday }) => days.has(weekday));
}

/** So far back a schedule is looked for. */
const daysMax = 1500;
const dayMs = 24 * 60 * 60 * 1000;

/** When a schedule was due last, after one moment and up to another; undefined: not between them. */
export function lastDue(
  { seconds, minutes, hours, isDay }: Schedule,
  { afterMs, untilMs, zone }: { afterMs: number; untilMs: number; zone: string },
): number | undefined {
  const shown = shownIn(zone, untilMs);
  const today = Date.parse(`${shown.slice(0, 10)}T00:00:00Z`);
  const end = [...shown.slice(11).split(":")].map(Number);
  for (let back = 0; back < daysMax; back += 1) {
    const atMs = today - back * dayMs;
    // No clock is further from another than that.
    if (atMs < afterMs - 2 * dayMs) return undefined;
    if (!isDay(dayAt(atMs))) continue;
    const time = latest([hours, minutes, seconds], back === 0 ? end : [23, 59, 59]);
    if (!time) continue;
    const date = new Date(atMs).toISOString().slice(0, 10);
    const dueMs = momentOf(`${date} ${time.join(":")}`, zone);
    // Nobody knows the zone.
    if (dueMs === undefined) return undefined;
    if (dueMs > untilMs) continue;
    return dueMs > afterMs ? dueMs : undefined;
  }
  return undefined;
}

function dayAt(atMs: number): Day {
  const date = new Date(atMs);
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()];
  const last = new Date(Date.UTC(year, month + 1, 0)).getUTCDate();
  return {
    ...{ year, month: month + 1, day: date.getUTCDate() },
    ...{ weekday: date.getUTCDay() + 1, last },
  };
}

/** The greatest time of these hours, minutes and seconds that is not after `end`. */
function latest(
  [of = new Set(), ...rest]: readonly ReadonlySet<number>[],
  [most = 0, ...end]: readonly number[],
): readonly number[] | undefined {
  if (rest.length === 0 && end.length === 0) {
    const found = greatest(of, most);
    return found === undefined ? undefined : [found];
  }
  const below = of.has(most) ? latest(rest, end) : undefined;
  if (below) return [most, ...below];
  const found = greatest(of, most - 1);
  return found === undefined ? undefined : [found, ...rest.map((one) => Math.max(...one))];
}

function greatest(of: ReadonlySet<number>, most: number): number | undefined {
  const fitting = [...of].filter((value) => value <= most);
  return fitting.length > 0 ? Math.max(...fitting) : undefined;
}
