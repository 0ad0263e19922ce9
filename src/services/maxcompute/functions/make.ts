import type { AccessDemand } from "../../../access/authorize.ts";
import { ServiceError } from "../../../pipeline/operation.ts";
import { isKnownName } from "../../../sql/functions/table.ts";
import { demandKeys } from "../demand-keys.ts";
import type { OdpsCall, ProjectTarget } from "../find-project.ts";
import { invalid } from "../invalid.ts";
import { callerName } from "../projects.ts";
import { noSuchResource, readDemand } from "../resources/find.ts";
import { forgetFunction } from "../security/change.ts";
import { givenTo } from "../security/given-to.ts";
import { resourcesNamed } from "./named.ts";
import { type FunctionRecord, functionRows } from "./records.ts";

const functionsMax = 10_000;
const nameForm = /^[a-z_][a-z0-9_]{0,127}$/;
const classForm = /^[A-Za-z_$][\w$]{0,127}(?:\.[A-Za-z_$][\w$]{0,127}){0,15}$/;

/** What a function is to be. */
export interface WantedFunction {
  readonly schema: string;
  readonly name: string;
  readonly className: string;
  /** As they are written: `x.py`, `p/resources/x.py`. */
  readonly resources: readonly string[];
  readonly sql?: FunctionRecord["sql"];
  readonly embedded?: FunctionRecord["embedded"];
}

/** The refusal of a function that is not there. */
export const noSuchFunction = (name: string): ServiceError =>
  new ServiceError(
    "NoSuchObject",
    `ODPS-0110061: Function not found - '${name.slice(0, 128)}' does not exist`,
  );

/** Who makes a function must be allowed to read what it is made of, as the projects judge that hold it. */
export const resourceDemands = (
  wanted: Pick<WantedFunction, "schema" | "resources">,
  within: Pick<ProjectTarget, "project">,
  call: OdpsCall,
): readonly AccessDemand[] =>
  resourcesNamed(wanted, within, call).map((one) =>
    readDemand(one, { [demandKeys.current]: within.project.name }),
  );

function checkWanted(
  wanted: WantedFunction,
  within: ProjectTarget,
  call: OdpsCall,
): FunctionRecord["resources"] {
  const { name, className, sql, embedded } = wanted;
  if (!nameForm.test(name)) throw invalid(`\`${name.slice(0, 130)}\` is no function's name`);
  if (isKnownName(name)) throw invalid(`${name} is the name of a built-in function`);
  const found = resourcesNamed(wanted, within, call).map(({ project, name, record }) => {
    if (!record) throw noSuchResource(name.name);
    return { ...record, project };
  });
  if (sql) return [];
  const hasJar = embedded?.language === "Java" || found.some(({ type }) => type === "jar");
  // In Java a class may stand in no package; in Python it stands in a module.
  if (!classForm.test(className) || !(hasJar || className.includes("."))) {
    throw invalid(`\`${className.slice(0, 200)}\` names no class: expected module.Class`);
  }
  return found.map(({ id, schema, name, project }) => ({
    ...{ id, schema, name },
    ...(project.id !== within.project.id && { project: project.name }),
  }));
}

/** A function that lives as long as its job. */
export function temporaryFunction(
  wanted: WantedFunction,
  within: ProjectTarget,
  call: OdpsCall,
): FunctionRecord {
  const { schema, name, className, sql, embedded } = wanted;
  const caller = callerName(call);
  return {
    ...(embedded && { embedded }),
    ...{ id: call.parts.random.uuid(), schema, name, className },
    ...{ resources: checkWanted(wanted, within, call), owner: caller, madeBy: caller },
    createdAtMs: call.timeMs,
    ...(sql && { sql }),
  };
}

/** Makes a function, or the one that it replaces anew. */
export async function putFunction(
  wanted: WantedFunction,
  within: ProjectTarget,
  call: OdpsCall,
  how: { readonly replaces?: FunctionRecord | undefined; readonly ifNotExists?: boolean } = {},
): Promise<void> {
  const { project, store } = within;
  const { schema, name, className, sql } = wanted;
  const { replaces } = how;
  const resources = checkWanted(wanted, within, call);
  const key = [project.id, schema, name];
  await call.parts.store.transaction(() => {
    const rows = functionRows(store);
    const now = rows.find(key);
    if (now?.id !== replaces?.id) {
      if (now && how.ifNotExists) return;
      throw now ? alreadyThere(name) : noSuchFunction(name);
    }
    if (
      !now &&
      [...rows.range({ prefix: [project.id], limit: functionsMax })].length >= functionsMax
    ) {
      throw invalid(`a project has at most ${functionsMax} functions`);
    }
    const caller = callerName(call);
    rows.put(key, {
      ...{ id: now?.id ?? call.parts.random.uuid(), schema, name, className, resources },
      ...{ owner: now?.owner ?? caller, madeBy: caller },
      createdAtMs: now?.createdAtMs ?? call.timeMs,
      ...(sql && { sql }),
    });
  });
}

/** Makes another user of the project the owner of a function. */
export function giveFunction(
  { project, store }: Pick<ProjectTarget, "project" | "store">,
  found: FunctionRecord,
  wanted: string,
  call: OdpsCall,
): Promise<void> {
  return call.parts.store.transaction(() => {
    const key = [project.id, found.schema, found.name];
    const now = functionRows(store).find(key);
    if (now?.id !== found.id) throw noSuchFunction(found.name);
    const owner = givenTo(wanted, project, call);
    if (owner === undefined) {
      throw invalid(`${wanted.slice(0, 128)} is no user of project ${project.name}`);
    }
    functionRows(store).put(key, { ...now, owner });
  });
}

/** The refusal of a second function of a name. */
export const alreadyThere = (name: string): ServiceError =>
  new ServiceError(
    "ObjectAlreadyExists",
    `ODPS-0130071: Function already exists - '${name}' already exists`,
  );

/** Drops a function, and what was granted on its name. */
export function dropFunction(
  { project, store }: Pick<ProjectTarget, "project" | "store">,
  found: FunctionRecord,
  call: OdpsCall,
): Promise<void> {
  return call.parts.store.transaction(() => {
    const key = [project.id, found.schema, found.name];
    if (functionRows(store).find(key)?.id !== found.id) return;
    functionRows(store).remove(key);
    forgetFunction(store, project, found);
  });
}
