import { isUtf8 } from "node:buffer";
import { ServiceError } from "../../lib/service-error.ts";
import { decodeBase64, parseTimestamp } from "./scalars.ts";
import { createReader } from "./value-reader.ts";

/** Reads a structure from parsed JSON: bytes are base64, instants are seconds. */
export const readJson = createReader({
  blob: (value) => (typeof value === "string" ? decodeBase64(value) : undefined),
  timestamp: (value, format) => parseTimestamp(value, format),
});

/** The value of a JSON body; none counts as an empty object. */
export function parseJson(body: Buffer | undefined): unknown {
  if (body === undefined || body.length === 0) return {};
  try {
    if (isUtf8(body)) return JSON.parse(body.toString("utf8"));
  } catch {
    // Told below: what the parser says repeats the body.
  }
  throw new ServiceError("SerializationException", "the body is not JSON");
}
