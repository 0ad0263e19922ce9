import type { KeyUse } from "../../keys/keys.ts";
import type { Parts } from "../../pipeline/call.ts";
import { ServiceError } from "../../pipeline/operation.ts";
import type { ProjectRecord } from "../../projects/project.ts";
import { projectContext, warehouseUse } from "../../projects/project-key.ts";
import type { AccountStore, Sealer } from "../../storage/store.ts";

/** A data key of a project: what it sealed names it. */
interface DataKeyRecord {
  readonly project: Pick<ProjectRecord, "id" | "name" | "account">;
  readonly keyArn: string;
  readonly wrapped: Uint8Array;
}

/** Data keys of all projects of an account, by their ids. */
export const dataKeyRows = (store: AccountStore) => store.table<DataKeyRecord>("odps-data-keys");

/** What seals a new file, and its name for who reads the file. Without a key of its own, the account's keys do. */
export interface NewSeal {
  readonly sealer?: Sealer;
  readonly sealedBy?: string;
}

/** Something that may be sealed under a project's own key. */
export interface Sealed {
  readonly sealedBy?: string;
}

/**
 * The data keys of projects that have a key of their own. The key service judges each use: a key that is disabled, or
 * a grant that is revoked, ends reading and writing at once.
 */
export class ProjectSealing {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** What seals a file of a project from now on. Throws what the key refuses. */
  async forWriting(project: ProjectRecord): Promise<NewSeal> {
    const { projects, keys, store } = this.#parts;
    const now = projects.find(project.account, project.name);
    const { key } = now?.id === project.id ? now : project;
    if (!key) return {};
    const { id, name, account } = project;
    const { sealer, wrapped, keyArn } = await inOdpsWords(name, () =>
      keys.sharedDataKey(key.arn, projectContext(project), this.#use(project)),
    );
    const rows = dataKeyRows(store.account(account));
    if (!rows.find([sealer.id])) {
      const record = { project: { id, name, account }, keyArn, wrapped };
      await store.transaction(() => rows.put([sealer.id], record));
    }
    return { sealer, sealedBy: sealer.id };
  }

  /** What opens these, by the names of their data keys. Each is judged anew. Throws what a key refuses. */
  async opening(account: string, files: Iterable<Sealed>): Promise<ReadonlyMap<string, Sealer>> {
    const names = new Set([...files].flatMap(({ sealedBy }) => sealedBy ?? []));
    const found = [...names].map(async (name) => [name, await this.#open(account, name)] as const);
    return new Map(await Promise.all(found));
  }

  /** What opens one. */
  async openerOf(account: string, { sealedBy }: Sealed): Promise<Sealer | undefined> {
    return sealedBy === undefined ? undefined : this.#open(account, sealedBy);
  }

  /** ARN of the key under which a data key is, and the project whose it is: its own permission counts. */
  under(account: string, name: string): { readonly keyArn: string; readonly projectId: string } {
    const { keyArn, project } = this.#record(account, name);
    return { keyArn, projectId: project.id };
  }

  async #open(account: string, name: string): Promise<Sealer> {
    const { project, wrapped } = this.#record(account, name);
    return inOdpsWords(project.name, () =>
      this.#parts.keys.openSharedDataKey(wrapped, projectContext(project), this.#use(project)),
    );
  }

  #record(account: string, name: string): DataKeyRecord {
    const found = dataKeyRows(this.#parts.store.account(account)).find([name]);
    if (!found) throw new Error(`data key ${name} of account ${account} is missing`);
    return found;
  }

  #use(project: DataKeyRecord["project"]): KeyUse {
    return warehouseUse(project, this.#parts);
  }
}

/** KMS's refusal as MaxCompute's clients read it. */
async function inOdpsWords<Result>(project: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    throw new ServiceError(
      "ODPS-0130013",
      `ODPS-0130013:Authorization exception - the key of the project ${project} cannot be used: ${error.code}: ${error.message}`,
    );
  }
}
