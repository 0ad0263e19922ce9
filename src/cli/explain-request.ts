import { explainEvent } from "../audit/explain.ts";
import { everyAccount, type TrailEvent, type TrailQuery } from "../audit/trail.ts";
import { ServiceError } from "../lib/service-error.ts";
import type { Opened } from "../server.ts";

const eventsMax = 1000;

/**
 * Everything that the trail has of a request, or of a job of the warehouse, of every account, in the order in which it
 * happened, and its reasoning in lines of text. A request that uses a key has an event for that, too.
 */
export async function explainRequest(
  { parts }: Opened,
  id: string,
): Promise<{ events: readonly TrailEvent[]; lines: readonly string[] }> {
  const { what, query } = queryOf(id);
  const found = await parts.trail.find({ account: everyAccount, limit: eventsMax, ...query });
  if (found.length === 0) {
    throw new ServiceError(
      "NotFound",
      `the trail has no ${what} \`${id}\`; reads of data that were allowed are not recorded`,
    );
  }
  const events = found.map(({ event }) => event).reverse();
  return { events, lines: events.flatMap((event) => explainEvent(event)) };
}

/** The id of a job begins with the moment of its submission, in UTC, which says how far back the trail is read. */
const instanceId = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)\d{3}g[0-9a-f]{10}$/;
/** By how much the clock may have been set back meanwhile. */
const clockMs = 24 * 60 * 60 * 1000;

function queryOf(id: string): {
  readonly what: string;
  readonly query: Pick<TrailQuery, "attribute" | "fromMs">;
} {
  const told = instanceId.exec(id)?.slice(1).map(Number);
  if (!told) return { what: "request", query: { attribute: { key: "RequestId", value: id } } };
  const [year = 0, month = 1, ...rest] = told;
  const fromMs = Date.UTC(year, month - 1, ...rest) - clockMs;
  return { what: "instance", query: { attribute: { key: "InstanceId", value: id }, fromMs } };
}
