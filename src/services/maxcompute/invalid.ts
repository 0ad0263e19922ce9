import { ServiceError } from "../../pipeline/operation.ts";

/** The refusal of a request that cannot be meant so, in MaxCompute's form. */
export const invalid = (why: string): ServiceError =>
  new ServiceError("InvalidArgument", `ODPS-0420411: ${why}`);
