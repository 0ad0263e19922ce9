import type {
  ListTagsForResourceRequest,
  ListTagsForResourceResponse,
  TagResourceRequest,
  UntagResourceRequest,
} from "@aws-sdk/client-kinesis-analytics-v2";
import { type Checked, operation, ServiceError } from "../../pipeline/operation.ts";
import { type AnalyticsCall, findByArn, recordOf } from "./find-application.ts";
import { tagFacts, tagsOf } from "./tag-rules.ts";
import { change } from "./transitions.ts";

const tagsMax = 50;

export const tagResource = operation("TagResource", {
  resolve: ({ ResourceARN }: Checked<TagResourceRequest>, call: AnalyticsCall) =>
    findByArn(ResourceARN, call),
  context: ({ Tags }) => tagFacts(Tags),

  async handle(application, { Tags }, call): Promise<void> {
    await change(recordOf(application), call.store, call.parts, (now) => {
      const tags = { ...now.tags, ...tagsOf(Tags) };
      if (Object.keys(tags).length > tagsMax) {
        throw new ServiceError(
          "TooManyTagsException",
          `An application has at most ${tagsMax} tags.`,
        );
      }
      return { ...now, tags };
    });
  },
});

export const untagResource = operation("UntagResource", {
  resolve: ({ ResourceARN }: Checked<UntagResourceRequest>, call: AnalyticsCall) =>
    findByArn(ResourceARN, call),
  context: ({ TagKeys }) => ({ "aws:tagkeys": TagKeys }),

  async handle(application, { TagKeys = [] }, call): Promise<void> {
    await change(recordOf(application), call.store, call.parts, (now) => ({
      ...now,
      tags: Object.fromEntries(Object.entries(now.tags).filter(([key]) => !TagKeys.includes(key))),
    }));
  },
});

export const listTagsForResource = operation("ListTagsForResource", {
  resolve: ({ ResourceARN }: Checked<ListTagsForResourceRequest>, call: AnalyticsCall) =>
    findByArn(ResourceARN, call),

  handle: (application): ListTagsForResourceResponse => ({
    Tags: Object.entries(recordOf(application).tags).map(([Key, Value]) => ({ Key, Value })),
  }),
});
