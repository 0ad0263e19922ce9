import { parseException, type TablePin } from "../protection/exceptions.ts";
import type { PinnedExceptions, ProjectProtection } from "../protection/flow.ts";
import { displayLimitsDefault } from "../protection/flow.ts";
import type { AccountStore, Table } from "../storage/store.ts";
import { newPermissions, type Permissions } from "./permissions/state.ts";
import type { ProjectRecord } from "./project.ts";
import type { Proposal } from "./proposals.ts";
import { changeHeld, type StoreName } from "./stores.ts";

/** Everything that a project says of its security, as it is stored, by the project's id. */
export interface SecurityRecord {
  readonly permissions: Permissions;
  /** Tables for which exceptions were approved, as they were then. */
  readonly pins: readonly TablePin[];
  /** Commands that wait for a second person; absent: none. */
  readonly proposals?: readonly Proposal[];
}

/** The security of projects, by id. */
export const securityRows = (store: AccountStore): Table<SecurityRecord> =>
  store.table("project-security");

/** A project that nobody has set anything in yet. */
export const newSecurity = ({ name, owner }: ProjectRecord): SecurityRecord => ({
  permissions: newPermissions(name, owner),
  pins: [],
});

/** The security of a project. */
export function securityOf(store: AccountStore, project: ProjectRecord): SecurityRecord {
  const found = securityRows(store).find([project.id]);
  if (!found) throw new Error(`the security of project ${project.id} is missing`);
  return found;
}

/** Keeps what a project says of its security: inside a transaction. */
export function putSecurity(
  store: AccountStore,
  { id, name }: Pick<ProjectRecord, "id" | "name">,
  record: SecurityRecord,
): void {
  const table = securityRows(store);
  const before = table.find([id])?.permissions.stores ?? none;
  changeHeld(store, { projectId: id, project: name }, before, record.permissions.stores ?? none);
  table.put([id], record);
}

const none: readonly StoreName[] = [];

const compiled = new WeakMap<SecurityRecord, ProjectProtection>();

/** How a project keeps its data in, in the form in which flows are judged by it. */
export function protectionOf(record: SecurityRecord): ProjectProtection {
  const known = compiled.get(record);
  if (known) return known;
  const { permissions } = record;
  const { project, protection, settings, trustedProjects, display } = permissions;
  const exceptions = exceptionsOf(record);
  const made: ProjectProtection = {
    name: project,
    protection,
    downloadControl: settings.enableDownloadPrivilege,
    trustedProjects,
    display: display ?? displayLimitsDefault,
    ...(exceptions && { exceptions }),
  };
  compiled.set(record, made);
  return made;
}

function exceptionsOf({ permissions, pins }: SecurityRecord): PinnedExceptions | undefined {
  const { exceptions } = permissions;
  return exceptions === undefined ? undefined : { policy: parseException(exceptions), pins };
}
