import type { Clock } from "../lib/clock.ts";
import type { Random } from "../lib/random.ts";
import type { Store, Table } from "../storage/store.ts";
import type {
  AccessKeyRecord,
  GroupRecord,
  KeyUse,
  PolicyRecord,
  RoleRecord,
  SessionRecord,
  UserRecord,
} from "./records.ts";

/** The identity records of one account. Names are keys in lower case: IAM tells no cases apart. */
export interface AccountTables {
  readonly users: Table<UserRecord>;
  readonly groups: Table<GroupRecord>;
  readonly roles: Table<RoleRecord>;
  readonly policies: Table<PolicyRecord>;
  readonly accessKeys: Table<AccessKeyRecord>;
  readonly keyUses: Table<KeyUse>;
  readonly sessions: Table<SessionRecord>;
  /** Temporary credentials by their end: [time of expiry, access key id]. */
  readonly expiries: Table<true>;
  /** Who holds a managed policy: [policy ARN, use, name in lower case]. */
  readonly policyUses: Table<true>;
  /** Who is in a group: [group, user], both in lower case. */
  readonly members: Table<true>;
}

/** Which account has an access key, and which keys an application holds: over the whole installation. */
export interface Indexes {
  /** [access key id] → account. */
  readonly keyAccounts: Table<string>;
  /** [application ARN, access key id] → account. */
  readonly applicationSessions: Table<string>;
}

/** What the nouns of one account work with. */
export interface AccountScope {
  readonly account: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly tables: AccountTables;
  readonly indexes: Indexes;
  /** Runs an addition that leaves what is known of others as it is. */
  add<Result>(body: () => Result): Promise<Result>;
  /** Runs a change alone; afterwards nothing that was read before it is used any more. */
  change<Result>(body: () => Result): Promise<Result>;
}

/** Opens the tables of one account. */
export function openAccountTables(store: Store, account: string): AccountTables {
  const own = store.account(account);
  return {
    users: own.table("identity-users"),
    groups: own.table("identity-groups"),
    roles: own.table("identity-roles"),
    policies: own.table("identity-policies"),
    accessKeys: own.table("identity-access-keys"),
    keyUses: own.table("identity-key-uses"),
    sessions: own.table("identity-sessions"),
    expiries: own.table("identity-expiries"),
    policyUses: own.table("identity-policy-uses"),
    members: own.table("identity-members"),
  };
}

/** Opens the indexes over all accounts. */
export function openIndexes(store: Store): Indexes {
  return {
    keyAccounts: store.system.table("identity-key-accounts"),
    applicationSessions: store.system.table("identity-application-sessions"),
  };
}
