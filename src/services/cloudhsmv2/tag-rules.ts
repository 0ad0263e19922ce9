import type { Tag } from "@aws-sdk/client-cloudhsm-v2";
import { requestTags } from "../../access/request-tags.ts";
import type { Tags } from "../../hsm/control/records.ts";
import { ServiceError } from "../../pipeline/operation.ts";
import type { Fact } from "../../policy/question.ts";

const tagsMax = 50;

/** The tags of a thing once a request has set more. */
export function withTags(before: Tags, given: readonly Tag[] | undefined): Tags {
  const keys = (given ?? []).map(({ Key = "" }) => Key);
  if (new Set(keys).size < keys.length) {
    throw new ServiceError("CloudHsmTagException", "A tag key is there twice.");
  }
  if (keys.some((key) => /^aws:/i.test(key))) {
    throw new ServiceError("CloudHsmTagException", "Tag keys that begin with aws: are reserved.");
  }
  const tags = {
    ...before,
    ...Object.fromEntries((given ?? []).map(({ Key = "", Value = "" }) => [Key, Value])),
  };
  if (Object.keys(tags).length > tagsMax) {
    const message = `A resource has at most ${tagsMax} tags.`;
    throw new ServiceError("CloudHsmResourceLimitExceededException", message);
  }
  return tags;
}

export const withoutTags = (before: Tags, keys: readonly string[]): Tags =>
  Object.fromEntries(Object.entries(before).filter(([key]) => !keys.includes(key)));

/** `aws:RequestTag/…` and `aws:TagKeys`. */
export const tagFacts = (tags: readonly Tag[] = []): Record<string, Fact> =>
  requestTags(tags.map(({ Key = "", Value = "" }) => [Key, Value]));
