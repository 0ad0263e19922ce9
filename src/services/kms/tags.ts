import type {
  ListResourceTagsRequest,
  ListResourceTagsResponse,
  TagResourceRequest,
  UntagResourceRequest,
} from "@aws-sdk/client-kms";
import { checkState } from "../../keys/key-states.ts";
import { type Checked, operation } from "../../pipeline/operation.ts";
import { factsOf, findOwnKey, type KmsCall, keyOf, plainFacts } from "./find-key.ts";
import { afterMarker, pageOf, restAfter } from "./page.ts";
import { checkTags, requestTagFacts, tagsOf } from "./tag-rules.ts";

/** Adds tags to a key, or changes their values. */
export const tagResource = operation("TagResource", {
  resolve: ({ KeyId }: Checked<TagResourceRequest>, call: KmsCall) =>
    findOwnKey(KeyId, call, "TagResource"),
  context: ({ Tags }, { reference }, call) => ({
    ...factsOf(reference, call),
    ...requestTagFacts(Tags),
  }),
  async handle(target, { Tags }, { own: keys }): Promise<void> {
    const key = keyOf(target);
    await keys.change(key, (record) => {
      checkState("TagResource", key, record.state);
      const tags = { ...record.tags, ...tagsOf(Tags) };
      checkTags(tags, Tags);
      return { ...record, tags };
    });
  },
});

/** Removes tags from a key. */
export const untagResource = operation("UntagResource", {
  resolve: ({ KeyId }: Checked<UntagResourceRequest>, call: KmsCall) =>
    findOwnKey(KeyId, call, "UntagResource"),
  context: ({ TagKeys }, { reference }, call) => ({
    ...factsOf(reference, call),
    "aws:tagkeys": TagKeys,
  }),
  async handle(target, { TagKeys }, { own: keys }): Promise<void> {
    const key = keyOf(target);
    const gone = new Set(TagKeys);
    await keys.change(key, (record) => {
      checkState("UntagResource", key, record.state);
      const kept = Object.entries(record.tags).filter(([name]) => !gone.has(name));
      return { ...record, tags: Object.fromEntries(kept) };
    });
  },
});

/** Lists the tags of a key. */
export const listResourceTags = operation("ListResourceTags", {
  resolve: ({ KeyId }: Checked<ListResourceTagsRequest>, call: KmsCall) =>
    findOwnKey(KeyId, call, "ListResourceTags"),
  context: plainFacts,
  handle(target, { Limit = 50, Marker }): ListResourceTagsResponse {
    const all = Object.entries(keyOf(target).record.tags);
    const nameOf = ([name]: [string, string]) => name;
    const { items, ...rest } = pageOf(restAfter(all, afterMarker(Marker), nameOf), Limit, nameOf);
    return { Tags: items.map(([TagKey, TagValue]) => ({ TagKey, TagValue })), ...rest };
  },
});
