import type {
  ListMultipartUploadsOutput,
  ListMultipartUploadsRequest,
  ListPartsOutput,
  ListPartsRequest,
} from "@aws-sdk/client-s3";
import { type Checked, operation, ServiceError } from "../../pipeline/operation.ts";
import { type Bucket, findBucket, type S3Call } from "./find.ts";
import { commonPrefix, encoder } from "./listing.ts";
import { checksumMembers, findUpload, underWay } from "./multipart.ts";
import { partTable, type UploadRecord, uploadTable } from "./records.ts";

const pageMax = 1000;

/** How many to show; nobody gets more than a thousand at once. */
function pageSize(name: string, wanted: number | undefined): number {
  if (wanted === undefined || wanted >= 0) return Math.min(wanted ?? pageMax, pageMax);
  throw new ServiceError(
    "InvalidArgument",
    `Argument ${name} must be an integer between 0 and 2147483647`,
    { ArgumentName: name, ArgumentValue: String(wanted) },
  );
}

export const listParts = operation("ListParts", {
  action: "ListMultipartUploadParts",
  data: true,
  resolve: (input: Checked<ListPartsRequest>, call: S3Call) => findUpload(input, call),

  handle(target, { MaxParts, PartNumberMarker }): ListPartsOutput {
    const upload = underWay(target);
    const max = pageSize("max-parts", MaxParts);
    const after = Number(PartNumberMarker ?? 0);
    pageSize("part-number-marker", after);
    const found = [
      ...partTable(target.store).range({
        prefix: [upload.id],
        after: [upload.id, after],
        limit: max + 1,
      }),
    ].map(({ value }) => value);
    const shown = found.slice(0, max);
    const owner = { ID: target.account, DisplayName: target.account };
    return {
      Bucket: target.record.name,
      Key: target.key,
      UploadId: upload.id,
      PartNumberMarker: marker(after),
      NextPartNumberMarker: marker(shown.at(-1)?.number ?? 0),
      MaxParts: max,
      IsTruncated: found.length > max,
      Parts: shown.map(({ number, etag, size, modifiedAtMs, checksums }) => ({
        PartNumber: number,
        ETag: `"${etag}"`,
        Size: size,
        LastModified: new Date(modifiedAtMs),
        ...checksums,
      })),
      Initiator: { ID: upload.initiator, DisplayName: upload.initiator },
      Owner: owner,
      StorageClass: "STANDARD",
      ...checksumMembers(upload),
    };
  },
});

/** A whole number on the wire; the SDK's type shows it as text. */
const marker = (number: number): string => number as unknown as string;

export const listMultipartUploads = operation("ListMultipartUploads", {
  action: "ListBucketMultipartUploads",
  data: true,
  resolve: (input: Checked<ListMultipartUploadsRequest>, call: S3Call) => findBucket(input, call),

  handle(bucket, input): ListMultipartUploadsOutput {
    const { Prefix = "", Delimiter = "", KeyMarker = "", UploadIdMarker = "" } = input;
    const encode = encoder(input.EncodingType);
    const max = pageSize("max-uploads", input.MaxUploads);
    const { uploads, prefixes, last, more } = page(bucket, input, max);
    return {
      Bucket: bucket.record.name,
      Prefix: encode(Prefix),
      ...(Delimiter !== "" && { Delimiter: encode(Delimiter) }),
      ...(input.EncodingType !== undefined && { EncodingType: input.EncodingType }),
      KeyMarker: encode(KeyMarker),
      UploadIdMarker,
      ...(more && { NextKeyMarker: encode(last.key), NextUploadIdMarker: last.id }),
      MaxUploads: max,
      IsTruncated: more,
      Uploads: uploads.map((upload) => ({
        Key: encode(upload.key),
        UploadId: upload.id,
        Initiated: new Date(upload.startedAtMs),
        StorageClass: "STANDARD" as const,
        Owner: { ID: bucket.account, DisplayName: bucket.account },
        Initiator: { ID: upload.initiator, DisplayName: upload.initiator },
        ...checksumMembers(upload),
      })),
      CommonPrefixes: prefixes.map((prefix) => ({ Prefix: encode(prefix) })),
    };
  },
});

interface Page {
  readonly uploads: readonly UploadRecord[];
  readonly prefixes: readonly string[];
  /** Where the next page begins after. */
  readonly last: { readonly key: string; readonly id: string };
  readonly more: boolean;
}

/** Uploads after the markers, in the order of keys; an upload id counts only together with its key. */
function page(
  { store, record }: Bucket,
  input: Checked<ListMultipartUploadsRequest>,
  max: number,
): Page {
  const { Prefix = "", Delimiter = "", KeyMarker = "", UploadIdMarker = "" } = input;
  const uploads: UploadRecord[] = [];
  const prefixes: string[] = [];
  let last = { key: KeyMarker, id: UploadIdMarker };
  for (const { value } of uploadTable(store).range({
    prefix: [record.id],
    from: [record.id, Prefix],
    ...(KeyMarker !== "" && { after: [record.id, KeyMarker, UploadIdMarker] }),
  })) {
    const { key, id } = value;
    if (!key.startsWith(Prefix)) break;
    if (KeyMarker !== "" && UploadIdMarker === "" && key === KeyMarker) continue;
    const common = commonPrefix(key, Prefix, Delimiter);
    if (common !== undefined && (common === prefixes.at(-1) || common === KeyMarker)) continue;
    if (uploads.length + prefixes.length >= max) return { uploads, prefixes, last, more: max > 0 };
    if (common === undefined) uploads.push(value);
    else prefixes.push(common);
    last = common === undefined ? { key, id } : { key: common, id: "" };
  }
  return { uploads, prefixes, last, more: false };
}
