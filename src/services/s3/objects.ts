import type {
  DeleteObjectOutput,
  DeleteObjectRequest,
  GetObjectOutput,
  GetObjectRequest,
  HeadObjectOutput,
  HeadObjectRequest,
  PutObjectOutput,
  PutObjectRequest,
} from "@aws-sdk/client-s3";
import { assert } from "../../lib/assert.ts";
import { type Checked, operation, ServiceError } from "../../pipeline/operation.ts";
import { storeFlows } from "../../pipeline/store-flows.ts";
import { bodyOf, writeBody } from "./body.ts";
import { checkDelete, checkRead, checkWrite } from "./conditions.ts";
import {
  checkVersion,
  findKey,
  findObject,
  noBucket,
  type ObjectTarget,
  type S3Call,
} from "./find.ts";
import { givenChecksums, givenHeaders } from "./headers.ts";
import { checksumMembersOf, describeAnswer } from "./object-answer.ts";
import type { ByteRange } from "./ranges.ts";
import { bucketTable, type ObjectRecord, objectTable } from "./records.ts";
import { newSeal, openSeal, sealMembers } from "./sealing.ts";
import { refuseUnbuilt } from "./unbuilt.ts";

/** Condition keys of a request that writes an object. */
export const writeContext = (input: {
  readonly ServerSideEncryption?: string | undefined;
  readonly SSEKMSKeyId?: string | undefined;
  readonly ACL?: string | undefined;
}): Record<string, string | undefined> => ({
  "s3:x-amz-server-side-encryption": input.ServerSideEncryption,
  "s3:x-amz-server-side-encryption-aws-kms-key-id": input.SSEKMSKeyId,
  "s3:x-amz-acl": input.ACL,
});

/** Stores a body. Nothing is visible before all of it arrived, fits its checksums and is on disk. */
export const putObject = operation("PutObject", {
  data: true,
  readOnly: false,
  resolve: (input: Checked<PutObjectRequest>, call: S3Call) => findKey(input, call),
  context: writeContext,

  async handle(target, input, call): Promise<PutObjectOutput> {
    checkKey(target.key);
    refuseUnbuilt(input);
    const headers = givenHeaders(input);
    checkWrite(input, target.object);
    const { sealer, seal } = await newSeal(target, target.key, input, call);
    const { blob, md5 } = await writeBody(target, bodyOf(input), sealer);
    const checksums = givenChecksums(input);
    const record: ObjectRecord = {
      key: target.key,
      size: blob.size,
      etag: seal ? call.parts.random.bytes(16).toString("hex") : md5,
      modifiedAtMs: call.timeMs,
      blobs: [blob],
      headers,
      checksums,
      ...(seal && { seal }),
    };
    await replace(target, record, call, (old) => checkWrite(input, old));
    return { ETag: `"${record.etag}"`, ...checksumMembersOf(record), ...sealMembers(seal) };
  },
});

/** Puts a record where the judged bucket still is, and removes what was there. */
export async function replace(
  target: ObjectTarget,
  record: ObjectRecord,
  call: S3Call,
  check: (old: ObjectRecord | undefined) => void,
  /** Does what belongs to the same transaction; a record of parts that are kept already says `kept`. */
  { also, kept = false }: { readonly also?: () => void; readonly kept?: boolean } = {},
): Promise<void> {
  const { store, record: bucket } = target;
  const table = objectTable(store);
  await call.parts.store
    .transaction(() => {
      if (bucketTable(store).find([bucket.name])?.id !== bucket.id) throw noBucket(bucket.name);
      const old = table.find([bucket.id, record.key]);
      check(old);
      also?.();
      if (!kept) for (const blob of record.blobs) store.blobs.keep(blob);
      table.put([bucket.id, record.key], record);
      for (const blob of old?.blobs ?? []) store.blobs.remove(blob);
    })
    .catch((error: unknown) => {
      if (!kept) for (const blob of record.blobs) store.blobs.discard(blob);
      throw error;
    });
}

/** A whole object or a range of it. */
export const getObject = operation("GetObject", {
  data: true,
  resolve: (input: Checked<GetObjectRequest>, call: S3Call) => findObject(input, call),
  flows: (_input, target, call) => storeFlows(target, call),
  carries: ({ Body, ContentLength: bytes = 0 }) =>
    Buffer.isBuffer(Body) ? { bytes } : { stream: "Body" },

  async handle(target, input, call): Promise<GetObjectOutput> {
    const object = present(target);
    checkRead(input, object);
    const { members, range } = describeAnswer(object, input, call);
    const sealer = await openSeal(object.seal, target, call);
    const body = readBody(target, object, range, sealer);
    // The model's type is the client's stream; the wire takes bytes or an iterable of them.
    const Body = body as unknown as NonNullable<GetObjectOutput["Body"]>;
    return Object.assign(members, { Body });
  },
});

/** What GetObject would say, without the body. */
export const headObject = operation("HeadObject", {
  action: "GetObject",
  data: true,
  resolve: (input: Checked<HeadObjectRequest>, call: S3Call) => findObject(input, call),

  async handle(target, input, call): Promise<HeadObjectOutput> {
    const object = present(target);
    checkRead(input, object);
    const { members } = describeAnswer(object, input, call);
    await openSeal(object.seal, target, call);
    return members;
  },
});

/** Removes an object; that there was none is no error. */
export const deleteObject = operation("DeleteObject", {
  data: true,
  readOnly: false,
  resolve: (input: Checked<DeleteObjectRequest>, call: S3Call) => findKey(input, call),

  async handle({ store, record, key }, input, call): Promise<DeleteObjectOutput> {
    checkVersion(input.VersionId);
    const table = objectTable(store);
    await call.parts.store.transaction(() => {
      const old = table.find([record.id, key]);
      checkDelete(input, old);
      if (!old) return;
      table.remove([record.id, key]);
      for (const blob of old.blobs) store.blobs.remove(blob);
    });
    return {};
  },
});

export function present({ object }: ObjectTarget): ObjectRecord {
  assert(object, "an object that is missing is refused before it is handled");
  return object;
}

/** Bytes of an object over its blobs, or all at once where one small blob has them. */
export function readBody(
  { store }: ObjectTarget,
  { blobs, size }: ObjectRecord,
  range: ByteRange | undefined,
  sealer: Parameters<typeof store.blobs.read>[2],
): Buffer | AsyncIterable<Buffer> {
  const [only] = blobs;
  const wanted = range ?? { start: 0, end: size };
  if (only && blobs.length === 1) return store.blobs.read(only, wanted, sealer);
  return (async function* () {
    let from = 0;
    for (const blob of blobs) {
      const start = Math.max(0, wanted.start - from);
      const end = Math.min(blob.size, wanted.end - from);
      from += blob.size;
      if (start >= end) continue;
      const part = store.blobs.read(blob, { start, end }, sealer);
      if (Buffer.isBuffer(part)) yield part;
      else yield* part;
    }
  })();
}

const keyBytesMax = 1024;

export function checkKey(key: string): void {
  if (Buffer.byteLength(key) > keyBytesMax) {
    throw new ServiceError("KeyTooLongError", "Your key is too long", {
      Size: Buffer.byteLength(key),
      MaxSizeAllowed: keyBytesMax,
    });
  }
}
