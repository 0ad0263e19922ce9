import type { Principal, RoleSession, Root, User } from "./principal.ts";
import type { RoleRecord, SessionRecord, Tags, UserRecord } from "./records.ts";
import { withoutTags } from "./tags.ts";

/** ARN of an account's root. */
export const rootArn = (account: string): string => `arn:aws:iam::${account}:root`;

/** The root of an account, acting with an access key of its own, or with none. */
export const rootOf = (account: string, accessKeyId?: string): Root => ({
  kind: "root",
  account,
  arn: rootArn(account),
  id: account,
  tags: {},
  ...(accessKeyId !== undefined && { accessKeyId }),
});

/** A user, acting with an access key of its own, or with none. */
export const userOf = (account: string, user: UserRecord, accessKeyId?: string): User => ({
  kind: "user",
  account,
  arn: user.arn,
  id: user.id,
  name: user.name,
  tags: user.tags,
  ...(accessKeyId !== undefined && { accessKeyId }),
});

/** A session of a role. A session tag outweighs the role's tag of the same key. */
export function roleSessionOf(
  account: string,
  role: RoleRecord,
  of: { readonly name: string; readonly tags: Tags },
  session: SessionRecord["session"],
  accessKeyId?: string,
): RoleSession {
  return {
    kind: "session",
    account,
    arn: role.arn,
    id: `${role.id}:${of.name}`,
    tags: { ...withoutTags(role.tags, Object.keys(of.tags)), ...of.tags },
    ...(accessKeyId !== undefined && { accessKeyId }),
    session,
    sessionArn: `arn:aws:sts::${account}:assumed-role/${role.name}/${of.name}`,
    roleName: role.name,
    roleId: role.id,
    sessionName: of.name,
  };
}

/** The principal's account; undefined for those who belong to none. */
export const accountOf = (principal: Principal): string | undefined =>
  principal.kind === "service" || principal.kind === "anonymous" ? undefined : principal.account;
