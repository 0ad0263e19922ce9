import { eachMinute } from "../../lib/each-minute.ts";
import type { Parts } from "../../pipeline/call.ts";
import { type DroppedProject, droppedProjects } from "../../projects/drop-project.ts";
import type { ProjectRecord } from "../../projects/project.ts";
import { giveBack, grantsOf } from "../../projects/project-key.ts";
import { shownRows } from "../../projects/projects.ts";
import { securityRows } from "../../projects/security.ts";
import type { AccountStore, BlobRef } from "../../storage/store.ts";
import { schemaRows, tableRows } from "./catalog.ts";
import { droppedRows } from "./dropped-tables.ts";
import { functionRows } from "./functions/records.ts";
import { instanceRows, runningRows } from "./jobs/instance-record.ts";
import type { Jobs } from "./jobs/jobs.ts";
import { refreshRows } from "./materialized.ts";
import type { ProjectEngines } from "./project-engines.ts";
import { dataKeyRows } from "./project-sealing.ts";
import { resourceRows } from "./resources/records.ts";
import { type Erased, erased, sessionKinds } from "./session-kinds.ts";
import { removeVersions } from "./versions.ts";
import { entryRows, type Piece, volumeRows } from "./volumes/records.ts";
import { volumePartRows } from "./volumes/sessions.ts";
import { removePieces } from "./volumes/tree.ts";

const erasedAtOnce = 100;
/** What was under way when a project was dropped may still leave something: a job runs for a day at most. */
const watchedMs = 25 * 60 * 60 * 1000;

const dropBlob = (store: AccountStore, blob: BlobRef | undefined) => {
  if (blob) store.blobs.remove(blob);
};
const dropPieces = (store: AccountStore, { pieces }: { readonly pieces: readonly Piece[] }) =>
  removePieces(store, pieces);

/** Everything that a project has, in rows whose keys begin with its id. */
const everything: readonly Erased<unknown>[] = [
  erased(tableRows, removeVersions),
  erased(droppedRows, (store, { table }) => removeVersions(store, table)),
  erased(instanceRows, (store, { rows }) => dropBlob(store, rows?.file.blob)),
  erased(resourceRows, (store, { blob }) => dropBlob(store, blob)),
  erased(entryRows, dropPieces),
  erased(volumePartRows, dropPieces),
  ...sessionKinds,
  ...[schemaRows, runningRows, functionRows, shownRows, securityRows, refreshRows, volumeRows].map(
    (rows) => erased<unknown>(rows),
  ),
];

/** Erases what dropped projects had: all of it again each minute for a day, and after each start. */
export class ProjectEraser {
  readonly #parts: Parts;
  readonly #jobs: Jobs;
  readonly #engines: ProjectEngines;
  readonly #onFault: (what: string, cause: unknown) => void;
  #endRounds: () => Promise<void> = async () => undefined;

  constructor(
    parts: Parts,
    running: { readonly jobs: Jobs; readonly engines: ProjectEngines },
    onFault: (what: string, cause: unknown) => void,
  ) {
    this.#parts = parts;
    this.#jobs = running.jobs;
    this.#engines = running.engines;
    this.#onFault = onFault;
  }

  async start(): Promise<void> {
    await this.#round();
    this.#endRounds = eachMinute(() => this.#round());
  }

  stop(): Promise<void> {
    return this.#endRounds();
  }

  async #round(): Promise<void> {
    const { directory, store } = this.#parts;
    for (const { id } of [...directory.accounts()]) {
      for (const { value } of [...droppedProjects(store.account(id)).range()]) {
        await this.#erase(value).catch((error: unknown) =>
          this.#onFault(`erasing of project ${value.project.name}`, error),
        );
      }
    }
  }

  async #erase({ project, atMs }: DroppedProject): Promise<void> {
    const { store: stores, clock } = this.#parts;
    await this.#jobs.cancelOf(project.id);
    await this.#engines.endOf(project.id);
    for (const grant of grantsOf(project, this.#parts)) {
      await giveBack(project, grant, this.#parts);
    }
    const store = stores.account(project.account);
    for (const one of everything) await this.#eraseRows(store, project, one);
    await this.#eraseDataKeys(store, project);
    if (clock.now() - atMs > watchedMs) {
      await stores.transaction(() => droppedProjects(store).remove([project.id]));
    }
  }

  async #eraseRows(
    store: AccountStore,
    { id }: ProjectRecord,
    { rows, also }: Erased<unknown>,
  ): Promise<void> {
    const table = rows(store);
    const next = () => [...table.range({ prefix: [id], limit: erasedAtOnce })];
    while (next().length > 0) {
      await this.#parts.store.transaction(() => {
        for (const { key, value } of next()) {
          also(store, value, key);
          table.remove(key);
        }
      });
    }
  }

  /** Data keys are kept by their own names. */
  async #eraseDataKeys(store: AccountStore, { id }: ProjectRecord): Promise<void> {
    const rows = dataKeyRows(store);
    const own = [...rows.range()].filter(({ value }) => value.project.id === id);
    if (own.length === 0) return;
    await this.#parts.store.transaction(() => {
      for (const { key } of own) rows.remove(key);
    });
  }
}
