import { isSameName } from "../policy/odps/names.ts";
import type { ProjectProtection } from "./flow.ts";

/** A way out of a protected project in two steps. */
export interface TwoStepRoute {
  readonly from: string;
  /** The project it trusts. */
  readonly through: string;
  /** Where its data may go from there; undefined: anywhere. */
  readonly to: string | undefined;
  readonly warning: string;
}

/** Finds protected projects whose trust leads further than they say: to a project that is open, or trusts others. */
export function twoStepRoutes(projects: readonly ProjectProtection[]): readonly TwoStepRoute[] {
  const routes: TwoStepRoute[] = [];
  for (const project of projects) {
    if (!project.protection) continue;
    for (const through of project.trustedProjects) {
      const trusted = projects.find(({ name }) => isSameName(name, through));
      if (trusted && !isSameName(trusted.name, project.name))
        routes.push(...routesThrough(project, trusted));
    }
  }
  return routes;
}

function routesThrough(from: ProjectProtection, through: ProjectProtection): TwoStepRoute[] {
  const start = `project ${from.name} trusts project ${through.name}`;
  const route = (to: string | undefined, rest: string): TwoStepRoute => ({
    from: from.name,
    through: through.name,
    to,
    warning: `${start}, ${rest}`,
  });
  if (!through.protection)
    return [route(undefined, "which is not protected: from there data may go anywhere")];
  const isKnown = (name: string) =>
    [from.name, through.name, ...from.trustedProjects].some((known) => isSameName(known, name));
  const routes = through.trustedProjects
    .filter((name) => !isKnown(name))
    .map((name) => route(name, `which trusts project ${name}`));
  if (through.exceptions && through.exceptions.policy.statements.length > 0)
    routes.push(route(undefined, "which has exceptions of its own"));
  return routes;
}
