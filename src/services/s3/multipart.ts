import type {
  AbortMultipartUploadRequest,
  CreateMultipartUploadOutput,
  CreateMultipartUploadRequest,
  ListMultipartUploadsOutput,
  ListMultipartUploadsRequest,
  ListPartsOutput,
  ListPartsRequest,
  UploadPartOutput,
  UploadPartRequest,
} from "@aws-sdk/client-s3";
import { assert } from "../../lib/assert.ts";
import { type Checked, operation, ServiceError } from "../../pipeline/operation.ts";
import { type Body, bodyOf, writeBody } from "./body.ts";
import { findBucket, findKey, type ObjectTarget, type S3Call } from "./find.ts";
import { givenChecksums, givenHeaders } from "./headers.ts";
import { checkKey, writeContext } from "./objects.ts";
import {
  type Checksums,
  type PartRecord,
  partTable,
  type UploadRecord,
  uploadTable,
} from "./records.ts";
import { newSeal, openSeal, sealMembers } from "./sealing.ts";

export interface UploadTarget extends ObjectTarget {
  /** Undefined only in a target that is absent. */
  readonly upload?: UploadRecord;
}

const partsMax = 10_000;

/** The upload under way that an input names. */
export function findUpload(
  input: {
    readonly Bucket?: string | undefined;
    readonly Key?: string | undefined;
    readonly UploadId?: string | undefined;
  },
  call: S3Call,
): UploadTarget {
  const target = findKey(input, call);
  const upload = uploadTable(target.store).find([
    target.record.id,
    target.key,
    input.UploadId ?? "",
  ]);
  return upload ? { ...target, upload } : { ...target, absent: { refusal: noUpload() } };
}

const noUpload = (): ServiceError =>
  new ServiceError(
    "NoSuchUpload",
    "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.",
  );

export function underWay({ upload }: UploadTarget): UploadRecord {
  assert(upload, "an upload that is missing is refused before it is handled");
  return upload;
}

/** Begins an upload; all its parts are sealed with the data key made here. */
export const createMultipartUpload = operation("CreateMultipartUpload", {
  action: "PutObject",
  data: true,
  readOnly: false,
  resolve: (input: Checked<CreateMultipartUploadRequest>, call: S3Call) => findKey(input, call),
  context: writeContext,

  async handle(target, input, call): Promise<CreateMultipartUploadOutput> {
    checkKey(target.key);
    const { seal } = await newSeal(target, target.key, input, call);
    const { principal } = call;
    const upload: UploadRecord = {
      id: call.parts.random.bytes(32).toString("base64url"),
      key: target.key,
      startedAtMs: call.timeMs,
      headers: givenHeaders(input),
      initiator: "arn" in principal ? principal.arn : principal.kind,
      ...(seal && { seal }),
      ...(input.ChecksumAlgorithm !== undefined && { checksumAlgorithm: input.ChecksumAlgorithm }),
    };
    await call.parts.store.transaction(() =>
      uploadTable(target.store).put([target.record.id, upload.key, upload.id], upload),
    );
    return {
      Bucket: target.record.name,
      Key: target.key,
      UploadId: upload.id,
      ...sealMembers(seal),
      ...(input.ChecksumAlgorithm !== undefined && { ChecksumAlgorithm: input.ChecksumAlgorithm }),
    };
  },
});

export const uploadPart = operation("UploadPart", {
  action: "PutObject",
  data: true,
  readOnly: false,
  resolve: (input: Checked<UploadPartRequest>, call: S3Call) => findUpload(input, call),

  async handle(target, input, call): Promise<UploadPartOutput> {
    const part = await keepPart(target, input.PartNumber ?? 0, bodyOf(input), input, call);
    return {
      ETag: `"${part.etag}"`,
      ...part.checksums,
      ...sealMembers(underWay(target).seal),
    };
  },
});

/** Writes a part; one of the same number is replaced. `checksums` is read after the body has come. */
export async function keepPart(
  target: UploadTarget,
  number: number,
  body: Body,
  checksums: Checksums | object,
  call: S3Call,
): Promise<PartRecord> {
  if (!(number >= 1 && number <= partsMax)) {
    throw new ServiceError(
      "InvalidArgument",
      `Part number must be an integer between 1 and ${partsMax}, inclusive`,
      { ArgumentName: "partNumber", ArgumentValue: String(number) },
    );
  }
  const { store, record, key } = target;
  const upload = underWay(target);
  const sealer = await openSeal(upload.seal, target, call);
  const { blob, md5 } = await writeBody(target, body, sealer);
  const part: PartRecord = {
    number,
    blob,
    etag: md5,
    size: blob.size,
    modifiedAtMs: call.timeMs,
    checksums: givenChecksums(checksums),
  };
  const parts = partTable(store);
  await call.parts.store
    .transaction(() => {
      if (!uploadTable(store).find([record.id, key, upload.id])) throw noUpload();
      const old = parts.find([upload.id, number]);
      store.blobs.keep(blob);
      parts.put([upload.id, number], part);
      if (old) store.blobs.remove(old.blob);
    })
    .catch((error: unknown) => {
      store.blobs.discard(blob);
      throw error;
    });
  return part;
}

/** Ends an upload and drops its parts. */
export const abortMultipartUpload = operation("AbortMultipartUpload", {
  data: true,
  readOnly: false,
  resolve: (input: Checked<AbortMultipartUploadRequest>, call: S3Call) => findUpload(input, call),

  async handle(target, _input, call): Promise<void> {
    const { store, record, key } = target;
    const { id } = underWay(target);
    const parts = partTable(store);
    await call.parts.store.transaction(() => {
      uploadTable(store).remove([record.id, key, id]);
      for (const { value } of [...parts.range({ prefix: [id] })]) {
        parts.remove([id, value.number]);
        store.blobs.remove(value.blob);
      }
    });
  },
});

export const listParts = operation("ListParts", {
  action: "ListMultipartUploadParts",
  data: true,
  resolve: (input: Checked<ListPartsRequest>, call: S3Call) => findUpload(input, call),

  handle(target, { MaxParts = 1000, PartNumberMarker }): ListPartsOutput {
    const { id } = underWay(target);
    const max = Math.min(MaxParts, 1000);
    const after = Number(PartNumberMarker ?? 0);
    const found = [
      ...partTable(target.store).range({ prefix: [id], after: [id, after], limit: max + 1 }),
    ].map(({ value }) => value);
    const shown = found.slice(0, max);
    const owner = { ID: target.account, DisplayName: target.account };
    return {
      Bucket: target.record.name,
      Key: target.key,
      UploadId: id,
      PartNumberMarker: String(after),
      ...(found.length > max && { NextPartNumberMarker: String(shown.at(-1)?.number) }),
      MaxParts: max,
      IsTruncated: found.length > max,
      Parts: shown.map(({ number, etag, size, modifiedAtMs, checksums }) => ({
        PartNumber: number,
        ETag: `"${etag}"`,
        Size: size,
        LastModified: new Date(modifiedAtMs),
        ...checksums,
      })),
      Initiator: owner,
      Owner: owner,
      StorageClass: "STANDARD",
    };
  },
});

export const listMultipartUploads = operation("ListMultipartUploads", {
  action: "ListBucketMultipartUploads",
  data: true,
  resolve: ({ Bucket }: Checked<ListMultipartUploadsRequest>, call: S3Call) =>
    findBucket(Bucket, call),

  handle({ record, store }, input): ListMultipartUploadsOutput {
    const { Prefix = "", KeyMarker = "", UploadIdMarker = "", MaxUploads = 1000 } = input;
    if (input.Delimiter !== undefined) {
      throw new ServiceError(
        "NotImplemented",
        "ListMultipartUploads with a delimiter is not built in this Bondstore yet",
      );
    }
    const max = Math.min(MaxUploads, 1000);
    const found: UploadRecord[] = [];
    for (const { value } of uploadTable(store).range({ prefix: [record.id] })) {
      const later = value.key > KeyMarker || (value.key === KeyMarker && value.id > UploadIdMarker);
      if (!value.key.startsWith(Prefix) || !later) continue;
      found.push(value);
      if (found.length > max) break;
    }
    const shown = found.slice(0, max);
    const more = found.length > max;
    return {
      Bucket: record.name,
      Prefix,
      KeyMarker,
      UploadIdMarker,
      ...(more && {
        NextKeyMarker: shown.at(-1)?.key,
        NextUploadIdMarker: shown.at(-1)?.id,
      }),
      MaxUploads: max,
      IsTruncated: more,
      Uploads: shown.map(({ key, id, startedAtMs, initiator }) => ({
        Key: key,
        UploadId: id,
        Initiated: new Date(startedAtMs),
        StorageClass: "STANDARD" as const,
        Initiator: { ID: initiator, DisplayName: initiator },
      })),
    };
  },
});
