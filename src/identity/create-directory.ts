import { assert } from "../lib/assert.ts";
import type { Clock } from "../lib/clock.ts";
import type { Random } from "../lib/random.ts";
import type { Store } from "../storage/store.ts";
import { newKey, putKey } from "./access-keys.ts";
import { type AccountDirectory, createAccountDirectory } from "./account-directory.ts";
import { openAccounts } from "./accounts.ts";
import { applied } from "./compiled.ts";
import { readCredentials } from "./credentials.ts";
import type { Credentials, Directory, RoleFacts } from "./directory.ts";
import { createKeyUses } from "./key-uses.ts";
import type { Principal, PrincipalPolicies } from "./principal.ts";
import { readPolicies } from "./principal-policies.ts";
import { accountOf } from "./principals.ts";
import type { RoleRecord } from "./records.ts";
import { endSession, startSession } from "./sessions.ts";
import { type AccountScope, openAccountTables, openIndexes } from "./tables.ts";

/** An account in memory: what was read of it, until something in it changes. */
interface Held {
  readonly scope: AccountScope;
  readonly directory: AccountDirectory;
  credentials: Map<string, Credentials>;
  policies: WeakMap<Principal, PrincipalPolicies>;
}

/** Credentials kept in memory for each account. */
const credentialsMax = 20_000;

const nobody: PrincipalPolicies = { identity: [] };

/** Opens the directory of all accounts. */
export async function createDirectory(options: {
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
}): Promise<Directory> {
  const { store, clock, random } = options;
  const accounts = openAccounts(options);
  const indexes = openIndexes(store);
  const held = new Map<string, Held>();
  /** The account of each access key seen; a key never moves to another account. */
  const keyAccounts = new Map<string, Held>();
  const uses = createKeyUses(store, clock);

  function open(account: string): Held {
    const known = held.get(account);
    if (known) return known;
    assert(accounts.find(account)?.id === account, "an account is opened by its id");
    return hold(account);
  }

  function hold(account: string): Held {
    const scope: AccountScope = {
      account,
      clock,
      random,
      indexes,
      tables: openAccountTables(store, account),
      add: (body) => store.transaction(body),
      async change(body) {
        try {
          return await store.transaction(body);
        } finally {
          opened.credentials = new Map();
          opened.policies = new WeakMap();
        }
      },
    };
    const opened: Held = {
      scope,
      directory: createAccountDirectory(scope, uses.recent),
      credentials: new Map(),
      policies: new WeakMap(),
    };
    held.set(account, opened);
    return opened;
  }

  function findCredentials(id: string): Credentials | undefined {
    const known = keyAccounts.get(id)?.credentials.get(id);
    if (known) return known;
    const account = indexes.keyAccounts.find([id]);
    if (account === undefined) return undefined;
    const opened = open(account);
    const found = readCredentials(opened.scope, id);
    if (!found) return undefined;
    if (opened.credentials.size >= credentialsMax) opened.credentials.clear();
    if (keyAccounts.size >= credentialsMax) keyAccounts.clear();
    opened.credentials.set(id, found);
    keyAccounts.set(id, opened);
    return found;
  }

  function policiesOf(principal: Principal): PrincipalPolicies {
    const account = accountOf(principal);
    if (account === undefined || principal.kind === "root") return nobody;
    const opened = open(account);
    const known = opened.policies.get(principal);
    if (known) return known;
    const found = readPolicies(opened.scope, principal);
    opened.policies.set(principal, found);
    return found;
  }

  function findRole(arn: string): RoleFacts | undefined {
    const [, account = "", name = ""] =
      /^arn:aws:iam::(\d{12}):role\/(?:.*\/)?([^/]+)$/.exec(arn) ?? [];
    if (accounts.find(account)?.id !== account) return undefined;
    const role = open(account).scope.tables.roles.find([name.toLowerCase()]);
    return role?.arn === arn ? factsOf(account, role) : undefined;
  }

  return {
    findCredentials,
    policiesOf,
    findRole,
    startRoleSession: (role, sessionName, session, tags) =>
      startSession(
        open(role.account).scope,
        { kind: "role", role: role.name.toLowerCase(), id: role.id, name: sessionName, tags },
        { ...session, issuedAtMs: clock.now() },
      ),
    startUserSession({ account, accessKeyId: key }, { expiresAtMs, mfa }) {
      assert(key !== undefined, "temporary credentials come from an access key");
      const session = { issuedAtMs: clock.now(), expiresAtMs, policies: [], mfa };
      return startSession(open(account).scope, { kind: "key", key }, session);
    },
    startJobSession({ account, accessKeyId: key, session }, job) {
      assert(key !== undefined, "temporary credentials come from an access key");
      const { scope } = open(account);
      return startSession(scope, scope.tables.sessions.find([key])?.of ?? { kind: "key", key }, {
        ...(session ?? { policies: [], mfa: false }),
        issuedAtMs: clock.now(),
        application: job.application,
        expiresAtMs: Math.min(job.expiresAtMs, session?.expiresAtMs ?? job.expiresAtMs),
      });
    },
    async endApplicationSessions(application) {
      const ending = [...indexes.applicationSessions.range({ prefix: [application] })];
      for (const { key, value } of ending) {
        const { scope } = open(value);
        await scope.change(() => endSession(scope, String(key[1])));
      }
    },
    async createAccount(name, id) {
      const account = accounts.draft(name, id);
      const { scope } = hold(account.id);
      const key = newKey(scope);
      await store.transaction(() => {
        accounts.put(account);
        putKey(scope, key);
      });
      accounts.show(account);
      return { account, accessKeyId: key.id, secret: key.secret };
    },
    accounts: accounts.all,
    findAccount: accounts.find,
    accountOfKey: (id) => indexes.keyAccounts.find([id]),
    noteUse: (id, service) => uses.note(id, service, keyAccounts.get(id)?.scope.account),
    inAccount: (id) => open(id).directory,
  };
}

const factsOf = (account: string, role: RoleRecord): RoleFacts => ({
  account,
  arn: role.arn,
  id: role.id,
  name: role.name,
  trust: applied(`trust policy of role ${role.name}`, role.trust, "trust"),
  tags: role.tags,
  maxSessionSeconds: role.maxSessionSeconds,
});
