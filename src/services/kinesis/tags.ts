import type {
  AddTagsToStreamInput,
  ListTagsForStreamInput,
  ListTagsForStreamOutput,
  RemoveTagsFromStreamInput,
} from "@aws-sdk/client-kinesis";
import { requestTags } from "../../access/request-tags.ts";
import { type Checked, operation, ServiceError } from "../../pipeline/operation.ts";
import { changeStream } from "./change-stream.ts";
import { findStream, type KinesisCall } from "./find-stream.ts";

const tagsMax = 50;

/** Refuses more tags than a stream may have, and keys that are not the caller's to set. */
export function checkTags(name: string, tags: Readonly<Record<string, string>>): void {
  const keys = Object.keys(tags);
  const reserved = keys.some((key) => /^aws:/i.test(key));
  if (!reserved && keys.length <= tagsMax) return;
  const why = reserved
    ? "keys that begin with aws: are reserved"
    : `a stream has at most ${tagsMax} tags`;
  throw new ServiceError("InvalidArgumentException", `Failed to tag stream ${name}: ${why}.`);
}

export const addTagsToStream = operation("AddTagsToStream", {
  resolve: (input: Checked<AddTagsToStreamInput>, call: KinesisCall) => findStream(input, call),
  context: ({ Tags = {} }) => requestTags(Object.entries(Tags)),

  handle: (stream, { Tags }, call): Promise<void> =>
    changeStream(stream, call, (record) => {
      const tags = { ...record.tags, ...Tags };
      checkTags(record.name, tags);
      return { ...record, tags };
    }),
});

export const removeTagsFromStream = operation("RemoveTagsFromStream", {
  resolve: (input: Checked<RemoveTagsFromStreamInput>, call: KinesisCall) =>
    findStream(input, call),
  context: ({ TagKeys }) => ({ "aws:tagkeys": TagKeys }),

  handle: (stream, { TagKeys = [] }, call): Promise<void> =>
    changeStream(stream, call, (record) => ({
      ...record,
      tags: Object.fromEntries(
        Object.entries(record.tags).filter(([key]) => !TagKeys.includes(key)),
      ),
    })),
});

export const listTagsForStream = operation("ListTagsForStream", {
  resolve: (input: Checked<ListTagsForStreamInput>, call: KinesisCall) => findStream(input, call),

  handle({ record }, { ExclusiveStartTagKey, Limit = tagsMax }): ListTagsForStreamOutput {
    const rest = Object.entries(record.tags)
      .sort(([left], [right]) => (left < right ? -1 : 1))
      .filter(([key]) => ExclusiveStartTagKey === undefined || key > ExclusiveStartTagKey);
    return {
      Tags: rest.slice(0, Limit).map(([Key, Value]) => ({ Key, Value })),
      HasMoreTags: rest.length > Limit,
    };
  },
});
