import type { Service } from "../../pipeline/operation.ts";
import { iamOperations } from "./operations.ts";

/** Who is in an account, and what they may do. */
export const iam: Service = {
  name: "iam",
  prefix: "iam",
  eventSource: "iam.amazonaws.com",
  denied: "AccessDenied",
  operations: iamOperations,
  global: true,
  start: () => undefined,
};
