import type { GetObjectTaggingOutput, GetObjectTaggingRequest } from "@aws-sdk/client-s3";
import { type Checked, operation } from "../../pipeline/operation.ts";
import { findObject, type S3Call } from "./find.ts";

/** No object has tags, since nothing sets them yet; the AWS CLI asks before it copies in parts. */
export const getObjectTagging = operation("GetObjectTagging", {
  data: true,
  resolve: (input: Checked<GetObjectTaggingRequest>, call: S3Call) => findObject(input, call),
  handle: (): GetObjectTaggingOutput => ({ TagSet: [] }),
});
