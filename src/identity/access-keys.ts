import { ServiceError } from "../lib/service-error.ts";
import { current, keyOf } from "./holders.ts";
import { accessKeyId, secretKey } from "./ids.ts";
import { limits } from "./limits.ts";
import type { AccessKeyRecord, KeyUse, UserRecord } from "./records.ts";
import { checkRoom } from "./refusals.ts";
import type { AccountScope } from "./tables.ts";

/** Long-term credentials of users and of root. */
export interface AccessKeys {
  find(id: string): AccessKeyRecord | undefined;
  /** The keys of a user, or of root where none is given; the oldest first. */
  of(user?: UserRecord): readonly AccessKeyRecord[];
  /** Makes a key; its secret leaves this once. At most two for each. */
  create(user?: UserRecord): Promise<AccessKeyRecord>;
  switch(key: AccessKeyRecord, active: boolean): Promise<void>;
  /** Removes it, and with it the temporary credentials that it asked for. */
  remove(key: AccessKeyRecord): Promise<void>;
  lastUse(id: string): KeyUse | undefined;
}

/** IAM's word for an access key that its user has not got. */
export const noSuchKey = (id: string): ServiceError =>
  new ServiceError("NoSuchEntity", `The Access Key with id ${id} cannot be found.`);

/** A key that is not stored yet; without a user it is root's. */
export const newKey = ({ random, clock }: AccountScope, user?: UserRecord): AccessKeyRecord => ({
  id: accessKeyId("AKIA", random),
  secret: secretKey(random),
  ...(user && { user: keyOf(user.name) }),
  active: true,
  createdAtMs: clock.now(),
});

/** Stores a key where its id is found; inside a change. */
export function putKey({ account, tables, indexes }: AccountScope, key: AccessKeyRecord): void {
  tables.accessKeys.put([key.id], key);
  indexes.keyAccounts.put([key.id], account);
}

export function createAccessKeys(
  scope: AccountScope,
  recentUse: (id: string) => KeyUse | undefined,
): AccessKeys {
  const { tables, indexes } = scope;
  const { accessKeys, users, keyUses } = tables;

  const rootKeys = (): AccessKeyRecord[] =>
    [...accessKeys.range()].map(({ value }) => value).filter(({ user }) => user === undefined);

  function of(user?: UserRecord): readonly AccessKeyRecord[] {
    return user ? user.keys.flatMap((id) => accessKeys.find([id]) ?? []) : rootKeys();
  }

  async function create(judged?: UserRecord): Promise<AccessKeyRecord> {
    const made = newKey(scope, judged);
    return scope.change(() => {
      const user = judged && current(scope, "user", judged);
      checkRoom(of(user).length, limits.accessKeysPerUser, "AccessKeysPerUser");
      if (user) users.put([keyOf(user.name)], { ...user, keys: [...user.keys, made.id] });
      putKey(scope, made);
      return made;
    });
  }

  function now(id: string): AccessKeyRecord {
    const found = accessKeys.find([id]);
    if (!found) throw noSuchKey(id);
    return found;
  }

  return {
    find: (id) => accessKeys.find([id]),
    of,
    create,
    switch: ({ id }, active) => scope.change(() => accessKeys.put([id], { ...now(id), active })),
    remove: ({ id }) =>
      scope.change(() => {
        const key = now(id);
        const user = key.user === undefined ? undefined : users.find([key.user]);
        if (user) {
          const kept = user.keys.filter((each) => each !== id);
          users.put([keyOf(user.name)], { ...user, keys: kept });
        }
        accessKeys.remove([id]);
        keyUses.remove([id]);
        indexes.keyAccounts.remove([id]);
      }),
    lastUse: (id) => recentUse(id) ?? keyUses.find([id]),
  };
}
