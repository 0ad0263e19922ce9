const form =
  /^\s*(\d{4})-(\d{1,2})-(\d{1,2})(?:[ T](\d{1,2}):(\d{1,2}):(\d{1,2})(?:\.(\d{1,9}))?)?\s*$/;

/** The moment at which clocks of a zone show a date, or a date and a time; undefined where they never do. */
export function momentOf(text: string, zone: string): number | undefined {
  const [, year, month, day, hour = 0, minute = 0, second = 0, fraction = ""] =
    form.exec(text) ?? [];
  if (year === undefined) return undefined;
  const fields = [year, Number(month) - 1, day, hour, minute, second].map(Number);
  const [years = 0, months = 0, days = 0, hours = 0, minutes = 0, seconds = 0] = fields;
  const shown = Date.UTC(years, months, days, hours, minutes, seconds);
  const back = new Date(shown);
  const told = [
    ...[back.getUTCFullYear(), back.getUTCMonth(), back.getUTCDate()],
    ...[back.getUTCHours(), back.getUTCMinutes(), back.getUTCSeconds()],
  ];
  if (told.some((value, at) => value !== fields[at])) return undefined;
  const near = offsetMs(shown, zone);
  if (near === undefined) return undefined;
  const offset = offsetMs(shown - near, zone) ?? near;
  return shown - offset + Number(fraction.padEnd(3, "0").slice(0, 3));
}

/** What clocks of a zone show at a moment, to the second: `2026-11-28 10:00:00`; those of UTC where no such zone is known. */
export const shownIn = (zone: string, atMs: number): string =>
  new Date(atMs + (offsetMs(atMs, zone) ?? 0)).toISOString().replace("T", " ").slice(0, 19);

/** How far clocks of a zone are before UTC at a moment; undefined where no such zone is known. */
function offsetMs(atMs: number, zone: string): number | undefined {
  try {
    const parts = new Intl.DateTimeFormat("en-US", { timeZone: zone, timeZoneName: "longOffset" });
    const { value = "GMT" } =
      parts.formatToParts(atMs).find(({ type }) => type === "timeZoneName") ?? {};
    const [, sign, hours = "0", minutes = "0", seconds = "0"] =
      /^GMT(?:([+-])(\d+):(\d+)(?::(\d+))?)?$/.exec(value) ?? [];
    const size = ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000;
    return sign === "-" ? -size : size;
  } catch {
    return undefined;
  }
}
