import type { ServiceError } from "../../../pipeline/operation.ts";
import { invalid } from "../invalid.ts";

/** The refusal of a job before it runs, with why. */
export const notRun = (why: string): ServiceError =>
  invalid(`Invalid argument - the job is not run: ${why}.`);
