import type { Principal } from "../identity/principal.ts";
import type { Clock } from "../lib/clock.ts";
import { ServiceError } from "../lib/service-error.ts";
import { informationSchema } from "../sql/catalog.ts";
import type { AccountStore, Store, Table } from "../storage/store.ts";
import { giveBack, type KeyParts, type ProjectKey, settleProjectKey } from "./project-key.ts";
import { newSecurity, putSecurity } from "./security.ts";

/** A project of the warehouse as it is stored, in its account, by name. */
export interface ProjectRecord {
  /** Never used again: a project that is made later under this name has nothing of this one. */
  readonly id: string;
  /** In lower case. */
  readonly name: string;
  readonly account: string;
  /** As `principalName` has it. */
  readonly owner: string;
  readonly comment: string;
  readonly createdAtMs: number;
  readonly modifiedAtMs: number;
  /** What seals what is written from now on; absent: the account's own keys. */
  readonly key?: ProjectKey;
  /** As `setproject` sets them: `odps.sql.type.system.odps2`. */
  readonly properties: Readonly<Record<string, string>>;
}

const nameForm = /^[a-z][a-z0-9_]{2,127}$/;

/** Whether a project may have this name, in lower case (MaxCompute, project naming). One name means each one's own. */
export const isProjectName = (name: string): boolean =>
  nameForm.test(name) && name !== informationSchema;

export const projectTable = (store: AccountStore): Table<ProjectRecord> => store.table("projects");

/** Whoever acts as a role, in MaxCompute's words. */
export const roleMember = (account: string, role: string): string => `RAM$${account}:role/${role}`;

/** A principal in MaxCompute's words: `RAM$<account>:<user>`, for an account's root `ALIYUN$<account>`. */
export function principalName(principal: Principal): string {
  switch (principal.kind) {
    case "root":
      return `ALIYUN$${principal.account}`;
    case "user":
      return `RAM$${principal.account}:${principal.name}`;
    case "session":
      return roleMember(principal.account, principal.roleName);
    case "service":
      return `SERVICE$${principal.name}`;
    case "anonymous":
      return "ANONYMOUS$";
  }
}

const projectsMax = 1000;

/** Makes a project. Refuses a name that is none, or taken in the account. */
export async function createProject(
  parts: KeyParts & { readonly store: Store; readonly clock: Clock },
  account: string,
  wanted: {
    readonly name: string;
    readonly comment?: string;
    /** Id, ARN or alias of a key that seals its data: the account's root lets the warehouse use it. */
    readonly kmsKey?: string;
  },
): Promise<ProjectRecord> {
  const { store, random, clock } = parts;
  const name = wanted.name.toLowerCase();
  if (!isProjectName(name)) {
    throw new ServiceError(
      "InvalidParameter",
      `\`${wanted.name.slice(0, 128)}\` is no project's name: a letter, then 2 to 127 letters, digits or underscores`,
    );
  }
  const nowMs = clock.now();
  const id = random.uuid();
  const { kmsKey } = wanted;
  const named = { id, name, account };
  const key = kmsKey === undefined ? undefined : await settleProjectKey(named, kmsKey, parts);
  const record: ProjectRecord = {
    ...(key && { key }),
    ...{ ...named, owner: `ALIYUN$${account}` },
    ...{ comment: wanted.comment ?? "", createdAtMs: nowMs, modifiedAtMs: nowMs, properties: {} },
  };
  const table = projectTable(store.account(account));
  const put = () => {
    if (table.find([name])) {
      throw new ServiceError("AlreadyExists", `there is a project \`${name}\` already`);
    }
    if ([...table.range({ limit: projectsMax })].length >= projectsMax) {
      throw new ServiceError("LimitExceeded", `an account has at most ${projectsMax} projects`);
    }
    table.put([name], record);
    putSecurity(store.account(account), record, newSecurity(record));
  };
  try {
    await store.transaction(put);
  } catch (error) {
    if (key) await giveBack(record, key, parts);
    throw error;
  }
  return record;
}
