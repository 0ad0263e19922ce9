import { assert } from "../../../lib/assert.ts";
import type { Unload } from "../../../sql/tree.ts";
import { readFormat } from "../external/format.ts";
import { writeOutside } from "../external/outside.ts";
import { locationSet } from "../external/set-location.ts";
import type { Outcome } from "../jobs/jobs.ts";
import type { Doing } from "./execute.ts";

/** UNLOAD: rows of a query as an object of a bucket. */
export async function unload(doing: Doing<Unload>): Promise<Outcome> {
  const { statement, target } = doing;
  const { plan } = target;
  assert(plan.kind === "made-of-query", "what is unloaded is a query");
  const location = locationSet(statement.location, doing.call);
  const format = readFormat(statement);
  const how = { format, partitionBy: [], placeOf: () => location, overwrite: false };
  const { rows, bytes } = await writeOutside(plan.selection, how, doing);
  return { text: "OK", carried: { rows, bytes } };
}
