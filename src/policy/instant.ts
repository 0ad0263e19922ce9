const form =
  /^(\d{4})(?:-(\d{2})(?:-(\d{2})(?:T(\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?(Z|[+-]\d{2}:\d{2})?)?)?)?$/;

/**
 * Reads a moment as conditions write it: W3C's profile of ISO 8601, from the year alone to fractions of a second,
 * or seconds since 1970. Answers milliseconds; undefined when it is neither.
 */
export function parseInstant(text: string): number | undefined {
  if (/^-?\d{5,12}$/.test(text)) return Number(text) * 1000;
  const parts = form.exec(text);
  if (!parts) return undefined;
  const [, year, month, day, hour, minute, second, fraction, zone] = parts;
  const numbers = [month ?? "01", day ?? "01", hour ?? "00", minute ?? "00", second ?? "00"].map(
    Number,
  );
  const [mo = 1, d = 1, h = 0, mi = 0, s = 0] = numbers;
  const ms = Math.floor(Number(`0.${fraction ?? "0"}`) * 1000);
  const moment = new Date(Date.UTC(Number(year), mo - 1, d, h, mi, s, ms));
  // A day or an hour that does not exist would roll over into the next.
  if (moment.getUTCMonth() !== mo - 1 || moment.getUTCDate() !== d) return undefined;
  if (h > 23 || mi > 59 || s > 59) return undefined;
  return moment.getTime() - offsetMs(zone);
}

function offsetMs(zone: string | undefined): number {
  if (zone === undefined || zone === "Z") return 0;
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(4, 6));
  return (zone.startsWith("-") ? -minutes : minutes) * 60_000;
}
