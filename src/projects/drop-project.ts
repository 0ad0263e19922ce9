import type { Clock } from "../lib/clock.ts";
import { ServiceError } from "../lib/service-error.ts";
import { parseException, targetsOf } from "../protection/exceptions.ts";
import type { AccountStore, Store, Table } from "../storage/store.ts";
import type { Permissions } from "./permissions/state.ts";
import { type ProjectRecord, projectTable } from "./project.ts";
import { securityOf } from "./security.ts";

/** A project that was dropped: nobody finds it, and what it had is being erased. */
export interface DroppedProject {
  readonly project: ProjectRecord;
  readonly atMs: number;
}

/** Dropped projects of an account, by id. */
export const droppedProjects = (store: AccountStore): Table<DroppedProject> =>
  store.table("project-drops");

/**
 * Drops a project: from then on its name is free, and what is made under it has nothing of this one. Refuses while
 * something else would change its meaning with it.
 */
export async function dropProject(
  { store, clock }: { readonly store: Store; readonly clock: Clock },
  account: string,
  name: string,
): Promise<ProjectRecord> {
  const own = store.account(account);
  const rows = projectTable(own);
  return store.transaction(() => {
    const project = rows.find([name.toLowerCase()]);
    if (!project) throw new ServiceError("NotFound", `there is no project \`${name}\``);
    const stays = obstacles(own, project);
    if (stays.length > 0) {
      throw new ServiceError(
        "Conflict",
        `project ${project.name} stays: ${stays.slice(0, shownMax).join("; ")}`,
      );
    }
    rows.remove([project.name]);
    droppedProjects(own).put([project.id], { project, atMs: clock.now() });
    return project;
  });
}

const shownMax = 10;

/** What must end first: things that the project keeps in, and what others say of its name. */
function obstacles(own: AccountStore, project: ProjectRecord): readonly string[] {
  const { stores = [] } = securityOf(own, project).permissions;
  // Without their project nothing would keep their data in.
  const kept = stores.map(({ kind, name }) => `it has the ${kind} ${name}`);
  const others = [...projectTable(own).range()]
    .filter(({ value }) => value.id !== project.id)
    .flatMap(({ value }) =>
      namings(securityOf(own, value).permissions, project.name).map(
        (how) => `project ${value.name} ${how}`,
      ),
    );
  return [...kept, ...others];
}

/** How a project says something of another by its name, which would then hold for whoever has that name next. */
function namings(said: Permissions, name: string): readonly string[] {
  const is = (other: string) => other.toLowerCase() === name;
  return [
    ...(said.trustedProjects.some(is) ? ["trusts it"] : []),
    ...said.packages
      .filter(({ admitted }) => admitted.some(({ project }) => is(project)))
      .map((one) => `lets it install the package ${one.name}`),
    ...said.installed
      .filter(({ project }) => is(project))
      .map((one) => `has installed its package ${one.name}`),
    ...(said.exceptions !== undefined && targetsOf(parseException(said.exceptions)).some(is)
      ? ["has an exception for it"]
      : []),
  ];
}
