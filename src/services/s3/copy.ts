import type {
  CopyObjectOutput,
  CopyObjectRequest,
  UploadPartCopyOutput,
  UploadPartCopyRequest,
} from "@aws-sdk/client-s3";
import { checksumAlgorithms } from "../../lib/checksum.ts";
import { type Checked, operation, ServiceError } from "../../pipeline/operation.ts";
import { storeFlows } from "../../pipeline/store-flows.ts";
import { writeBody } from "./body.ts";
import { checkCopy, checkWrite } from "./conditions.ts";
import { checkVersion, findKey, findObject, type ObjectTarget, type S3Call } from "./find.ts";
import { givenHeaders } from "./headers.ts";
import { findUpload, keepPart, type UploadTarget } from "./multipart.ts";
import { checkKey, present, readBody, replace, writeContext } from "./objects.ts";
import { readCopyRange } from "./ranges.ts";
import type { ObjectRecord } from "./records.ts";
import { newSeal, openSeal, sealMembers } from "./sealing.ts";
import { refuseUnbuilt } from "./unbuilt.ts";

/** Where a copy goes, with where it comes from: both found once, both judged. */
interface CopyTarget extends ObjectTarget {
  readonly from: ObjectTarget;
}

/** `/bucket/key` or `bucket/key`, percent-encoded. */
function findSource(
  {
    CopySource: header = "",
    ExpectedSourceBucketOwner: owner,
  }: Pick<CopyObjectRequest, "CopySource" | "ExpectedSourceBucketOwner">,
  call: S3Call,
): ObjectTarget {
  const [path = "", query] = header.split("?");
  const [, Bucket, key] = /^\/?([^/]+)\/(.+)$/s.exec(path) ?? [];
  if (Bucket === undefined || key === undefined) {
    throw new ServiceError(
      "InvalidArgument",
      "Copy Source must mention the source bucket and key: sourcebucket/sourcekey",
      { ArgumentName: "x-amz-copy-source", ArgumentValue: header },
    );
  }
  checkVersion(query?.replace(/^versionId=/, ""));
  const expected = owner === undefined ? {} : { ExpectedBucketOwner: owner };
  return findObject({ Bucket: decoded(Bucket), Key: decoded(key), ...expected }, call);
}

function decoded(key: string): string {
  try {
    return decodeURIComponent(key);
  } catch {
    throw new ServiceError("InvalidArgument", "Invalid copy source encoding", {
      ArgumentName: "x-amz-copy-source",
    });
  }
}

/** Reading the source is a demand of its own; a missing source is told to those who may know. */
const readingSource = ({ from }: { readonly from: ObjectTarget }) => [
  { action: "s3:GetObject", target: from },
  ...(from.absent?.visible ? [from.absent.visible] : []),
];

export const copyObject = operation("CopyObject", {
  action: "PutObject",
  data: true,
  readOnly: false,
  resolve: (input: Checked<CopyObjectRequest>, call: S3Call): CopyTarget => ({
    ...findKey(input, call),
    from: findSource(input, call),
  }),
  also: (_input, target) => readingSource(target),
  flows: (_input, target, call) =>
    target.from.absent ? [] : storeFlows(target.from, call, target),
  carries: (_output, { from }) => ({ bytes: from.object?.size ?? 0 }),
  context: (input) => ({
    ...writeContext(input),
    "s3:x-amz-copy-source": input.CopySource?.replace(/^\//, ""),
    "s3:x-amz-metadata-directive": input.MetadataDirective,
  }),

  async handle(target, input, call): Promise<CopyObjectOutput> {
    if (target.from.absent) throw target.from.absent.refusal;
    const source = present(target.from);
    checkKey(target.key);
    refuseUnbuilt(input);
    checkCopy(input, source);
    checkWrite(input, target.object);
    const keepHeaders = input.MetadataDirective !== "REPLACE";
    const given = givenHeaders(input);
    const same = target.arn === target.from.arn;
    if (same && keepHeaders && input.ServerSideEncryption === undefined) {
      throw new ServiceError(
        "InvalidRequest",
        "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.",
      );
    }
    const opener = await openSeal(source.seal, target.from, call);
    const { sealer, seal } = await newSeal(target, target.key, input, call);
    const body = readBody(target.from, source, undefined, opener);
    const algorithm = checksumAlgorithms.find((one) => one === input.ChecksumAlgorithm);
    const { blob, md5, checksums } = await writeBody(target, body, sealer, algorithm);
    const kept = source.checksumType === "COMPOSITE" ? {} : source.checksums;
    const record: ObjectRecord = {
      key: target.key,
      size: blob.size,
      etag: seal ? call.parts.random.bytes(16).toString("hex") : md5,
      modifiedAtMs: call.timeMs,
      blobs: [blob],
      headers: keepHeaders ? source.headers : given,
      checksums: algorithm ? checksums : kept,
      ...(seal && { seal }),
    };
    await replace(target, record, call, (old) => checkWrite(input, old));
    return {
      CopyObjectResult: {
        ETag: `"${record.etag}"`,
        LastModified: new Date(record.modifiedAtMs),
        ...record.checksums,
      },
      ...sealMembers(seal),
    };
  },
});

interface PartCopyTarget extends UploadTarget {
  readonly from: ObjectTarget;
}

export const uploadPartCopy = operation("UploadPartCopy", {
  action: "PutObject",
  data: true,
  readOnly: false,
  resolve: (input: Checked<UploadPartCopyRequest>, call: S3Call): PartCopyTarget => ({
    ...findUpload(input, call),
    from: findSource(input, call),
  }),
  also: (_input, target) => readingSource(target),
  flows: (_input, target, call) =>
    target.from.absent ? [] : storeFlows(target.from, call, target),
  carries: (_output, { from }) => ({ bytes: from.object?.size ?? 0 }),

  async handle(target, input, call): Promise<UploadPartCopyOutput> {
    if (target.from.absent) throw target.from.absent.refusal;
    const source = present(target.from);
    checkCopy(input, source);
    const range = readCopyRange(input.CopySourceRange, source.size);
    const opener = await openSeal(source.seal, target.from, call);
    const body = readBody(target.from, source, range, opener);
    const part = await keepPart(target, input.PartNumber ?? 0, body, undefined, call);
    return {
      CopyPartResult: {
        ETag: `"${part.etag}"`,
        LastModified: new Date(part.modifiedAtMs),
        ...part.checksums,
      },
      ...sealMembers(target.upload?.seal),
    };
  },
});
