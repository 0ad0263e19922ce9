import type { AccessDemand } from "../../access/authorize.ts";
import { ServiceError } from "../../pipeline/operation.ts";
import type { AnalyticsCall } from "./find-application.ts";
import { serviceName } from "./records.ts";

/** Who gives an application a role must be allowed to pass it to this service: no confused deputy. */
export function passRole(arn: string | undefined, call: AnalyticsCall): AccessDemand {
  const [, account] = /^arn:aws:iam::(\d{12}):role\/.+$/.exec(arn ?? "") ?? [];
  if (arn === undefined || account !== call.account) {
    throw new ServiceError(
      "InvalidArgumentException",
      `The service execution role must be a role of account ${call.account}: ${arn ?? ""}`,
    );
  }
  return {
    action: "iam:PassRole",
    target: { arn, account },
    context: { "iam:passedtoservice": serviceName },
  };
}
