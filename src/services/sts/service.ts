import type { Service } from "../../pipeline/operation.ts";
import { assumeRole } from "./assume-role.ts";
import { getAccessKeyInfo, getCallerIdentity } from "./identity.ts";
import { getSessionToken } from "./session-token.ts";

/** Temporary credentials, and who one is. */
export const sts: Service = {
  name: "sts",
  prefix: "sts",
  eventSource: "sts.amazonaws.com",
  denied: "AccessDenied",
  operations: [assumeRole, getAccessKeyInfo, getCallerIdentity, getSessionToken],
  inRegion: (own) => own,
  start: () => undefined,
};
