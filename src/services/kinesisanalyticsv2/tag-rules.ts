import type { Tag } from "@aws-sdk/client-kinesis-analytics-v2";
import { requestTags } from "../../access/request-tags.ts";
import type { Fact } from "../../policy/question.ts";

export const tagsOf = (tags: readonly Tag[] | undefined): Record<string, string> =>
  Object.fromEntries((tags ?? []).map(({ Key = "", Value = "" }) => [Key, Value]));

/** `aws:RequestTag/…` and `aws:TagKeys`. */
export const tagFacts = (tags: readonly Tag[] = []): Record<string, Fact> =>
  requestTags(tags.map(({ Key = "", Value = "" }) => [Key, Value]));
