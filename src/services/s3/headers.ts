import { ServiceError } from "../../pipeline/operation.ts";
import { type Checksums, checksumMembers, type ObjectHeaders } from "./records.ts";

const metadataBytesMax = 2048;

interface Given {
  readonly ContentType?: string | undefined;
  readonly ContentEncoding?: string | undefined;
  readonly ContentLanguage?: string | undefined;
  readonly ContentDisposition?: string | undefined;
  readonly CacheControl?: string | undefined;
  readonly Expires?: Date | string | undefined;
  readonly Metadata?: Readonly<Record<string, string>> | undefined;
}

/** The headers that are kept with an object. `aws-chunked` described the transfer and is dropped. */
export function givenHeaders(input: Given): ObjectHeaders {
  const { Expires, Metadata, ContentEncoding, ...plain } = input;
  checkMetadata(Metadata);
  const encoding = ContentEncoding?.split(",")
    .map((one) => one.trim())
    .filter((one) => one !== "aws-chunked")
    .join(",");
  const { ContentType, ContentLanguage, ContentDisposition, CacheControl } = plain;
  return {
    ...(ContentType !== undefined && { ContentType }),
    ...(ContentLanguage !== undefined && { ContentLanguage }),
    ...(ContentDisposition !== undefined && { ContentDisposition }),
    ...(CacheControl !== undefined && { CacheControl }),
    ...(encoding !== undefined && encoding !== "" && { ContentEncoding: encoding }),
    ...(Expires !== undefined && {
      Expires: typeof Expires === "string" ? Expires : Expires.toUTCString(),
    }),
    ...(Metadata && Object.keys(Metadata).length > 0 && { Metadata: { ...Metadata } }),
  };
}

function checkMetadata(metadata: Readonly<Record<string, string>> | undefined): void {
  const bytes = Object.entries(metadata ?? {}).reduce(
    (sum, [name, value]) => sum + Buffer.byteLength(name) + Buffer.byteLength(value),
    0,
  );
  if (bytes > metadataBytesMax) {
    throw new ServiceError(
      "MetadataTooLarge",
      "Your metadata headers exceed the maximum allowed metadata size",
      { Size: bytes, MaxSizeAllowed: metadataBytesMax },
    );
  }
}

/** The checksums that came with a body, from headers or from its trailer; the wire has verified them. */
export function givenChecksums(input: Checksums | object): Checksums {
  const given = input as Checksums;
  return Object.fromEntries(
    checksumMembers
      .filter((member) => given[member] !== undefined)
      .map((member) => [member, given[member]]),
  );
}
