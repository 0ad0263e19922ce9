import type {
  AbortMultipartUploadRequest,
  CreateMultipartUploadOutput,
  CreateMultipartUploadRequest,
  UploadPartOutput,
  UploadPartRequest,
} from "@aws-sdk/client-s3";
import { assert } from "../../lib/assert.ts";
import { type Checked, operation, ServiceError } from "../../pipeline/operation.ts";
import { type Body, bodyOf, writeBody } from "./body.ts";
import { findKey, noBucket, type ObjectTarget, type S3Call } from "./find.ts";
import { givenChecksums, givenHeaders } from "./headers.ts";
import { checkKey, writeContext } from "./objects.ts";
import { checkPartNumber } from "./part-number.ts";
import {
  bucketTable,
  type Checksums,
  type PartRecord,
  partTable,
  type UploadRecord,
  uploadTable,
} from "./records.ts";
import { newSeal, openSeal, sealMembers } from "./sealing.ts";
import { refuseUnbuilt } from "./unbuilt.ts";
import { checkPartChecksum, wantedChecksum } from "./upload-checksums.ts";

export interface UploadTarget extends ObjectTarget {
  /** Undefined only in a target that is absent. */
  readonly upload?: UploadRecord;
}

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
    refuseUnbuilt(input);
    const checksum = wantedChecksum(input);
    const { seal } = await newSeal(target, target.key, input, call);
    const { principal } = call;
    const upload: UploadRecord = {
      // Lists show the uploads of one key in the order they were begun.
      id: call.timeMs.toString(16).padStart(12, "0") + call.parts.random.bytes(24).toString("hex"),
      key: target.key,
      startedAtMs: call.timeMs,
      headers: givenHeaders(input),
      initiator: "arn" in principal ? principal.arn : principal.kind,
      ...(seal && { seal }),
      ...checksum,
    };
    const { record, store } = target;
    await call.parts.store.transaction(() => {
      if (bucketTable(store).find([record.name])?.id !== record.id) throw noBucket(record.name);
      uploadTable(store).put([record.id, upload.key, upload.id], upload);
    });
    return {
      Bucket: target.record.name,
      Key: target.key,
      UploadId: upload.id,
      ...sealMembers(seal),
      ...checksumMembers(upload),
    };
  },
});

/** How the answers of an upload name its checksum. */
export const checksumMembers = ({ checksumAlgorithm, checksumType }: UploadRecord) => ({
  ...(checksumAlgorithm && { ChecksumAlgorithm: checksumAlgorithm }),
  ...(checksumType && { ChecksumType: checksumType }),
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

/**
 * Writes a part; one of the same number is replaced. `checksums` is read after the body has come; absent where no
 * client could send any, in a copy.
 */
export async function keepPart(
  target: UploadTarget,
  number: number,
  body: Body,
  checksums: Checksums | object | undefined,
  call: S3Call,
): Promise<PartRecord> {
  checkPartNumber(number);
  const { store, record, key } = target;
  const upload = underWay(target);
  const sealer = await openSeal(upload.seal, target, call);
  const written = await writeBody(target, body, sealer, upload.checksumAlgorithm);
  const { blob, md5 } = written;
  const given = givenChecksums(checksums ?? {});
  const part: PartRecord = {
    number,
    blob,
    etag: md5,
    size: blob.size,
    modifiedAtMs: call.timeMs,
    checksums: { ...given, ...written.checksums },
  };
  const parts = partTable(store);
  await call.parts.store
    .transaction(() => {
      if (checksums) checkPartChecksum(upload, given);
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

  async handle(target, { IfMatchInitiatedTime: begun }, call): Promise<void> {
    const { store, record, key } = target;
    const { id, startedAtMs } = underWay(target);
    if (begun && Math.floor(startedAtMs / 1000) !== Math.floor(begun.getTime() / 1000)) {
      throw new ServiceError(
        "PreconditionFailed",
        "At least one of the pre-conditions you specified did not hold",
        { Condition: "x-amz-if-match-initiated-time" },
      );
    }
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
