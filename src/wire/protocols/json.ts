import { isUtf8 } from "node:buffer";
import { ServiceError } from "../../lib/service-error.ts";
import { decodeBase64, parseTimestamp } from "./scalars.ts";
import { createReader } from "./value-reader.ts";

/** Reads a structure from parsed JSON: bytes are base64, instants are seconds. */
export const readJson = createReader({
  blob: (value) => (typeof value === "string" ? decodeBase64(value) : undefined),
  timestamp: (value, format) => parseTimestamp(value, format),
  whole: false,
});

/** Bodies up to this size are too small to hold too many values. */
const smallBytes = 262_144;

const valuesMax = 200_000;

/** The value of a JSON body; none counts as an empty object. */
export function parseJson(body: Buffer | undefined): unknown {
  if (body === undefined || body.length === 0) return {};
  if (body.length > smallBytes && countValues(body) > valuesMax) {
    throw new ServiceError("SerializationException", "the body holds too many values");
  }
  try {
    if (isUtf8(body)) return JSON.parse(body.toString("utf8"));
  } catch {
    // Told below: what the parser says repeats the body.
  }
  throw new ServiceError("SerializationException", "the body is not JSON");
}

/** At least as many as the values of the body: three bytes of text can become fifty of memory. */
function countValues(body: Buffer): number {
  let count = 0;
  for (const byte of body) if (byte === 0x2c || byte === 0x5b || byte === 0x7b) count += 1;
  return count;
}
