import type { Directory } from "./directory.ts";
import type { Principal } from "./principal.ts";

/**
 * Whether somebody could ask at this moment: by the key that has signed or, where a service acts for them and nobody has
 * signed, by any key of theirs.
 */
export function canAsk(
  principal: Principal,
  directory: Pick<Directory, "findCredentials" | "inAccount">,
): boolean {
  if (principal.kind === "service" || principal.kind === "anonymous") return true;
  const { account, accessKeyId } = principal;
  if (accessKeyId !== undefined) return directory.findCredentials(accessKeyId)?.active === true;
  if (principal.kind === "session") return true;
  const { users, accessKeys } = directory.inAccount(account);
  const user = principal.kind === "user" ? users.find(principal.name) : undefined;
  if (principal.kind === "user" && user?.id !== principal.id) return false;
  return accessKeys.of(user).some(({ active }) => active);
}
