import type {
  AddTagsToResourceRequest,
  AddTagsToResourceResponse,
  ListTagsForResourceRequest,
  ListTagsForResourceResponse,
  RemoveTagsFromResourceRequest,
  RemoveTagsFromResourceResponse,
} from "@aws-sdk/client-cloudhsm";
import { requestTags } from "../../access/request-tags.ts";
import type { Tags } from "../../hsm/control/records.ts";
import { type Checked, operation } from "../../pipeline/operation.ts";
import {
  type ClassicCall,
  findHapg,
  findHsm,
  hapgTable,
  inAccount,
  invalid,
  refused,
} from "./find.ts";

const tagsMax = 50;

export const addTagsToResource = operation("AddTagsToResource", {
  resolve: (input: Checked<AddTagsToResourceRequest>, call: ClassicCall) => inAccount(input, call),
  context: ({ TagList }) => requestTags(TagList.map(({ Key = "", Value = "" }) => [Key, Value])),

  async handle(_account, { ResourceArn, TagList }, call): Promise<AddTagsToResourceResponse> {
    const keys = TagList.map(({ Key = "" }) => Key);
    if (keys.some((key) => /^aws:/i.test(key))) {
      throw invalid("Tag keys that begin with aws: are reserved.");
    }
    const given = TagList.map(({ Key = "", Value = "" }) => [Key, Value] as const);
    await changeTags(ResourceArn, call, (now) => {
      const tags = { ...now, ...Object.fromEntries(given) };
      if (Object.keys(tags).length > tagsMax) {
        throw invalid(`A resource has at most ${tagsMax} tags.`);
      }
      return tags;
    });
    return { Status: "SUCCESS" };
  },
});

export const removeTagsFromResource = operation("RemoveTagsFromResource", {
  resolve: (input: Checked<RemoveTagsFromResourceRequest>, call: ClassicCall) =>
    inAccount(input, call),
  context: ({ TagKeyList }) => ({ "aws:tagkeys": TagKeyList }),

  async handle(
    _account,
    { ResourceArn, TagKeyList },
    call,
  ): Promise<RemoveTagsFromResourceResponse> {
    await changeTags(ResourceArn, call, (now) =>
      Object.fromEntries(Object.entries(now).filter(([key]) => !TagKeyList.includes(key))),
    );
    return { Status: "SUCCESS" };
  },
});

export const listTagsForResource = operation("ListTagsForResource", {
  resolve: (input: Checked<ListTagsForResourceRequest>, call: ClassicCall) =>
    inAccount(input, call),

  handle(_account, { ResourceArn }, call): ListTagsForResourceResponse {
    const find = isHapg(ResourceArn) ? findHapg : findHsm;
    const { tags } = find(ResourceArn, call);
    return { TagList: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })) };
  },
});

const isHapg = (arn: string) => /:hapg-[0-9a-f]{8}$/.test(arn);

/** HSMs and groups have tags. */
async function changeTags(
  arn: string,
  call: ClassicCall,
  how: (tags: Tags) => Tags,
): Promise<void> {
  if (isHapg(arn)) {
    await call.parts.store.transaction(() => {
      const now = findHapg(arn, call);
      hapgTable(call).put([now.id], { ...now, tags: how(now.tags) });
    });
    return;
  }
  const { account, id } = findHsm(arn, call);
  const { clusters } = call.own;
  await refused(clusters.change(account, id, (now) => ({ ...now, tags: how(now.tags) })));
}
