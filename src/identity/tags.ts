import { ServiceError } from "../lib/service-error.ts";
import { limits } from "./limits.ts";
import type { Tags } from "./records.ts";

/** Adds tags to others; a key that differs only in case replaces the old one, as in IAM. */
export function withTags(tags: Tags, more: Tags): Tags {
  const next = { ...withoutTags(tags, Object.keys(more)), ...more };
  if (Object.keys(next).length <= limits.tagsPerEntity) return next;
  throw new ServiceError(
    "LimitExceeded",
    `The number of tags has reached the maximum limit. Limit: ${limits.tagsPerEntity}`,
  );
}

/** Takes tags away by their keys, whatever the case. */
export function withoutTags(tags: Tags, keys: readonly string[]): Tags {
  const gone = new Set(keys.map((key) => key.toLowerCase()));
  return Object.fromEntries(Object.entries(tags).filter(([key]) => !gone.has(key.toLowerCase())));
}
