import type {
  ListTagsRequest,
  ListTagsResponse,
  TagResourceRequest,
  UntagResourceRequest,
} from "@aws-sdk/client-cloudhsm-v2";
import type { Tags } from "../../hsm/control/records.ts";
import { type Checked, operation } from "../../pipeline/operation.ts";
import { changeBackup } from "./backups.ts";
import { tagList } from "./describe.ts";
import { backupOf, clusterOf, findTagged, type HsmCall, type TaggedTarget } from "./find.ts";
import { pageOf } from "./page.ts";
import { refused } from "./refuse.ts";
import { tagFacts, withoutTags, withTags } from "./tag-rules.ts";

export const tagResource = operation("TagResource", {
  resolve: ({ ResourceId }: Checked<TagResourceRequest>, call: HsmCall) =>
    findTagged(ResourceId, call),
  context: ({ TagList }) => tagFacts(TagList),

  async handle(target, { TagList }, call): Promise<object> {
    await changeTags(target, call, (tags) => withTags(tags, TagList));
    return {};
  },
});

export const untagResource = operation("UntagResource", {
  resolve: ({ ResourceId }: Checked<UntagResourceRequest>, call: HsmCall) =>
    findTagged(ResourceId, call),
  context: ({ TagKeyList }) => ({ "aws:tagkeys": TagKeyList }),

  async handle(target, { TagKeyList }, call): Promise<object> {
    await changeTags(target, call, (tags) => withoutTags(tags, TagKeyList ?? []));
    return {};
  },
});

export const listTags = operation("ListTags", {
  resolve: ({ ResourceId }: Checked<ListTagsRequest>, call: HsmCall) =>
    findTagged(ResourceId, call),

  handle(target, { MaxResults = 50, NextToken }): ListTagsResponse {
    const { tags } = target.backup ? backupOf(target) : clusterOf(target);
    const { items, ...next } = pageOf(tagList(tags), MaxResults, NextToken);
    return { TagList: [...items], ...next };
  },
});

async function changeTags(
  target: TaggedTarget,
  call: HsmCall,
  how: (tags: Tags) => Tags,
): Promise<void> {
  if (target.backup) {
    await changeBackup(target, call, (now) => ({ ...now, tags: how(now.tags) }));
    return;
  }
  const { account, id } = clusterOf(target);
  const { clusters } = call.own;
  await refused(clusters.change(account, id, (now) => ({ ...now, tags: how(now.tags) })));
}
