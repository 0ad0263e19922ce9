import { ServiceError } from "../../../pipeline/operation.ts";

/** The refusal of a job before it runs, with why. */
export const notRun = (why: string): ServiceError =>
  new ServiceError(
    "InvalidArgument",
    `ODPS-0420411: Invalid argument - the job is not run: ${why}.`,
  );
