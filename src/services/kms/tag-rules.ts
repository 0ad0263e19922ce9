import type { Tag } from "@aws-sdk/client-kms";
import { requestTags } from "../../access/request-tags.ts";
import { isQuota, quotaTag } from "../../keys/quotas.ts";
import { ServiceError } from "../../pipeline/operation.ts";
import type { Fact } from "../../policy/question.ts";

const tagsMax = 50;

/** Tags as a record; of two with the same key the later counts, and `checkTags` refuses them. */
export function tagsOf(tags: readonly Tag[] | undefined): Record<string, string> {
  return Object.fromEntries((tags ?? []).map(({ TagKey, TagValue }) => [TagKey, TagValue ?? ""]));
}

/** Refuses what KMS refuses: doubles, reserved keys, and more than 50 on a key. */
export function checkTags(
  result: Readonly<Record<string, string>>,
  given: readonly Tag[] | undefined,
): void {
  const keys = (given ?? []).map(({ TagKey }) => TagKey ?? "");
  if (new Set(keys).size < keys.length)
    throw new ServiceError("TagException", "Duplicate tag keys");
  const quota = result[quotaTag];
  if (quota !== undefined && !isQuota(quota)) {
    throw new ServiceError(
      "TagException",
      `The value of the tag ${quotaTag} must be a whole number of requests per second, at least 1`,
    );
  }
  const reserved = keys.find((key) => /^aws:/i.test(key));
  if (reserved !== undefined) {
    throw new ServiceError("TagException", `The tag key ${reserved} is reserved`);
  }
  if (Object.keys(result).length > tagsMax) {
    throw new ServiceError("LimitExceededException", "Too many tags");
  }
}

/** Condition keys of the tags in a request. */
export function requestTagFacts(tags: readonly Tag[] | undefined): Record<string, Fact> {
  return requestTags((tags ?? []).map(({ TagKey = "", TagValue = "" }) => [TagKey, TagValue]));
}
