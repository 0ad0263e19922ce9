import type {
  ListObjectsOutput,
  ListObjectsRequest,
  ListObjectsV2Output,
  ListObjectsV2Request,
} from "@aws-sdk/client-s3";
import { type Checked, operation, ServiceError } from "../../pipeline/operation.ts";
import type { Range } from "../../storage/store.ts";
import { decodeToken } from "./buckets.ts";
import { type Bucket, findBucket, type S3Call } from "./find.ts";
import { type ObjectRecord, objectTable } from "./records.ts";

const keysMax = 1000;
interface Page {
  readonly contents: readonly ObjectRecord[];
  readonly prefixes: readonly string[];
  readonly truncated: boolean;
  /** The last key or common prefix of the page. */
  readonly marker: string;
}

interface Wanted {
  readonly prefix: string;
  readonly delimiter: string;
  /** Only keys and common prefixes after this one. */
  readonly after: string;
  readonly max: number;
}

/** One page of keys; those that share a prefix up to the delimiter are counted as one and skipped over. */
function list({ store, record }: Bucket, { prefix, delimiter, after, max }: Wanted): Page {
  const contents: ObjectRecord[] = [];
  const prefixes: string[] = [];
  let marker = after;
  if (max === 0) return { contents, prefixes, truncated: false, marker };
  const table = objectTable(store);
  const seen = commonPrefix(after, prefix, delimiter) === after ? after : undefined;
  let start: Range = { from: [record.id, prefix] };
  if (seen !== undefined) start = afterPrefix(record.id, seen);
  else if (after !== "") start = { ...start, after: [record.id, after] };
  for (;;) {
    let common: string | undefined;
    for (const { key, value } of table.range({ prefix: [record.id], ...start })) {
      const name = String(key[1]);
      if (!name.startsWith(prefix)) return { contents, prefixes, truncated: false, marker };
      if (contents.length + prefixes.length >= max) {
        return { contents, prefixes, truncated: true, marker };
      }
      common = commonPrefix(name, prefix, delimiter);
      if (common !== undefined) break;
      contents.push(value);
      marker = name;
    }
    if (common === undefined) return { contents, prefixes, truncated: false, marker };
    prefixes.push(common);
    marker = common;
    start = afterPrefix(record.id, common);
  }
}

/** Keys after all that begin with a text: from the next text of its length, in the order of code points. */
function afterPrefix(bucketId: string, text: string): Range {
  const points = Array.from(text, (char) => char.codePointAt(0) ?? 0);
  while (points.at(-1) === 0x10ffff) points.pop();
  const last = points.pop();
  // No key of the bucket comes after: an empty range, before the bucket's first key.
  if (last === undefined) return { before: [bucketId] };
  points.push(last === 0xd7ff ? 0xe000 : last + 1);
  return { from: [bucketId, String.fromCodePoint(...points)] };
}

/** A name up to the first delimiter after the prefix. */
export function commonPrefix(name: string, prefix: string, delimiter: string): string | undefined {
  if (delimiter === "" || !name.startsWith(prefix)) return undefined;
  const at = name.indexOf(delimiter, prefix.length);
  return at < 0 ? undefined : name.slice(0, at + delimiter.length);
}

/** Condition keys of both lists. */
const listContext = (input: {
  readonly Prefix?: string | undefined;
  readonly Delimiter?: string | undefined;
  readonly MaxKeys?: number | undefined;
}): Record<string, string | undefined> => ({
  "s3:prefix": input.Prefix,
  "s3:delimiter": input.Delimiter,
  "s3:max-keys": input.MaxKeys === undefined ? undefined : String(input.MaxKeys),
});

/** `encoding-type=url` lets keys travel that XML cannot hold. */
export function encoder(type: string | undefined): (text: string) => string {
  if (type === undefined) return (text) => text;
  if (type === "url") {
    return (text) => encodeURIComponent(text).replace(/%2F/g, "/").replace(/%20/g, "+");
  }
  throw new ServiceError("InvalidArgument", "Invalid Encoding Method specified in Request", {
    ArgumentName: "encoding-type",
    ArgumentValue: type,
  });
}

const pageSize = (wanted: number | undefined): number => {
  if (wanted !== undefined && wanted < 0) {
    throw new ServiceError(
      "InvalidArgument",
      "Argument maxKeys must be an integer between 0 and 2147483647",
      { ArgumentName: "maxKeys", ArgumentValue: String(wanted) },
    );
  }
  return Math.min(wanted ?? keysMax, keysMax);
};

const shown = (record: ObjectRecord, encode: (text: string) => string) => ({
  Key: encode(record.key),
  LastModified: new Date(record.modifiedAtMs),
  ETag: `"${record.etag}"`,
  Size: record.size,
  StorageClass: "STANDARD" as const,
});

export const listObjectsV2 = operation("ListObjectsV2", {
  action: "ListBucket",
  data: true,
  resolve: (input: Checked<ListObjectsV2Request>, call: S3Call) => findBucket(input, call),
  context: listContext,

  handle(bucket, input): ListObjectsV2Output {
    const { Prefix = "", Delimiter = "", StartAfter = "", ContinuationToken } = input;
    const encode = encoder(input.EncodingType);
    const max = pageSize(input.MaxKeys);
    const after = ContinuationToken === undefined ? StartAfter : decodeToken(ContinuationToken);
    const page = list(bucket, { prefix: Prefix, delimiter: Delimiter, after, max });
    const owner = input.FetchOwner
      ? { Owner: { ID: bucket.account, DisplayName: bucket.account } }
      : {};
    return {
      Name: bucket.record.name,
      Prefix: encode(Prefix),
      ...(Delimiter !== "" && { Delimiter: encode(Delimiter) }),
      ...(StartAfter !== "" && { StartAfter: encode(StartAfter) }),
      ...(input.EncodingType !== undefined && { EncodingType: input.EncodingType }),
      MaxKeys: max,
      KeyCount: page.contents.length + page.prefixes.length,
      IsTruncated: page.truncated,
      ...(ContinuationToken !== undefined && { ContinuationToken }),
      ...(page.truncated && {
        NextContinuationToken: Buffer.from(page.marker).toString("base64url"),
      }),
      Contents: page.contents.map((record) => ({ ...shown(record, encode), ...owner })),
      CommonPrefixes: page.prefixes.map((prefix) => ({ Prefix: encode(prefix) })),
    };
  },
});

export const listObjects = operation("ListObjects", {
  action: "ListBucket",
  data: true,
  resolve: (input: Checked<ListObjectsRequest>, call: S3Call) => findBucket(input, call),
  context: listContext,

  handle(bucket, input): ListObjectsOutput {
    const { Prefix = "", Delimiter = "", Marker = "" } = input;
    const encode = encoder(input.EncodingType);
    const max = pageSize(input.MaxKeys);
    const page = list(bucket, { prefix: Prefix, delimiter: Delimiter, after: Marker, max });
    const Owner = { ID: bucket.account, DisplayName: bucket.account };
    return {
      Name: bucket.record.name,
      Prefix: encode(Prefix),
      Marker: encode(Marker),
      ...(Delimiter !== "" && { Delimiter: encode(Delimiter) }),
      ...(input.EncodingType !== undefined && { EncodingType: input.EncodingType }),
      MaxKeys: max,
      IsTruncated: page.truncated,
      ...(page.truncated && Delimiter !== "" && { NextMarker: encode(page.marker) }),
      Contents: page.contents.map((record) => ({ ...shown(record, encode), Owner })),
      CommonPrefixes: page.prefixes.map((prefix) => ({ Prefix: encode(prefix) })),
    };
  },
});
