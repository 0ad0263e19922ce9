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
  const members: Omit<GetObjectOutput, "Body"> = {
    AcceptRanges: "bytes",
    ETag: `"${object.etag}"`,
    LastModified: new Date(object.modifiedAtMs),
    ContentType: "binary/octet-stream",
    ContentLength: range ? range.end - range.start : object.size,
  };
  // `Expires` comes back as it was sent, be it a date or not; the SDK's type knows dates only.
  Object.assign(members, object.headers, sealMembers(object.seal));
  if (whole && asked.ChecksumMode === "ENABLED") Object.assign(members, checksumMembersOf(object));
  override(members, asked, call);
  if (range) {
    const last = Math.max(range.start, range.end - 1);
    members.ContentRange = `bytes ${range.start}-${last}/${object.size}`;
  }
  if (asked.PartNumber !== undefined && object.etag.includes("-")) {
    members.PartsCount = object.blobs.length;
  }
  return { members, range };
}

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

const overriding = Object.entries(overridden) as [keyof typeof overridden, string][];

function override(members: Record<string, unknown>, asked: Asked, { principal }: S3Call): void {
  for (const [parameter, member] of overriding) {
    const value = asked[parameter];
    if (value === undefined) continue;
    if (principal.kind === "anonymous") {
      throw new ServiceError(
        "InvalidRequest",
        "Request specific response headers cannot be used for anonymous GET requests.",
      );
    }
    members[member] = value instanceof Date ? value.toUTCString() : value;
  }
}
