import type { ServiceError } from "../../../pipeline/operation.ts";
import { forgetObject } from "../../../projects/permissions/grants.ts";
import { openingsOf } from "../../../projects/permissions/openings.ts";
import type { Change, Permissions, Refusal } from "../../../projects/permissions/state.ts";
import type { ProjectRecord } from "../../../projects/project.ts";
import { type Proposal, propose } from "../../../projects/proposals.ts";
import { putSecurity, type SecurityRecord, securityOf } from "../../../projects/security.ts";
import { parseException, pinExceptions, type TablePin } from "../../../protection/exceptions.ts";
import type { AccountStore } from "../../../storage/store.ts";
import { type TableRecord, tableRows } from "../catalog.ts";
import type { OdpsCall, ProjectTarget } from "../find-project.ts";
import type { FunctionRecord } from "../functions/records.ts";
import { callerName } from "../projects.ts";
import { type ResourceRecord, resourceRows } from "../resources/records.ts";
import { type VolumeRecord, volumeRows } from "../volumes/records.ts";

/** How a change is meant. */
export interface Meant {
  /** Exceptions are approved for the tables as these are now, though their text be the same. */
  readonly approves?: boolean;
  /** The command as written: it waits for a second person where it opens the project. */
  readonly command?: string;
  /** The schema that names without one mean in it. */
  readonly schema?: string | undefined;
}

/** What became of a change: it is made, or waits under an id. */
export type Changed = { readonly waits?: undefined } | { readonly waits: Proposal };

/**
 * Changes what a project says of its security, as it is when the change's turn comes. What would open a project that
 * asks for a second person is kept as a proposal instead, and refused where no command tells what to propose.
 */
export function changeSecurity(
  { project, store }: ProjectTarget,
  change: (state: Permissions) => Change,
  worded: (refusal: Refusal) => ServiceError,
  call: OdpsCall,
  { approves = false, command, schema }: Meant = {},
): Promise<Changed> {
  return call.parts.store.transaction(() => {
    const before = securityOf(store, project);
    const { state, refusal } = change(before.permissions);
    if (refusal) throw worded(refusal);
    if (state === before.permissions && !approves) return {};
    const pins = approves
      ? pinsNow(state, store, project.id)
      : pinsAfter(before, state, store, project.id);
    const opens = openings(before.permissions, state, approves);
    if (opens.length === 0 || !before.permissions.settings.secondApprover) {
      putSecurity(store, project, { ...before, permissions: state, pins });
      return {};
    }
    if (command === undefined) throw worded(needsCommand(opens));
    const id = `p${call.parts.random.bytes(6).toString("hex")}`;
    const by = callerName(call);
    const made = { id, by, atMs: call.timeMs, text: command, schema, opens, pins };
    const proposed = propose(before.proposals ?? [], made);
    if (proposed.refusal) throw worded(proposed.refusal);
    putSecurity(store, project, { ...before, proposals: proposed.proposals });
    return { waits: made };
  });
}

/** Exceptions that are approved once more are for other rows than before. */
const openings = (
  before: Permissions,
  state: Permissions,
  approves: boolean,
): readonly string[] => {
  const opens = openingsOf(before, state);
  return opens.length === 0 && approves && state.exceptions !== undefined
    ? ["exceptions are approved anew"]
    : opens;
};

const needsCommand = (opens: readonly string[]): Refusal => ({
  code: "NoPermission",
  message: `Access Denied - this needs a second person (${opens.join("; ")}): propose it by a command of the security language`,
});

/**
 * Exceptions stay approved for the tables that they were approved for, unless they change: a client that sets another
 * switch sends them back as it has read them, and approves nothing by that.
 */
const pinsAfter = (
  { permissions, pins }: SecurityRecord,
  state: Permissions,
  store: AccountStore,
  projectId: string,
): readonly TablePin[] =>
  state.exceptions === permissions.exceptions ? pins : pinsNow(state, store, projectId);

/**
 * Tables that the exceptions name, as these are now: for who approves them now. What lies outside changes without a
 * version, so an exception for it has to say that it follows.
 */
export function pinsNow(
  { exceptions, project }: Permissions,
  store: AccountStore,
  projectId: string,
): readonly TablePin[] {
  if (exceptions === undefined) return [];
  const own = [...tableRows(store).range({ prefix: [projectId] })].filter(
    ({ value }) => value.kind !== "external",
  );
  const tables = own.map(({ value }) => ({
    ...{ project, schema: value.schema, table: value.name },
    ...{ id: value.id, version: String(value.version) },
  }));
  const resources = [...resourceRows(store).range({ prefix: [projectId] })].map(({ value }) => ({
    ...{ type: "resource" as const, project, schema: value.schema, table: value.name },
    ...{ id: value.id, version: String(value.version) },
  }));
  const volumes = [...volumeRows(store).range({ prefix: [projectId] })].map(({ value }) => ({
    ...{ type: "volume" as const, project, schema: value.schema, table: value.name },
    ...{ id: value.id, version: String(value.version) },
  }));
  return pinExceptions(parseException(exceptions), [...tables, ...resources, ...volumes]).pins;
}

/** Forgets what was said of a table that is gone: inside a transaction. */
export const forgetTable = (
  store: AccountStore,
  project: ProjectRecord,
  { schema, name }: Pick<TableRecord, "schema" | "name">,
): void =>
  putPermissions(store, project, (state) => forgetObject(state, { type: "table", schema, name }));

/** The same of a resource. */
export const forgetResource = (
  store: AccountStore,
  project: ProjectRecord,
  { schema, name }: Pick<ResourceRecord, "schema" | "name">,
): void =>
  putPermissions(store, project, (state) =>
    forgetObject(state, { type: "resource", schema, name }),
  );

/** The same of a volume. */
export const forgetVolume = (
  store: AccountStore,
  project: ProjectRecord,
  { schema, name }: Pick<VolumeRecord, "schema" | "name">,
): void =>
  putPermissions(store, project, (state) => forgetObject(state, { type: "volume", schema, name }));

/** The same of a function. */
export const forgetFunction = (
  store: AccountStore,
  project: ProjectRecord,
  { schema, name }: Pick<FunctionRecord, "schema" | "name">,
): void =>
  putPermissions(store, project, (state) =>
    forgetObject(state, { type: "function", schema, name }),
  );

/** Changes what is said of a project's things because these change: inside a transaction. */
export function putPermissions(
  store: AccountStore,
  project: ProjectRecord,
  change: (state: Permissions) => Permissions,
): void {
  const before = securityOf(store, project);
  putSecurity(store, project, { ...before, permissions: change(before.permissions) });
}
