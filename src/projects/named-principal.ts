import type { Directory } from "../identity/directory.ts";
import type { RoleSession, Root, User } from "../identity/principal.ts";
import { roleSessionOf, rootOf, userOf } from "../identity/principals.ts";

const nameForm = /^(?:ALIYUN\$(\d{12})|RAM\$(\d{12}):(role\/)?(.+))$/;

/**
 * Who a name of a project's means now, as somebody who signs nothing, to be judged by what policies say of them;
 * undefined when there is nobody of the name any more. A role is meant without what bound its session.
 */
export function namedPrincipal(
  name: string,
  directory: Pick<Directory, "findAccount" | "inAccount">,
  nowMs: number,
): Root | User | RoleSession | undefined {
  const [, root, account = root, isRole, own = ""] = nameForm.exec(name) ?? [];
  if (account === undefined || directory.findAccount(account)?.id !== account) return undefined;
  if (root !== undefined) return rootOf(account);
  const { users, roles } = directory.inAccount(account);
  if (isRole === undefined) {
    const user = users.find(own);
    return user && userOf(account, user);
  }
  const role = roles.find(own);
  const session = { issuedAtMs: nowMs, expiresAtMs: nowMs, policies: [], mfa: false };
  return role && roleSessionOf(account, role, { name: "maxcompute", tags: {} }, session);
}
