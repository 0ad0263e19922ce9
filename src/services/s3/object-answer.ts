import type { GetObjectOutput, GetObjectRequest } from "@aws-sdk/client-s3";
import { type Checked, ServiceError } from "../../pipeline/operation.ts";
import type { S3Call } from "./find.ts";
import { type ByteRange, partRange, readRange } from "./ranges.ts";
import type { ObjectRecord } from "./records.ts";
import { sealMembers } from "./sealing.ts";

type Asked = Pick<Checked<GetObjectRequest>, "Range" | "PartNumber" | "ChecksumMode"> &
  Partial<Record<keyof typeof overridden, string | Date | undefined>>;

/** What GetObject and HeadObject say of an object, and which of its bytes are meant; undefined: all. */
export function describeAnswer(
  object: ObjectRecord,
  asked: Asked,
  call: S3Call,
): { readonly members: Omit<GetObjectOutput, "Body">; readonly range: ByteRange | undefined } {
  if (asked.Range !== undefined && asked.PartNumber !== undefined) {
    throw new ServiceError("InvalidRequest", "Cannot specify both Range header and partNumber");
  }
  const range =
    asked.PartNumber === undefined
      ? readRange(asked.Range, object.size)
      : partRange(asked.PartNumber, object);
  const whole = !range || range.end - range.start === object.size;
  const { Expires, ...headers } = object.headers;
  const members = {
    AcceptRanges: "bytes",
    ETag: `"${object.etag}"`,
    LastModified: new Date(object.modifiedAtMs),
    ContentType: "binary/octet-stream",
    ...headers,
    ...(Expires !== undefined && { Expires: expiry(Expires) }),
    ...sealMembers(object.seal),
    ...(whole && asked.ChecksumMode === "ENABLED" && checksumMembersOf(object)),
    ...overrides(asked, call),
    ContentLength: range ? range.end - range.start : object.size,
    ...(range && {
      ContentRange: `bytes ${range.start}-${Math.max(range.start, range.end - 1)}/${object.size}`,
    }),
    ...(asked.PartNumber !== undefined &&
      object.etag.includes("-") && { PartsCount: object.blobs.length }),
  };
  return { members, range };
}

/** The header comes back as it was sent, be it a date or not; the SDK's type knows dates only. */
const expiry = (text: string): Date => text as unknown as Date;

export function checksumMembersOf({ checksums, checksumType = "FULL_OBJECT" }: ObjectRecord) {
  if (Object.keys(checksums).length === 0) return {};
  return { ...checksums, ChecksumType: checksumType };
}

/** The response-* parameters, and the members that they replace. */
const overridden = {
  ResponseContentType: "ContentType",
  ResponseContentDisposition: "ContentDisposition",
  ResponseContentEncoding: "ContentEncoding",
  ResponseContentLanguage: "ContentLanguage",
  ResponseCacheControl: "CacheControl",
  ResponseExpires: "Expires",
} as const;

function overrides(asked: Asked, { principal }: S3Call): Record<string, unknown> {
  const given: Record<string, unknown> = {};
  for (const [parameter, member] of Object.entries(overridden)) {
    const value = asked[parameter as keyof typeof overridden];
    if (value !== undefined) given[member] = value instanceof Date ? value.toUTCString() : value;
  }
  if (principal.kind === "anonymous" && Object.keys(given).length > 0) {
    throw new ServiceError(
      "InvalidRequest",
      "Request specific response headers cannot be used for anonymous GET requests.",
    );
  }
  return given;
}
