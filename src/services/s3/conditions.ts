import { ServiceError } from "../../pipeline/operation.ts";
import type { ObjectRecord } from "./records.ts";

interface ReadConditions {
  readonly IfMatch?: string | undefined;
  readonly IfNoneMatch?: string | undefined;
  readonly IfModifiedSince?: Date | undefined;
  readonly IfUnmodifiedSince?: Date | undefined;
}

const wholeSecond = (ms: number): number => Math.floor(ms / 1000) * 1000;

const names = (header: string, etag: string): boolean =>
  header
    .split(",")
    .map((one) =>
      one
        .trim()
        .replace(/^W\//, "")
        .replace(/^"(.*)"$/, "$1"),
    )
    .some((one) => one === "*" || one === etag);

const failed = (condition: string): ServiceError =>
  new ServiceError(
    "PreconditionFailed",
    "At least one of the pre-conditions you specified did not hold",
    { Condition: condition },
  );

/** Conditions of GET and HEAD, in the order of RFC 9110 section 13.2.2. Throws 412, or 304 as `NotModified`. */
export function checkRead(conditions: ReadConditions, object: ObjectRecord): void {
  const { IfMatch, IfNoneMatch, IfModifiedSince, IfUnmodifiedSince } = conditions;
  const modified = wholeSecond(object.modifiedAtMs);
  if (IfMatch !== undefined) {
    if (!names(IfMatch, object.etag)) throw failed("If-Match");
  } else if (IfUnmodifiedSince && modified > IfUnmodifiedSince.getTime()) {
    throw failed("If-Unmodified-Since");
  }
  const unchanged =
    IfNoneMatch !== undefined
      ? names(IfNoneMatch, object.etag)
      : IfModifiedSince !== undefined && modified <= IfModifiedSince.getTime();
  if (unchanged) {
    throw new ServiceError("NotModified", "Not Modified", {
      ETag: `"${object.etag}"`,
      LastModified: new Date(object.modifiedAtMs),
    });
  }
}

/** Conditions of a write: create only, or replace only what is known. */
export function checkWrite(
  { IfMatch, IfNoneMatch }: Pick<ReadConditions, "IfMatch" | "IfNoneMatch">,
  old: ObjectRecord | undefined,
): void {
  if (IfNoneMatch !== undefined && IfNoneMatch !== "*") {
    throw new ServiceError(
      "NotImplemented",
      "A header you provided implies functionality that is not implemented",
      { Header: "If-None-Match" },
    );
  }
  if (IfNoneMatch !== undefined && old) throw failed("If-None-Match");
  if (IfMatch === undefined) return;
  if (!old) throw new ServiceError("NoSuchKey", "The specified key does not exist.");
  if (!names(IfMatch, old.etag)) throw failed("If-Match");
}

interface DeleteConditions {
  readonly IfMatch?: string | undefined;
  readonly IfMatchLastModifiedTime?: Date | undefined;
  readonly IfMatchSize?: number | undefined;
}

/** Conditions of a delete; what is not there fits them all. */
export function checkDelete(conditions: DeleteConditions, old: ObjectRecord | undefined): void {
  if (!old) return;
  const { IfMatch, IfMatchLastModifiedTime: time, IfMatchSize: size } = conditions;
  if (IfMatch !== undefined && !names(IfMatch, old.etag)) throw failed("If-Match");
  if (size !== undefined && size !== old.size) throw failed("x-amz-if-match-size");
  if (time && wholeSecond(old.modifiedAtMs) !== wholeSecond(time.getTime())) {
    throw failed("x-amz-if-match-last-modified-time");
  }
}

interface CopyConditions {
  readonly CopySourceIfMatch?: string | undefined;
  readonly CopySourceIfNoneMatch?: string | undefined;
  readonly CopySourceIfModifiedSince?: Date | undefined;
  readonly CopySourceIfUnmodifiedSince?: Date | undefined;
}

/** The same for the source of a copy; there, an unchanged source is a failed condition. */
export function checkCopy(input: CopyConditions, source: ObjectRecord): void {
  try {
    checkRead(
      {
        IfMatch: input.CopySourceIfMatch,
        IfNoneMatch: input.CopySourceIfNoneMatch,
        IfModifiedSince: input.CopySourceIfModifiedSince,
        IfUnmodifiedSince: input.CopySourceIfUnmodifiedSince,
      },
      source,
    );
  } catch (error) {
    throw error instanceof ServiceError && error.code === "NotModified"
      ? failed("x-amz-copy-source-If-None-Match")
      : error;
  }
}
