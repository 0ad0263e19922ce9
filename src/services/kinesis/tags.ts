import type {
  AddTagsToStreamInput,
  ListTagsForStreamInput,
  ListTagsForStreamOutput,
  RemoveTagsFromStreamInput,
} from "@aws-sdk/client-kinesis";
import { type Checked, operation, ServiceError } from "../../pipeline/operation.ts";
import { change } from "./encryption.ts";
import { findStream, type KinesisCall } from "./find-stream.ts";
import { tagContext } from "./streams.ts";

const tagsMax = 50;

export const addTagsToStream = operation("AddTagsToStream", {
  resolve: (input: Checked<AddTagsToStreamInput>, call: KinesisCall) => findStream(input, call),
  context: ({ Tags }) => tagContext(Tags),

  handle: (stream, { Tags }, call): Promise<void> =>
    change(stream, call, (record) => {
      const tags = { ...record.tags, ...Tags };
      if (Object.keys(tags).length > tagsMax) {
        throw new ServiceError(
          "InvalidArgumentException",
          `Failed to add tags to stream ${record.name}: a stream has at most ${tagsMax} tags.`,
        );
      }
      return { ...record, tags };
    }),
});

export const removeTagsFromStream = operation("RemoveTagsFromStream", {
  resolve: (input: Checked<RemoveTagsFromStreamInput>, call: KinesisCall) =>
    findStream(input, call),
  context: ({ TagKeys }) => ({ "aws:tagkeys": TagKeys }),

  handle: (stream, { TagKeys = [] }, call): Promise<void> =>
    change(stream, call, (record) => ({
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
