import type { PermissionsBoundaryAttachmentType, Tag } from "@aws-sdk/client-iam";
import { requestTags } from "../../access/request-tags.ts";
import type { Page, PageRequest } from "../../identity/pages.ts";
import type { Tags } from "../../identity/records.ts";
import { checkName } from "../../identity/refusals.ts";
import { ServiceError } from "../../pipeline/operation.ts";
import type { Fact } from "../../policy/question.ts";

/** A policy document as IAM answers it: percent-encoded by RFC 3986. */
export const encodeDocument = (text: string): string =>
  encodeURIComponent(text).replace(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );

/** The part of a list that the input asks for. */
export const pageRequest = (input: {
  readonly Marker?: string | undefined;
  readonly MaxItems?: number | undefined;
}): PageRequest => ({ marker: input.Marker, limit: input.MaxItems });

/** Says whether there is more, and how to go on. */
export const pageEnd = ({ marker }: Page<unknown>) => ({
  IsTruncated: marker !== undefined,
  ...(marker !== undefined && { Marker: marker }),
});

/** Tags as IAM answers them. */
export const toTags = (tags: Tags): Tag[] =>
  Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));

/** Tags of an input; keys that differ only in case are the same. */
export function readTags(given: readonly Tag[] | undefined): Tags {
  const seen = new Set<string>();
  for (const { Key = "" } of given ?? []) {
    checkName(Key);
    const lower = Key.toLowerCase();
    if (lower.startsWith("aws:")) {
      throw new ServiceError("InvalidInput", `Tag keys that start with aws: are reserved: ${Key}`);
    }
    if (seen.has(lower)) {
      throw new ServiceError(
        "InvalidInput",
        "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
      );
    }
    seen.add(lower);
  }
  return Object.fromEntries((given ?? []).map(({ Key = "", Value = "" }) => [Key, Value]));
}

/** Condition keys for the tags that a request carries. */
export const tagFacts = (given: readonly Tag[] | undefined): Record<string, Fact> =>
  requestTags((given ?? []).map(({ Key = "", Value = "" }) => [Key, Value]));

const boundaryType: PermissionsBoundaryAttachmentType = "PermissionsBoundaryPolicy";

/** The boundary as IAM answers it. */
export const toBoundary = ({ boundary }: { readonly boundary?: string }) =>
  boundary === undefined
    ? {}
    : {
        PermissionsBoundary: {
          PermissionsBoundaryType: boundaryType,
          PermissionsBoundaryArn: boundary,
        },
      };

/** Tags as IAM answers them, where there are any. */
export const toTagList = ({ tags }: { readonly tags: Tags }) =>
  Object.keys(tags).length === 0 ? {} : { Tags: toTags(tags) };
