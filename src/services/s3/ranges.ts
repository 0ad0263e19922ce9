import { ServiceError } from "../../pipeline/operation.ts";
import { checkPartNumber } from "./part-number.ts";

/** Bytes from `start` up to, not including, `end`. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/**
 * Reads a Range header (RFC 9110 section 14). Undefined: the whole, as for every header that S3 ignores, such as
 * several ranges. Throws InvalidRange where nothing can be satisfied.
 */
export function readRange(header: string | undefined, size: number): ByteRange | undefined {
  const [, first = "", last = ""] = /^bytes=(\d*)-(\d*)$/.exec(header ?? "") ?? [];
  if (header === undefined || (first === "" && last === "")) return undefined;
  if (first !== "" && last !== "" && Number(first) > Number(last)) return undefined;
  const start = first === "" ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === "" || last === "" ? size : Math.min(size, Number(last) + 1);
  if (start >= size || (first === "" && Number(last) === 0)) {
    throw new ServiceError("InvalidRange", "The requested range is not satisfiable", {
      RangeRequested: header,
      ActualObjectSize: size,
    });
  }
  return { start, end };
}

/** The bytes of one part, as it was uploaded. An object that was not uploaded in parts is one part. */
export function partRange(
  number: number,
  { blobs, size }: { readonly blobs: readonly { readonly size: number }[]; readonly size: number },
): ByteRange | undefined {
  checkPartNumber(number);
  const part = blobs[number - 1];
  if (!part) {
    throw new ServiceError("InvalidPartNumber", "The requested partnumber is not satisfiable", {
      PartNumberRequested: number,
      ActualPartCount: blobs.length,
    });
  }
  if (size === 0) return undefined;
  const start = blobs.slice(0, number - 1).reduce((sum, blob) => sum + blob.size, 0);
  return { start, end: Math.min(size, start + part.size) };
}

/** CopySourceRange is stricter: both ends, inside the source. */
export function readCopyRange(header: string | undefined, size: number): ByteRange | undefined {
  if (header === undefined) return undefined;
  const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(header) ?? [];
  const start = Number(first);
  const end = Number(last) + 1;
  if (first === undefined || last === undefined || start >= end || end > size) {
    throw new ServiceError(
      "InvalidArgument",
      `Range specified is not valid for source object of size: ${size}`,
      { ArgumentName: "x-amz-copy-source-range", ArgumentValue: header },
    );
  }
  return { start, end };
}
