import { projectArn } from "./project-key.ts";

/** What the credentials of a job on a Spark cluster are bound to, while a statement of an instance runs there. */
export const clusterJobArn = (project: string, instance: string): string =>
  `${projectArn(project)}/clusterjobs/${instance}`;

/**
 * Whether credentials are those of a job on a Spark cluster. They come in at the front door, and are good for the job's
 * files and nothing else.
 */
export const isClusterJob = (application: string | undefined): boolean =>
  application !== undefined && /^acs:odps:\*:projects\/[^/]+\/clusterjobs\//.test(application);
