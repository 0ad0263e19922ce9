import { dropProject } from "../projects/drop-project.ts";
import { createProject, type ProjectRecord, projectTable } from "../projects/project.ts";
import { changeProjectKey } from "../projects/project-key.ts";
import { protectionOf, securityOf } from "../projects/security.ts";
import { twoStepRoutes } from "../protection/two-step-routes.ts";
import { type AdminOperation, accountOf, checkTrail, record } from "./administered.ts";

/** What an administrator does with projects of the warehouse. */
export const projectOperations: Readonly<Record<string, AdminOperation>> = {
  async "project-create"({ opened, endpoint, ca }, { name, account, comment, kmsKey }) {
    checkTrail(opened);
    const { id } = accountOf(opened, account);
    const made = await createProject(opened.parts, id, {
      name: String(name),
      ...(comment !== undefined && { comment: String(comment) }),
      ...(kmsKey !== undefined && { kmsKey: String(kmsKey) }),
    });
    await record(opened, id, "maxcompute", "CreateProject", {
      ...{ project: made.name, ...keyOf(made) },
    });
    return {
      project: made.name,
      account: id,
      owner: made.owner,
      ...keyOf(made),
      ...(endpoint !== undefined && { endpoint: `${endpoint}/api`, ca }),
    };
  },

  /** Nobody finds it from then on; a running Bondstore erases what it had within a minute, else the next start does. */
  async "project-drop"({ opened }, { name, account }) {
    checkTrail(opened);
    const { id } = accountOf(opened, account);
    const gone = await dropProject(opened.parts, id, String(name));
    await record(opened, id, "maxcompute", "DeleteProject", {
      ...{ project: gone.name, projectId: gone.id, ...keyOf(gone) },
    });
    return { project: gone.name, account: id, owner: gone.owner };
  },

  /** What is written from now on is sealed under another key; what is there stays as it is. */
  async "project-key"({ opened }, { name, account, kmsKey }) {
    checkTrail(opened);
    const { id } = accountOf(opened, account);
    const wanted = kmsKey === undefined ? undefined : String(kmsKey);
    const changed = await changeProjectKey(opened.parts, id, String(name), wanted);
    await record(opened, id, "maxcompute", "UpdateProjectKey", {
      ...{ project: changed.name, kmsKeyArn: changed.key?.arn ?? null },
    });
    return { project: changed.name, account: id, owner: changed.owner, ...keyOf(changed) };
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
    return [...projectTable(opened.parts.store.account(id)).range()].map(({ value }) => {
      const { name, owner, comment, createdAtMs } = value;
      return { project: name, account: id, owner, comment, createdAtMs, ...keyOf(value) };
    });
  },
};

const keyOf = ({ key }: ProjectRecord) => (key ? { kmsKeyArn: key.arn } : {});
