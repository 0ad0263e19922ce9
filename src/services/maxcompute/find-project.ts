import type { Call } from "../../pipeline/call.ts";
import type { OdpsInput } from "../../pipeline/document.ts";
import { ServiceError, type Target } from "../../pipeline/operation.ts";
import type { ProjectRecord } from "../../projects/project.ts";
import { projectArn } from "../../projects/project-key.ts";
import { defaultSchema } from "../../sql/catalog.ts";
import type { AccountStore } from "../../storage/store.ts";
import { type TableRecord, tableRows } from "./catalog.ts";
import { demandKeys } from "./demand-keys.ts";
import type { Warehouse } from "./warehouse.ts";

export type OdpsCall = Call<Warehouse>;

/** The project that a call acts on. */
export interface ProjectTarget extends Target {
  readonly project: ProjectRecord;
  readonly store: AccountStore;
}

/** A table of it. */
export interface TableTarget extends ProjectTarget {
  readonly table: TableRecord;
  /** The project that the caller works in, when it is another: its packages count. */
  readonly current?: ProjectRecord;
}

/** Names in MaxCompute's policies: `acs:odps:*:projects/p/schemas/default/tables/t`. */
export const tableArn = (project: string, schema: string, table: string): string =>
  `${projectArn(project)}/schemas/${schema}/tables/${table}`;

/**
 * The project that the path names. Projects of other accounts are not seen. A missing one is told to everybody: without
 * it there is nobody whose permission could be asked.
 */
export function projectOf({ labels }: OdpsInput, call: OdpsCall): ProjectTarget {
  const name = (labels["Project"] ?? "").toLowerCase();
  const project = call.parts.projects.find(call.account, name);
  if (!project) {
    throw new ServiceError(
      "NoSuchProject",
      `ODPS-0420111: Project not found - '${name.slice(0, 128)}'.`,
    );
  }
  return {
    arn: projectArn(project.name),
    account: project.account,
    type: "ODPS::Project",
    project,
    store: call.parts.store.account(project.account),
  };
}

/**
 * The schema that a call names, in the path or as `curr_schema`. The JDBC driver calls the default one as the project:
 * no schema is made under that name.
 */
export function schemaOf({ labels, parameters }: OdpsInput): string {
  const told = labels["Schema"] ?? parameters["curr_schema"] ?? "";
  const named = told.toLowerCase() === labels["Project"]?.toLowerCase();
  return told === "" || named ? defaultSchema : told.toLowerCase();
}

/** The table that the path names; a missing one is refused only after access to its name was judged. */
export function tableOf(input: OdpsInput, call: OdpsCall): TableTarget {
  const within = projectOf(input, call);
  const schema = schemaOf(input);
  const name = (input.labels["Table"] ?? "").toLowerCase();
  const table = tableRows(within.store).find([within.project.id, schema, name]);
  const arn = tableArn(within.project.name, schema, name);
  const named = input.parameters["curr_project"]?.toLowerCase() ?? "";
  const current =
    named === within.project.name ? undefined : call.parts.projects.find(call.account, named);
  const target = { ...within, arn, type: "ODPS::Table", ...(current && { current }) };
  if (table) return { ...target, table, creator: table.owner };
  const refusal = new ServiceError(
    "NoSuchObject",
    `ODPS-0130131:[0,0] Table not found - table ${within.project.name}.${name.slice(0, 128)} cannot be resolved`,
  );
  return { ...target, table: nothing, absent: { refusal } };
}

/** How an operation finds the table that the path names, and what its judge is told beside names. */
export const namedTable = {
  resolve: tableOf,
  context: (_input: OdpsInput, target: TableTarget) => tableContext(target),
};

export const tableContext = ({ current }: TableTarget): Record<string, string> =>
  current ? { [demandKeys.current]: current.name } : {};

/** In the place of a table that is not there; never handled. */
const nothing: TableRecord = {
  ...{ id: "", schema: "", name: "", kind: "table", columns: [], partitionColumns: [] },
  ...{ comment: "", owner: "", createdAtMs: 0, definedAtMs: 0, transactional: false },
  ...{ primaryKey: [], properties: {}, version: 0 },
};
