import type { NumberShape, TimestampFormat } from "../model.ts";

const base64 = /^[A-Za-z0-9+/]*={0,2}$/;

/** Bytes from base64, or undefined: nothing is skipped, and padding is where it must be. */
export function decodeBase64(text: string): Buffer | undefined {
  if (text.length % 4 !== 0 || !base64.test(text)) return undefined;
  return Buffer.from(text, "base64");
}

/** The text of bytes, whatever kind of byte array a handler gave. */
export function encodeBase64(bytes: Uint8Array): string {
  return asBuffer(bytes).toString("base64");
}

/** The same bytes as a Buffer, not copied. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes)
    ? bytes
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Whether the number is one that the kind can hold. */
export function isInRange(value: number, kind: NumberShape["kind"]): boolean {
  if (kind === "integer") return Number.isInteger(value) && value === (value | 0);
  if (kind === "long") return Number.isInteger(value) && Math.abs(value) <= 2 ** 63;
  return Number.isFinite(value);
}

const numeric: Readonly<Record<NumberShape["kind"], RegExp>> = {
  integer: /^[+-]?\d{1,10}$/,
  long: /^[+-]?\d{1,19}$/,
  float: /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/,
  double: /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/,
};

/** A number from its text, as headers, queries and XML carry it. */
export function parseNumber(text: string, kind: NumberShape["kind"]): number | undefined {
  if (text.length > 40 || !numeric[kind].test(text)) return undefined;
  const value = Number(text);
  return isInRange(value, kind) ? value : undefined;
}

/** The largest instant that a Date holds. */
const instantMaxMs = 8.64e15;

const iso8601 = /^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})?)?$/;
const rfc822 = /^[A-Z][a-z]{2}, \d{1,2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} (GMT|[+-]\d{4})$/;

/** A Date from seconds since the epoch, or from text in the format. */
export function parseTimestamp(
  value: unknown,
  format: TimestampFormat = "unixTimestamp",
): Date | undefined {
  if (typeof value === "number") return dateOf(value * 1000);
  if (typeof value !== "string" || value.length > 64) return undefined;
  if (format === "unixTimestamp") {
    const seconds = parseNumber(value, "double");
    return seconds === undefined ? undefined : dateOf(seconds * 1000);
  }
  if (iso8601.test(value)) {
    // A date without a zone is one in UTC.
    const zoned = /(Z|[+-]\d{2}:?\d{2})$/.test(value.slice(10)) || value.length === 10;
    return dateOf(Date.parse(zoned ? value : `${value}Z`));
  }
  return rfc822.test(value) ? dateOf(Date.parse(value)) : undefined;
}

/** A Date, or undefined where no Date can hold the instant. */
export function dateOf(ms: number): Date | undefined {
  return Math.abs(ms) <= instantMaxMs ? new Date(Math.round(ms)) : undefined;
}

/** A timestamp as text in the format. */
export function formatTimestamp(date: Date, format: TimestampFormat): string {
  if (format === "unixTimestamp") return String(date.getTime() / 1000);
  if (format === "rfc822") return date.toUTCString();
  const text = date.toISOString();
  return text.endsWith(".000Z") ? `${text.slice(0, -5)}Z` : text;
}
