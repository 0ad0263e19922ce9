import type { HolderKind, HolderRecords } from "../../identity/records.ts";
import type { Call } from "../../pipeline/call.ts";
import { type Found, findGroup, findRole, findUser } from "./find.ts";

/** How an input names a user, a group or a role. */
export interface NamesHolder {
  readonly UserName?: string | undefined;
  readonly GroupName?: string | undefined;
  readonly RoleName?: string | undefined;
}

/** Operations that exist for users, groups and roles alike have this in their names. */
export const holderWords: Readonly<Record<HolderKind, string>> = {
  user: "User",
  group: "Group",
  role: "Role",
};

export const holderKinds: readonly HolderKind[] = ["user", "group", "role"];

/** The user, group or role that holds the policies in question. */
export function findHolder(
  kind: HolderKind,
  input: NamesHolder,
  call: Call,
): Found<HolderRecords[HolderKind]> {
  switch (kind) {
    case "user":
      return findUser(input.UserName ?? "", call);
    case "group":
      return findGroup(input.GroupName ?? "", call);
    case "role":
      return findRole(input.RoleName ?? "", call);
  }
}
