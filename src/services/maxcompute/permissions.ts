import type { AccessDemand } from "../../access/authorize.ts";
import { type Permissions, ServiceError } from "../../pipeline/operation.ts";
import type { Decision } from "../../policy/question.ts";
import { callerName } from "./projects.ts";
import type { Warehouse } from "./warehouse.ts";

/** The judge of what a project's members may do. */
export const permissions: Permissions<Warehouse> = {
  judge({ action, target }, call): Decision {
    const name = callerName(call);
    const allowed = name === `ALIYUN$${target.account}`;
    const why = allowed ? `${name} is the owner` : `no grant allows ${action} on ${target.arn}`;
    return {
      allowed,
      ...(!allowed && { refusal: "implicit" as const }),
      by: "resource",
      steps: [{ layer: "resource", policy: "", outcome: allowed ? "allow" : "silent", why }],
    };
  },
  refusal: ({ action, target }: AccessDemand) =>
    new ServiceError(
      "ODPS-0420095",
      `ODPS-0420095: Access Denied - Authorization Failed [4002], You have NO privilege '${action}' on {${target.arn}}`,
    ),
};
