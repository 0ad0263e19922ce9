import { meantNames } from "../../../sql/tables.ts";
import type { ObjectName } from "../../../sql/tree.ts";
import type {
  CreateFunction,
  CreateSqlFunction,
  Describe,
  Drop,
} from "../../../sql/tree-definition.ts";
import type { OdpsCall, ProjectTarget } from "../find-project.ts";
import {
  alreadyThere,
  dropFunction,
  noSuchFunction,
  putFunction,
  temporaryFunction,
  type WantedFunction,
} from "../functions/make.ts";
import { type FunctionRecord, functionRows } from "../functions/records.ts";
import type { Outcome } from "../jobs/jobs.ts";
import { resourceNameText } from "../resources/find.ts";
import type { StatementCatalog } from "../tunnel/session.ts";
import { type Doing, notBuilt } from "./execute.ts";
import { semantic } from "./names.ts";

/** Where a function is or is to be, and the one that is there. */
export interface PlacedFunction extends Pick<ProjectTarget, "project" | "store"> {
  readonly schema: string;
  readonly name: string;
  readonly there: FunctionRecord | undefined;
}

/** The place that a function's name means. */
export function placedFunction(
  written: ObjectName,
  catalog: StatementCatalog,
  call: OdpsCall,
): PlacedFunction {
  const [{ project: projectName, schema, name }] = meantNames(written, catalog.place);
  const project = call.parts.projects.find(call.account, projectName);
  if (!project) throw semantic(written.at, `project ${projectName} cannot be resolved`);
  const store = call.parts.store.account(project.account);
  const there = functionRows(store).find([project.id, schema, name]);
  return { project, store, schema, name, there };
}

const functionsMax = 100;

/** CREATE FUNCTION and CREATE SQL FUNCTION. */
export async function createFunction(
  doing: Doing<CreateFunction> | Doing<CreateSqlFunction>,
): Promise<Outcome> {
  const { statement, target, input, call } = doing;
  const place = placedFunction(statement.function, target.catalog, call);
  const wanted = wantedBy(statement, place, input.sql, target.catalog);
  const within = { ...target, project: place.project, store: place.store };
  if (statement.temporary) {
    const { functions } = input.session;
    if (functions.size >= functionsMax) {
      throw semantic(statement.at, `a job makes at most ${functionsMax} functions`);
    }
    functions.set(place.name, temporaryFunction(wanted, within, call));
    return { text: "OK" };
  }
  const { there } = place;
  if (there && statement.ifNotExists) return { text: "OK" };
  if (there && !statement.orReplace) throw alreadyThere(place.name);
  const { ifNotExists } = statement;
  await putFunction(wanted, within, call, { replaces: there, ifNotExists });
  return { text: "OK" };
}

function wantedBy(
  statement: CreateFunction | CreateSqlFunction,
  { schema, name }: PlacedFunction,
  text: string,
  catalog: StatementCatalog,
): WantedFunction {
  if (statement.kind === "create-function") {
    const { className, resources, embedded } = statement;
    return { schema, name, className, resources, ...(embedded && { embedded }) };
  }
  if (statement.body.kind === "query" || statement.returns?.kind === "table") {
    throw notBuilt("a function in SQL that gives rows");
  }
  return { schema, name, className: "", resources: [], sql: { text, ...catalog.place } };
}

/** DROP FUNCTION. */
export async function dropFunctionNamed(doing: Doing<Drop>): Promise<Outcome> {
  const { statement, target, call } = doing;
  const place = placedFunction(statement.name, target.catalog, call);
  if (place.there) await dropFunction(place, place.there, call);
  else if (!statement.ifExists) throw noSuchFunction(place.name);
  return { text: "OK" };
}

/** DESC FUNCTION. */
export function describeFunction({ statement, target, call }: Doing<Describe>): Outcome {
  const { project, there, name } = placedFunction(statement.name, target.catalog, call);
  if (!there) throw noSuchFunction(name);
  const resources = there.resources.map((one) =>
    resourceNameText({ project: project.name, ...one }),
  );
  const lines = [
    ["Name", name],
    ["Owner", there.owner],
    ["Created Time", new Date(there.createdAtMs).toISOString().replace("T", " ").slice(0, 19)],
    ...(there.sql
      ? [["SQL Definition Text", there.sql.text]]
      : [
          ["Class", there.className],
          ["Resources", resources.join(", ")],
        ]),
  ];
  return { text: lines.map(([what = "", value = ""]) => `${what.padEnd(32)}${value}`).join("\n") };
}

/** SHOW FUNCTIONS. */
export const functionList = ({ target }: Pick<Doing, "target">): string =>
  [...functionRows(target.store).range({ prefix: [target.project.id, target.catalog.schema] })]
    .map(({ value }) => `${value.owner}:${value.name}`)
    .join("\n");
