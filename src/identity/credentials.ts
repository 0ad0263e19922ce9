import type { Credentials } from "./directory.ts";
import { roleSessionOf, rootOf, userOf } from "./principals.ts";
import type { AccessKeyRecord, SessionRecord } from "./records.ts";
import type { AccountScope } from "./tables.ts";

/** Reads credentials with who holds them now; undefined when the holder is gone. */
export function readCredentials(scope: AccountScope, id: string): Credentials | undefined {
  const key = scope.tables.accessKeys.find([id]);
  if (key) return ofKey(scope, key);
  const record = scope.tables.sessions.find([id]);
  return record && ofSession(scope, id, record);
}

function ofKey(scope: AccountScope, key: AccessKeyRecord): Credentials | undefined {
  const principal = holderOf(scope, key, key.id);
  if (!principal) return undefined;
  return { accessKeyId: key.id, secret: key.secret, active: key.active, principal };
}

/** The user or root that has a long-term key, acting with it or with temporary credentials made by it. */
function holderOf({ account, tables }: AccountScope, key: AccessKeyRecord, id: string) {
  if (key.user === undefined) return rootOf(account, id);
  const user = tables.users.find([key.user]);
  return user && userOf(account, user, id);
}

function ofSession(
  scope: AccountScope,
  id: string,
  record: SessionRecord,
): Credentials | undefined {
  const { of, session, secret, token } = record;
  const found = { accessKeyId: id, secret, token, expiresAtMs: session.expiresAtMs };
  if (of.kind === "key") {
    const key = scope.tables.accessKeys.find([of.key]);
    const holder = key && holderOf(scope, key, id);
    return key && holder && { ...found, active: key.active, principal: { ...holder, session } };
  }
  const role = scope.tables.roles.find([of.role]);
  // A role of the same name that was made later is another role: the old sessions are not its.
  if (!role || role.id !== of.id) return undefined;
  const principal = roleSessionOf(scope.account, role, of, session, id);
  return { ...found, active: true, principal };
}
