import type { AssumeRoleRequest } from "@aws-sdk/client-sts";
import type { Principal } from "../../identity/principal.ts";
import { checkName } from "../../identity/refusals.ts";
import { type Checked, ServiceError } from "../../pipeline/operation.ts";

/** Tags of a session that begins. */
export interface SessionTags {
  readonly tags: Readonly<Record<string, string>>;
  /** Keys of those that a further AssumeRole hands on. */
  readonly transitive: readonly string[];
}

const tagsMax = 50;

/** The tags asked for, and those that the caller's own session hands on. */
export function readSessionTags(
  input: Checked<AssumeRoleRequest>,
  principal: Principal,
): SessionTags {
  const inherited = inheritedTags(principal);
  const tags = new Map(Object.entries(inherited));
  const seen = new Set([...tags.keys()].map((key) => key.toLowerCase()));
  const given = input.Tags ?? [];
  for (const { Key = "", Value = "" } of given) {
    checkName(Key);
    const lower = key(Key);
    if (seen.has(lower)) {
      throw invalid("Duplicate tag keys found. Please note that Tag keys are case insensitive.");
    }
    if (lower.startsWith("aws:")) throw invalid(`System tags cannot be set: ${Key}`);
    seen.add(lower);
    tags.set(Key, Value);
  }
  if (tags.size > tagsMax) throw invalid(`A session has at most ${tagsMax} tags.`);
  const wanted = input.TransitiveTagKeys ?? [];
  const names = new Map([...tags.keys()].map((name) => [key(name), name]));
  const transitive = new Set(Object.keys(inherited));
  for (const each of wanted) {
    const name = names.get(key(each));
    if (name === undefined) {
      throw invalid("The specified transitive tag key must be included in the requested tags.");
    }
    transitive.add(name);
  }
  return { tags: Object.fromEntries(tags), transitive: [...transitive] };
}

const key = (name: string): string => name.toLowerCase();

const invalid = (message: string): ServiceError =>
  new ServiceError("InvalidParameterValue", message);

function inheritedTags(principal: Principal): Record<string, string> {
  if (principal.kind !== "session") return {};
  const { transitiveTags = [] } = principal.session;
  return Object.fromEntries(transitiveTags.map((name) => [name, principal.tags[name] ?? ""]));
}
