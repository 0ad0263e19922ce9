import type { Fact } from "../policy/question.ts";

/**
 * `aws:RequestTag/…` and `aws:TagKeys` of a call that sets tags. Condition keys know no letter case: tags that differ
 * by it only give one key several values, so that none hides behind another.
 */
export function requestTags(
  tags: Iterable<readonly [key: string, value: string]>,
): Record<string, Fact> {
  const facts: Record<string, Fact> = {};
  const keys: string[] = [];
  for (const [key, value] of tags) {
    const name = `aws:requesttag/${key.toLowerCase()}`;
    const before = facts[name];
    facts[name] = before === undefined ? value : [before, value].flat();
    keys.push(key);
  }
  if (keys.length > 0) facts["aws:tagkeys"] = keys;
  return facts;
}
