import type {
  CompletedPart,
  CompleteMultipartUploadOutput,
  CompleteMultipartUploadRequest,
} from "@aws-sdk/client-s3";
import { createHasher } from "../../lib/hash.ts";
import { type Checked, operation, ServiceError } from "../../pipeline/operation.ts";
import { checkWrite } from "./conditions.ts";
import { findKey, type S3Call } from "./find.ts";
import { givenChecksums } from "./headers.ts";
import { findUpload, type UploadTarget, underWay } from "./multipart.ts";
import { checksumMembersOf } from "./object-answer.ts";
import { replace } from "./objects.ts";
import { checkPartNumber } from "./part-number.ts";
import { type ObjectRecord, type PartRecord, partTable, uploadTable } from "./records.ts";
import { sealMembers } from "./sealing.ts";
import { checkNamed, checkType, fitsPart, joinedChecksum } from "./upload-checksums.ts";

const partBytesMin = 5 * 1_048_576;

/** Makes one object of the parts named, in their order; parts that are not named are dropped. */
export const completeMultipartUpload = operation("CompleteMultipartUpload", {
  action: "PutObject",
  data: true,
  readOnly: false,
  resolve: (input: Checked<CompleteMultipartUploadRequest>, call: S3Call) =>
    findCompleted(input, call) ?? findUpload(input, call),

  async handle(target, input, call): Promise<CompleteMultipartUploadOutput> {
    if (!target.upload && target.object) return answer(target, target.object, call);
    const upload = underWay(target);
    const chosen = chooseParts(target, input.MultipartUpload?.Parts ?? []);
    checkWrite(input, target.object);
    checkType(upload, input.ChecksumType);
    const size = chosen.reduce((sum, part) => sum + part.size, 0);
    checkSize(input.MpuObjectSize, size);
    const record: ObjectRecord = {
      key: target.key,
      size,
      etag: etagOf(chosen.map(({ etag }) => etag)),
      modifiedAtMs: call.timeMs,
      blobs: chosen.map(({ blob }) => blob),
      headers: upload.headers,
      ...joinedChecksum(upload, chosen, givenChecksums(input)),
      ...(upload.seal && { seal: upload.seal }),
      uploadId: upload.id,
    };
    await finish(target, record, chosen, input, call);
    return answer(target, record, call);
  },
});

/** The object, where this upload made it already: a client that lost the answer asks again and gets it. */
function findCompleted(
  input: Checked<CompleteMultipartUploadRequest>,
  call: S3Call,
): UploadTarget | undefined {
  const target = findKey(input, call);
  const { object } = target;
  if (object?.uploadId === undefined || object.uploadId !== input.UploadId) return undefined;
  const named = input.MultipartUpload?.Parts ?? [];
  const etags = named.map(({ ETag = "" }) => ETag.replace(/^"(.*)"$/, "$1"));
  return etagOf(etags) === object.etag ? target : undefined;
}

const answer = (
  { record, key }: UploadTarget,
  object: ObjectRecord,
  call: S3Call,
): CompleteMultipartUploadOutput => ({
  Location: `${call.parts.endpoint()}/${record.name}/${key}`,
  Bucket: record.name,
  Key: key,
  ETag: `"${object.etag}"`,
  ...checksumMembersOf(object),
  ...sealMembers(object.seal),
});

/** In one transaction: the object appears, the upload ends, parts left over go. */
async function finish(
  target: UploadTarget,
  record: ObjectRecord,
  chosen: readonly PartRecord[],
  input: Checked<CompleteMultipartUploadRequest>,
  call: S3Call,
): Promise<void> {
  const { store, record: bucket, key } = target;
  const { id } = underWay(target);
  const kept = new Set(chosen.map(({ blob }) => blob.id));
  function also(): void {
    if (!uploadTable(store).remove([bucket.id, key, id])) {
      throw new ServiceError("NoSuchUpload", "The specified upload does not exist.");
    }
    for (const { value } of [...partTable(store).range({ prefix: [id] })]) {
      const current = chosen.find(({ number }) => number === value.number);
      if (current && current.blob.id !== value.blob.id) throw invalidPart();
      partTable(store).remove([id, value.number]);
      if (!kept.has(value.blob.id)) store.blobs.remove(value.blob);
    }
  }
  await replace(target, record, call, (old) => checkWrite(input, old), { also, kept: true });
}

function checkSize(said: number | undefined, size: number): void {
  if (said === undefined || said === size) return;
  if (said < 0) {
    throw new ServiceError(
      "InvalidRequest",
      `Value for x-amz-mp-object-size header is less than zero: '${said}'`,
    );
  }
  throw new ServiceError(
    "InvalidRequest",
    `The provided 'x-amz-mp-object-size' header value ${said} does not match what was computed: ${size}`,
  );
}

function chooseParts(target: UploadTarget, named: readonly CompletedPart[]): PartRecord[] {
  const upload = underWay(target);
  checkOrder(named);
  return named.map((one, index) => {
    const { PartNumber = 0, ETag } = one;
    const part = partTable(target.store).find([upload.id, PartNumber]);
    if (part?.etag !== ETag?.replace(/^"(.*)"$/, "$1") || !part) throw invalidPart();
    if (!fitsPart(one, part)) throw invalidPart();
    checkNamed(upload, one);
    if (index < named.length - 1 && part.size < partBytesMin) {
      throw new ServiceError(
        "EntityTooSmall",
        "Your proposed upload is smaller than the minimum allowed size",
        { ProposedSize: part.size, MinSizeAllowed: partBytesMin, PartNumber, ETag: part.etag },
      );
    }
    return part;
  });
}

/** The list itself: complete, and in ascending order. */
function checkOrder(named: readonly CompletedPart[]): void {
  if (named.length === 0) throw malformed();
  let previous = 0;
  for (const { PartNumber, ETag } of named) {
    if (PartNumber === undefined || ETag === undefined) throw malformed();
    checkPartNumber(PartNumber);
    if (PartNumber <= previous) {
      throw new ServiceError(
        "InvalidPartOrder",
        "The list of parts was not in ascending order. Parts must be ordered by part number.",
      );
    }
    previous = PartNumber;
  }
}

const malformed = (): ServiceError =>
  new ServiceError(
    "MalformedXML",
    "The XML you provided was not well-formed or did not validate against our published schema",
  );

const invalidPart = (): ServiceError =>
  new ServiceError(
    "InvalidPart",
    "One or more of the specified parts could not be found. The part may not have been uploaded, or the specified entity tag may not match the part's entity tag.",
  );

/** MD5 of the parts' MD5s, and how many they are. */
function etagOf(etags: readonly string[]): string {
  const hasher = createHasher("md5");
  for (const etag of etags) hasher.update(Buffer.from(etag, "hex"));
  return `${hasher.digest().toString("hex")}-${etags.length}`;
}
