import { explainEvent } from "../audit/explain.ts";
import { everyAccount, type TrailEvent } from "../audit/trail.ts";
import { ServiceError } from "../lib/service-error.ts";
import type { Opened } from "../server.ts";

const eventsMax = 1000;

/**
 * Everything that the trail has of a request, of every account, in the order in which it happened, and its reasoning
 * in lines of text. A request that uses a key has an event for that, too.
 */
export async function explainRequest(
  { parts }: Opened,
  requestId: string,
): Promise<{ events: readonly TrailEvent[]; lines: readonly string[] }> {
  const found = await parts.trail.find({
    account: everyAccount,
    attribute: { key: "RequestId", value: requestId },
    limit: eventsMax,
  });
  if (found.length === 0) {
    throw new ServiceError(
      "NotFound",
      `the trail has no request \`${requestId}\`; reads of data that were allowed are not recorded`,
    );
  }
  const events = found.map(({ event }) => event).reverse();
  return { events, lines: events.flatMap((event) => explainEvent(event)) };
}
