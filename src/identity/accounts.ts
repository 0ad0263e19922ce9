import type { Clock } from "../lib/clock.ts";
import type { Random } from "../lib/random.ts";
import { ServiceError } from "../lib/service-error.ts";
import type { Store } from "../storage/store.ts";
import type { Account } from "./directory.ts";
import { accountId } from "./ids.ts";

/** The tenants of this installation, all in memory: there are few, and each request asks. */
export interface Accounts {
  all(): readonly Account[];
  find(idOrName: string): Account | undefined;
  /**
   * An account that is not stored yet, with an id of its own or the one that is given; refuses a name that could be
   * taken for an id, and an id that is taken or none.
   */
  draft(name: string, id?: string): Account;
  /** Stores it; inside a change. */
  put(account: Account): void;
  /** Lets it be found, once it is on disk. */
  show(account: Account): void;
}

const idForm = /^[1-9]\d{11}$/;
const nameForm = /^(?!\d+$)[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;

export function openAccounts(options: {
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
}): Accounts {
  const { store, clock, random } = options;
  const table = store.system.table<Account>("identity-accounts");
  const names = store.system.table<string>("identity-account-names");
  const byId = new Map<string, Account>();
  const byName = new Map<string, Account>();

  function show(account: Account): void {
    byId.set(account.id, account);
    byName.set(account.name.toLowerCase(), account);
  }
  for (const { value } of table.range()) show(value);

  function draft(name: string, wanted?: string): Account {
    if (!nameForm.test(name)) {
      throw new ServiceError(
        "ValidationError",
        `an account's name is 1 to 63 letters, digits, dots, underscores and hyphens: \`${name}\``,
      );
    }
    if (wanted !== undefined && !idForm.test(wanted)) {
      throw new ServiceError("ValidationError", `an account's id is 12 digits: \`${wanted}\``);
    }
    if (wanted !== undefined && byId.has(wanted)) {
      throw new ServiceError("EntityAlreadyExists", `account ${wanted} already exists`);
    }
    let id = wanted ?? accountId(random);
    while (byId.has(id)) id = accountId(random);
    return { id, name, createdAtMs: clock.now() };
  }

  function put(account: Account): void {
    const name = account.name.toLowerCase();
    if (names.find([name]) !== undefined) {
      throw new ServiceError("EntityAlreadyExists", `account \`${account.name}\` already exists`);
    }
    if (table.find([account.id])) {
      throw new ServiceError("EntityAlreadyExists", `account ${account.id} already exists`);
    }
    table.put([account.id], account);
    names.put([name], account.id);
  }

  return {
    all: () => [...byId.values()].sort((left, right) => left.createdAtMs - right.createdAtMs),
    find: (idOrName) => byId.get(idOrName) ?? byName.get(idOrName.toLowerCase()),
    draft,
    put,
    show,
  };
}
