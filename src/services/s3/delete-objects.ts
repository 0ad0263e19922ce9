import type { DeleteObjectsOutput, DeleteObjectsRequest } from "@aws-sdk/client-s3";
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

  async handle({ record }, { Delete }, call): Promise<DeleteObjectsOutput> {
    const wanted = Delete?.Objects ?? [];
    if (wanted.length === 0 || wanted.length > keysMax) {
      throw new ServiceError(
        "MalformedXML",
        "The XML you provided was not well-formed or did not validate against our published schema",
      );
    }
    const { principal, account, source } = call;
    const results = await Promise.all(
      wanted.map(async ({ Key, ETag }) => {
        const input = { Bucket: record.name, Key, ...(ETag !== undefined && { IfMatch: ETag }) };
        try {
          await call.parts.invoke("s3", "DeleteObject", input, { principal, account, source });
          return { deleted: { Key } };
        } catch (error) {
          if (!(error instanceof ServiceError)) throw error;
          return { error: { Key, Code: error.code, Message: error.message } };
        }
      }),
    );
    return {
      ...(!Delete?.Quiet && { Deleted: results.flatMap(({ deleted }) => deleted ?? []) }),
      Errors: results.flatMap(({ error }) => error ?? []),
    };
  },
});
