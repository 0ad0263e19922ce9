import type { NewCredentials } from "./directory.ts";
import { accessKeyId, secretKey, sessionToken } from "./ids.ts";
import type { SessionRecord } from "./records.ts";
import type { AccountScope } from "./tables.ts";

/** Expired sessions removed whenever a new one begins: more than begin, so that none stay. */
const sweptAtOnce = 20;

/** Expired credentials stay known for a while, so that their holder learns that they expired. */
const rememberedMs = 24 * 3600 * 1000;

/** Makes temporary credentials and keeps them until they expire or are revoked. */
export async function startSession(
  scope: AccountScope,
  of: SessionRecord["of"],
  session: SessionRecord["session"],
): Promise<NewCredentials> {
  const { account, tables, indexes, random } = scope;
  const id = accessKeyId("ASIA", random);
  const secret = secretKey(random);
  const token = sessionToken(random);
  const { expiresAtMs, application } = session;
  await scope.add(() => {
    sweepExpired(scope, session.issuedAtMs);
    tables.sessions.put([id], { secret, token, session, of });
    tables.expiries.put([expiresAtMs, id], true);
    indexes.keyAccounts.put([id], account);
    if (application !== undefined) indexes.applicationSessions.put([application, id], account);
  });
  return { accessKeyId: id, secret, token, expiresAtMs };
}

function sweepExpired(scope: AccountScope, nowMs: number): void {
  const before = [nowMs - rememberedMs];
  for (const { key } of [...scope.tables.expiries.range({ before, limit: sweptAtOnce })]) {
    endSession(scope, String(key[1]));
  }
}

/** Removes temporary credentials with every trace in the indexes; inside a change. */
export function endSession({ indexes, tables }: AccountScope, id: string): void {
  const record = tables.sessions.find([id]);
  indexes.keyAccounts.remove([id]);
  if (!record) return;
  const { expiresAtMs, application } = record.session;
  tables.sessions.remove([id]);
  tables.expiries.remove([expiresAtMs, id]);
  if (application !== undefined) indexes.applicationSessions.remove([application, id]);
}
