import type { Tag } from "@aws-sdk/client-iam";
import { pageOf } from "../../identity/pages.ts";
import type { PolicyRecord, RoleRecord, Tags, UserRecord } from "../../identity/records.ts";
import { withoutTags, withTags } from "../../identity/tags.ts";
import type { Call } from "../../pipeline/call.ts";
import { type Operation, operation } from "../../pipeline/operation.ts";
import { pageEnd, pageRequest, readTags, tagFacts, toTags } from "./answers.ts";
import { type Found, findOwnPolicy, findPolicy, findRole, findUser } from "./find.ts";
import type { NamesHolder } from "./holders.ts";

interface Names extends NamesHolder {
  readonly PolicyArn?: string | undefined;
}

interface Tagging extends Names {
  readonly Tags: Tag[];
}

interface Untagging extends Names {
  readonly TagKeys: string[];
}

interface Listing extends Names {
  readonly Marker?: string | undefined;
  readonly MaxItems?: number | undefined;
}

type Tagged = UserRecord | RoleRecord | PolicyRecord;
type Find = (input: Names, call: Call) => Found<Tagged>;

function tag({ home, record }: Found<Tagged>, next: (tags: Tags) => Tags): Promise<void> {
  return "kind" in record ? home.identities.tag(record, next) : home.policies.tag(record, next);
}

const tagging = (noun: "User" | "Role" | "Policy", find: Find, show: Find = find): Operation[] => [
  operation(`Tag${noun}`, {
    resolve: (input: Tagging, call: Call) => find(input, call),
    context: ({ Tags }) => tagFacts(Tags),
    handle(found, { Tags }) {
      const more = readTags(Tags);
      return tag(found, (tags) => withTags(tags, more));
    },
  }),

  operation(`Untag${noun}`, {
    resolve: (input: Untagging, call: Call) => find(input, call),
    context: ({ TagKeys }) => ({ "aws:tagkeys": TagKeys }),
    handle: (found, { TagKeys }) => tag(found, (tags) => withoutTags(tags, TagKeys)),
  }),

  operation(`List${noun}Tags`, {
    resolve: (input: Listing, call: Call) => show(input, call),
    handle({ record }, input) {
      const page = pageOf(toTags(record.tags), pageRequest(input));
      return { Tags: [...page.items], ...pageEnd(page) };
    },
  }),
];

/** Tags of users, roles and policies: put, remove, list. */
export const tagOperations: readonly Operation[] = [
  ...tagging("User", ({ UserName = "" }, call) => findUser(UserName, call)),
  ...tagging("Role", ({ RoleName = "" }, call) => findRole(RoleName, call)),
  ...tagging(
    "Policy",
    ({ PolicyArn = "" }, call) => findOwnPolicy(PolicyArn, call),
    ({ PolicyArn = "" }, call) => findPolicy(PolicyArn, call),
  ),
];
