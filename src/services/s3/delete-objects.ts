import type {
  DeleteObjectsOutput,
  DeleteObjectsRequest,
  ObjectIdentifier,
} from "@aws-sdk/client-s3";
import { type Checked, operation, ServiceError } from "../../pipeline/operation.ts";
import { findBucket, type S3Call } from "./find.ts";

const keysMax = 1000;

/**
 * Removes up to 1000 objects. Each key is a call of its own through the pipeline: judged by itself, refused by itself.
 * The whole needs no permission of its own, as at AWS.
 */
export const deleteObjects = operation("DeleteObjects", {
  data: true,
  readOnly: false,
  open: true,
  resolve: (input: Checked<DeleteObjectsRequest>, call: S3Call) => findBucket(input, call),

  async handle({ record, account }, { Delete }, call): Promise<DeleteObjectsOutput> {
    const wanted = Delete?.Objects ?? [];
    if (wanted.length === 0 || wanted.length > keysMax) {
      throw new ServiceError(
        "MalformedXML",
        "The XML you provided was not well-formed or did not validate against our published schema",
      );
    }
    const some = await removeAll(record.name, wanted.slice(0, triedFirst), call);
    const rest = wanted.slice(triedFirst);
    // Each attempt is an event with the owner: a stranger who may do nothing gets no thousand for one request.
    const hopeless = call.account !== account && some.every(isRefused);
    const others = hopeless ? rest.map(refused) : await removeAll(record.name, rest, call);
    const results = [...some, ...others];
    return {
      ...(!Delete?.Quiet && { Deleted: results.flatMap(({ deleted }) => deleted ?? []) }),
      Errors: results.flatMap(({ error }) => error ?? []),
    };
  },
});

/** How many keys show whether a stranger may do anything at all. */
const triedFirst = 10;

interface Result {
  readonly deleted?: { readonly Key: string | undefined };
  readonly error?: {
    readonly Key: string | undefined;
    readonly Code: string;
    readonly Message: string;
  };
}

const removeAll = (bucket: string, objects: readonly ObjectIdentifier[], call: S3Call) =>
  Promise.all(objects.map((one) => remove(bucket, one, call)));

async function remove(
  Bucket: string,
  { Key, ETag, VersionId }: ObjectIdentifier,
  { parts, principal, account, source }: S3Call,
): Promise<Result> {
  const input = {
    Bucket,
    Key,
    ...(ETag !== undefined && { IfMatch: ETag }),
    ...(VersionId !== undefined && { VersionId }),
  };
  try {
    await parts.invoke("s3", "DeleteObject", input, { principal, account, source });
    return { deleted: { Key } };
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    return { error: { Key, Code: error.code, Message: error.message } };
  }
}

const isRefused = ({ error }: Result): boolean => error?.Code === "AccessDenied";

const refused = ({ Key }: ObjectIdentifier): Result => ({
  error: { Key, Code: "AccessDenied", Message: "Access Denied" },
});
