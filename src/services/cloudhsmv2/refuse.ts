import { NotNow } from "../../hsm/control/clusters.ts";
import { invalid } from "./find.ts";

/** Words what cannot be done now as this service does. */
export async function refused<Result>(work: Promise<Result>): Promise<Result> {
  try {
    return await work;
  } catch (error) {
    throw error instanceof NotNow ? invalid(error.message) : error;
  }
}
