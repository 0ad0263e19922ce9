import { ServiceError } from "../../../pipeline/operation.ts";
import type { OdpsCall } from "../find-project.ts";
import { callerName } from "../projects.ts";
import { readLocation, type SetLocation } from "./location.ts";

/** The location that the text of a statement sets, or writes to. Refuses who may not name any. */
export function locationSet(text: string, call: OdpsCall): SetLocation {
  checkReachesOut(call);
  return { ...readLocation(text), setBy: callerName(call) };
}

/** A bearer token is good for a project's things alone. */
export function checkReachesOut({ principal }: OdpsCall): void {
  if (principal.kind === "service" || principal.kind === "anonymous") return;
  if (principal.session?.bearerPolicy === undefined) return;
  throw new ServiceError(
    "ODPS-0130013",
    "ODPS-0130013:Authorization exception - a bearer token reaches no location outside of the project",
  );
}
