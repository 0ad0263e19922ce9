import { ServiceError } from "../../../pipeline/operation.ts";
import type { ProjectRecord } from "../../../projects/project.ts";

/** The owner of a project lets its rows go to the cluster by this property; a job keeps its own here by this flag. */
export const clusterFlag = "odps.spark.cluster";

/** Whether that is said. */
export const isOn = (text: string | undefined): boolean => text?.toLowerCase() === "true";

/** Refuses where the owner of a project has not let its statements and rows go to the cluster, or does no more. */
export function checkConsent({ name, properties }: ProjectRecord): void {
  if (isOn(properties[clusterFlag])) return;
  throw refused(`the owner of the project ${name} has not set ${clusterFlag}=true`);
}

/** Why a statement does not run on the cluster. */
export const refused = (why: string): ServiceError =>
  new ServiceError(
    "ODPS-0130013",
    `ODPS-0130013:Authorization exception - the statement does not run on the Spark cluster: ${why}`,
  );
