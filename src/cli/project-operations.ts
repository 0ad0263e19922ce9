import { createProject, projectTable } from "../projects/project.ts";
import { protectionOf, securityOf } from "../projects/security.ts";
import { twoStepRoutes } from "../protection/two-step-routes.ts";
import { type AdminOperation, accountOf, checkTrail, record } from "./administered.ts";

/** What an administrator does with projects of the warehouse. */
export const projectOperations: Readonly<Record<string, AdminOperation>> = {
  async "project-create"({ opened, endpoint, ca }, { name, account, comment }) {
    checkTrail(opened);
    const { id } = accountOf(opened, account);
    const made = await createProject(opened.parts, id, {
      name: String(name),
      ...(comment !== undefined && { comment: String(comment) }),
    });
    await record(opened, id, "maxcompute", "CreateProject", { project: made.name });
    return {
      project: made.name,
      account: id,
      owner: made.owner,
      ...(endpoint !== undefined && { endpoint: `${endpoint}/api`, ca }),
    };
  },

  /** Ways on which data of a protected project can get further than its owner has said. */
  async "project-routes"({ opened }, { account }) {
    const { id } = accountOf(opened, account);
    const store = opened.parts.store.account(id);
    const projects = [...projectTable(store).range()].map(({ value }) =>
      protectionOf(securityOf(store, value)),
    );
    return twoStepRoutes(projects);
  },

  async "project-list"({ opened }, { account }) {
    const { id } = accountOf(opened, account);
    return [...projectTable(opened.parts.store.account(id)).range()].map(
      ({ value: { name, owner, comment, createdAtMs } }) => ({
        ...{ project: name, account: id, owner, comment, createdAtMs },
      }),
    );
  },
};
