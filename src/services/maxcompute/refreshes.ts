import { setImmediate } from "node:timers/promises";
import { newEvent } from "../../audit/event.ts";
import { canAsk } from "../../identity/can-ask.ts";
import type { Root, User } from "../../identity/principal.ts";
import { lastDue } from "../../lib/cron.ts";
import { eachMinute } from "../../lib/each-minute.ts";
import type { Parts } from "../../pipeline/call.ts";
import type { OdpsAnswer, OdpsInput } from "../../pipeline/document.ts";
import { ServiceError } from "../../pipeline/operation.ts";
import { namedPrincipal } from "../../projects/named-principal.ts";
import { type ProjectRecord, projectTable } from "../../projects/project.ts";
import type { AccountStore } from "../../storage/store.ts";
import { type TableRecord, tableRows } from "./catalog.ts";
import { tableArn } from "./find-project.ts";
import type { Jobs } from "./jobs/jobs.ts";
import { isOutdated, refreshOf, refreshProperties, refreshRows } from "./materialized.ts";
import { timezoneOf } from "./tunnel/session.ts";

const service = "maxcompute.aliyuncs.com";
const minuteMs = 60_000;
/** Jobs that the clock begins in one minute for one account; others wait for the next. */
const startsMax = 10;

/** A view that is due, in its place. */
interface Due {
  readonly project: ProjectRecord;
  readonly view: TableRecord;
  /** Since when. */
  readonly sinceMs: number;
}

/** The last time that the clock began to make a view anew. */
interface Begun {
  readonly atMs: number;
  readonly job?: string;
}

const timesOf = (view: TableRecord | undefined) =>
  view?.kind === "materialized view" ? refreshOf(view) : undefined;

/**
 * Makes materialized views anew as often as they say: by a job of their owner's, which is judged as if the owner had
 * run it at that moment. Who may not read any more what the view is of, or has no key that is active, gets no rows.
 */
export class Refreshes {
  readonly #parts: Parts;
  readonly #jobs: Jobs;
  readonly #onFault: (what: string, cause: unknown) => void;
  /** By id of the view. After a start nothing is known: what is overdue is then made once. */
  readonly #begun = new Map<string, Begun>();
  #endRounds: () => Promise<void> = async () => undefined;

  constructor(parts: Parts, jobs: Jobs, onFault: (what: string, cause: unknown) => void) {
    this.#parts = parts;
    this.#jobs = jobs;
    this.#onFault = onFault;
  }

  start(): void {
    this.#endRounds = eachMinute(() => this.round());
  }

  stop(): Promise<void> {
    return this.#endRounds();
  }

  /** Begins jobs for what is due longest, and waits for none of them. */
  async round(): Promise<void> {
    const { directory, store: stores, clock } = this.#parts;
    const { cron } = refreshProperties;
    const seen = new Set<string>();
    for (const { id } of [...directory.accounts()]) {
      const due: Due[] = [];
      for await (const [project, view] of this.#views(stores.account(id))) {
        seen.add(view.id);
        const sinceMs = this.#dueSince(view, project);
        if (sinceMs === undefined) continue;
        if (isOutdated(view, project, this.#parts)) due.push({ project, view, sinceMs });
        // What is not needed when a schedule says so is not done until it says so again.
        else if (view.properties[cron]) this.#begun.set(view.id, { atMs: clock.now() });
      }
      due.sort((one, other) => one.sinceMs - other.sinceMs);
      for (const one of due.slice(0, startsMax)) {
        // A view that cannot be made anew keeps no other waiting.
        await this.#refresh(one).catch((error: unknown) => {
          if (!(error instanceof ServiceError)) this.#onFault(`refresh of ${one.view.name}`, error);
        });
      }
    }
    for (const id of this.#begun.keys()) if (!seen.has(id)) this.#begun.delete(id);
  }

  /** The views of an account that the clock makes anew; what is none any more is looked at no more. */
  async *#views(
    store: AccountStore,
  ): AsyncGenerator<readonly [project: ProjectRecord, view: TableRecord]> {
    const tables = tableRows(store);
    for (const { value: project } of [...projectTable(store).range()]) {
      for (const { key } of [...refreshRows(store).range({ prefix: [project.id] })]) {
        // Requests come between.
        await setImmediate();
        const view = tables.find(key);
        if (view && timesOf(view)) yield [project, view];
        else {
          await this.#parts.store.transaction(() => {
            if (!timesOf(tables.find(key))) refreshRows(store).remove(key);
          });
        }
      }
    }
  }

  /** Since when a view may be made anew; undefined: not yet, or that is under way. */
  #dueSince(view: TableRecord, { properties }: ProjectRecord): number | undefined {
    const { atMs = 0, job } = this.#begun.get(view.id) ?? {};
    if (job !== undefined && this.#jobs.runs(job)) return undefined;
    const lastMs = Math.max(atMs, view.materialized?.built?.atMs ?? 0);
    const nowMs = this.#parts.clock.now();
    const times = timesOf(view);
    if (times && "schedule" in times) {
      const zone = timezoneOf({ settings: new Map(Object.entries(properties)) });
      // It is due from when it was last said on.
      const afterMs = Math.max(lastMs, view.definedAtMs);
      return lastDue(times.schedule, { afterMs, untilMs: nowMs, zone });
    }
    const sinceMs = lastMs + (times?.minutes ?? 0) * minuteMs;
    return sinceMs <= nowMs ? sinceMs : undefined;
  }

  async #refresh({ project, view }: Due): Promise<void> {
    const { clock, invoke } = this.#parts;
    this.#begun.set(view.id, { atMs: clock.now() });
    const principal = this.#ownerOf(project, view);
    if (!principal) return this.#record(project, view);
    const [at, schema, name] = [project.name, view.schema, view.name].map((one) => `\`${one}\``);
    const settings = JSON.stringify({ "odps.sql.allow.fullscan": "true" });
    const task = {
      Name: "refresh",
      Query: `ALTER MATERIALIZED VIEW ${at}.${schema}.${name} REBUILD`,
      Config: { Property: { Name: "settings", Value: settings } },
    };
    const input: OdpsInput = {
      ...{ labels: { Project: project.name }, parameters: {}, headers: {} },
      document: { Instance: { Job: { Tasks: { SQL: task } } } },
    };
    const source = { ip: service, userAgent: service, secure: true, via: service };
    const as = { principal, account: project.account, source };
    const { created = "" } = await invoke<OdpsAnswer>(
      "maxcompute",
      "CreateInstance",
      { ...input },
      as,
    );
    const job = created.slice(created.lastIndexOf("/") + 1);
    this.#begun.set(view.id, { atMs: clock.now(), job });
  }

  /** The owner of a view, as long as there is one who could ask for it: with a key that is active. */
  #ownerOf({ account }: ProjectRecord, { owner }: TableRecord): User | Root | undefined {
    const { directory, clock } = this.#parts;
    const principal = namedPrincipal(owner, directory, clock.now());
    if (!principal || principal.kind === "session" || principal.account !== account) return;
    return canAsk(principal, directory) ? principal : undefined;
  }

  /** There is nobody as whom it could be done: that is what the trail tells. */
  async #record({ account, name }: ProjectRecord, view: TableRecord): Promise<void> {
    const { trail, random } = this.#parts;
    await trail.record(
      newEvent(this.#parts, {
        ...{ userIdentity: { accountId: account, invokedBy: service }, eventSource: service },
        ...{ eventName: "RefreshMaterializedView", sourceIPAddress: service, userAgent: service },
        ...{ requestID: random.uuid(), readOnly: false },
        requestParameters: {
          project: name,
          schema: view.schema,
          table: view.name,
          owner: view.owner,
        },
        errorCode: "ODPS-0130013",
        errorMessage: "the owner of the view is gone, acts as a role, or has no active access key",
        resources: [
          { accountId: account, type: "ODPS::Table", ARN: tableArn(name, view.schema, view.name) },
        ],
        ...{ eventType: "AwsServiceEvent", recipientAccountId: account },
      }),
    );
  }
}
