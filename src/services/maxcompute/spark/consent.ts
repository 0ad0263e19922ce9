import { ServiceError } from "../../../pipeline/operation.ts";
import type { ProjectRecord } from "../../../projects/project.ts";
import { isOn } from "../../../sql/catalog.ts";
import type { OdpsCall } from "../find-project.ts";

/** The owner of a project lets its rows go to the cluster by this property; a job keeps its own here by this flag. */
export const clusterFlag = "odps.spark.cluster";

/** Refuses where the owner of a project has not let its statements and rows go to the cluster, or does no more. */
export function checkConsent(
  { account, name }: Pick<ProjectRecord, "account" | "name">,
  { parts }: OdpsCall,
): void {
  const { properties = {} } = parts.projects.find(account, name) ?? {};
  if (isOn({ settings: new Map(Object.entries(properties)) }, clusterFlag)) return;
  throw refused(`the owner of the project ${name} has not set ${clusterFlag}=true`);
}

/** Why a statement does not run on the cluster. */
export const refused = (why: string): ServiceError =>
  new ServiceError(
    "ODPS-0130013",
    `ODPS-0130013:Authorization exception - the statement does not run on the Spark cluster: ${why}`,
  );
