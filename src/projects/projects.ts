import { ServiceError } from "../lib/service-error.ts";
import {
  type Destination,
  type Held,
  type SourceTable,
  type TaskType,
  viaPackage,
} from "../protection/flow.ts";
import { type FlowDecision, judgeFlow } from "../protection/judge-flow.ts";
import type { AccountStore, Store, Table } from "../storage/store.ts";
import { CodeJobs } from "./code-jobs.ts";
import { heldOn } from "./permissions/held.ts";
import { rankOf } from "./permissions/names.ts";
import type { Question } from "./permissions/question.ts";
import { protectedText, refusalText } from "./permissions/refusal-text.ts";
import type { Permissions } from "./permissions/state.ts";
import { type ProjectRecord, projectTable } from "./project.ts";
import { protectionOf, securityOf } from "./security.ts";
import { holderOf, type StoreName } from "./stores.ts";

/** A table or view, and what is looked at of it, or a function. */
export interface LentTable {
  /** Absent: a table or view. */
  readonly type?: SourceTable["type"];
  readonly project: ProjectRecord;
  readonly schema: string;
  readonly table: string;
  readonly id: string;
  readonly columns: readonly string[];
  /** Who made it. */
  readonly creator: string;
}

/** Data of a project that is about to move. */
export interface WantedFlow {
  readonly project: ProjectRecord;
  readonly source: Omit<SourceTable, "project">;
  /** Columns that are read; none: all. */
  readonly columns?: readonly string[];
  /** Who made the table. */
  readonly creator?: string;
  readonly destination: Exclude<Destination, { kind: "display" }> | { readonly kind: "display" };
  readonly taskType: TaskType;
  /** Such as `Select`. */
  readonly action: string;
  /** The view or function through which it is reached: who may use that need not be allowed what is behind it. */
  readonly through?: LentTable;
  /** The project somebody works in, when it is another. */
  readonly current?: ProjectRecord;
  /** Who will move it, where that is not who asks. */
  readonly mover?: FlowMover;
  /** The statement of a script that would move it, and why that is all that can be told. */
  readonly statement?: string;
}

/** Who moves data, and from where. */
export interface FlowMover {
  /** As `principalName` has it. */
  readonly name: string;
  readonly ip: string;
  readonly secure: boolean;
}

interface FlowAsker extends FlowMover {
  readonly timeMs: number;
}

const nameOf = ({ type, schema, table }: LentTable) => ({ type, schema, table });

/** How many rows were shown, by project, day and to whom. */
export const shownRows = (store: AccountStore): Table<number> => store.table("project-shown");

/** Projects, as far as every service needs to know them: where data may go. */
export class Projects {
  readonly #store: Store;
  /** Jobs in whose cells code of users runs. */
  readonly codeJobs = new CodeJobs();

  constructor(store: Store) {
    this.#store = store;
  }

  /** A project of an account, by its name in either case. */
  find(account: string, name: string): ProjectRecord | undefined {
    return projectTable(this.#store.account(account)).find([name.toLowerCase()]);
  }

  /** The project that a store of an account belongs to. */
  holding(account: string, store: StoreName): ProjectRecord | undefined {
    const holder = holderOf(this.#store.account(account), store);
    const project = holder && this.find(account, holder.project);
    return project?.id === holder?.projectId ? project : undefined;
  }

  permissionsOf(project: ProjectRecord): Permissions {
    return securityOf(this.#store.account(project.account), project).permissions;
  }

  /** Judges one flow by the project that the data would leave. */
  judge(flow: WantedFlow, asker: FlowAsker): FlowDecision {
    const { project, source, destination, taskType, action } = flow;
    const store = this.#store.account(project.account);
    const security = securityOf(store, project);
    const day = new Date(asker.timeMs).toISOString().slice(0, 10);
    const shown = shownRows(store).find([project.id, day, asker.name]) ?? 0;
    return judgeFlow(
      {
        source: { ...source, project: project.name },
        destination:
          destination.kind === "display" ? { kind: "display", shownTodayRows: shown } : destination,
        principal: asker.name,
        taskType,
        action: `odps:${action}`,
        columns: flow.columns,
        held: this.#held(flow, security.permissions, asker),
        timeMs: asker.timeMs,
        sourceIp: asker.ip,
        secureTransport: asker.secure,
      },
      protectionOf(security),
    );
  }

  #held(flow: WantedFlow, permissions: Permissions, asker: FlowAsker): Held {
    const { through, source } = flow;
    // Access to it was judged by its own service; Download is a privilege of the project's.
    if (source.store !== undefined) {
      const rank = rankOf(permissions, asker.name);
      const download = rank === "owner" || rank === "super_administrator";
      return { select: true, describe: true, download };
    }
    const own = heldOn(permissions, this.#question(flow, asker));
    if (!through) return own;
    const view = { ...flow, ...through, source: { ...flow.source, ...nameOf(through) } };
    const held = heldOn(this.permissionsOf(through.project), this.#question(view, asker));
    if (through.project.id === flow.project.id) return held;
    // A view of another project lends what it selects: neither Download of the table, nor leave to pass protection.
    return { ...own, select: held.select || viaPackage(held).select };
  }

  #question(flow: WantedFlow, { name, timeMs, ip, secure }: FlowAsker): Omit<Question, "action"> {
    const { source, columns, creator, current, taskType } = flow;
    return {
      principal: name,
      object: { type: source.type ?? "table", schema: source.schema, name: source.table },
      ...{ columns, creator, timeMs, sourceIp: ip, secureTransport: secure, taskType },
      ...(current && current.id !== flow.project.id && { current: this.permissionsOf(current) }),
    };
  }

  /** What the caller is told of a flow that is refused. */
  refusal(flow: WantedFlow, decision: FlowDecision, asker: FlowAsker): ServiceError {
    const permissions = this.permissionsOf(flow.project);
    const missing = decision.reason === "no-download-privilege" ? "Download" : flow.action;
    const question = { ...this.#question(flow, asker), action: missing };
    const told = decision.reason === "protected" || decision.reason.startsWith("display");
    const text = told
      ? protectedText(permissions, question)
      : refusalText(permissions, question, "silent", "");
    const why = decision.reason.startsWith("display-") ? ` (${decision.reason})` : "";
    return new ServiceError("ODPS-0130013", `ODPS-0130013:Authorization exception - ${text}${why}`);
  }

  /** Counts rows that were shown to somebody, inside a transaction. */
  countShown(project: ProjectRecord, name: string, rows: number, timeMs: number): void {
    const table = shownRows(this.#store.account(project.account));
    const key = [project.id, new Date(timeMs).toISOString().slice(0, 10), name];
    table.put(key, (table.find(key) ?? 0) + rows);
    for (const { key: old } of [...table.range({ prefix: [project.id], limit: 10 })]) {
      if (String(old[1]) < String(key[1])) table.remove(old);
    }
  }
}
