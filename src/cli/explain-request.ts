import { explainEvent } from "../audit/explain.ts";
import type { TrailEvent } from "../audit/trail.ts";
import { ServiceError } from "../lib/service-error.ts";
import type { Opened } from "../server.ts";

/** Everything that the trail has of a request, whatever account, and its reasoning in lines of text. */
export async function explainRequest(
  { parts }: Opened,
  requestId: string,
): Promise<{ events: readonly TrailEvent[]; lines: readonly string[] }> {
  const found: TrailEvent[] = [];
  for (const { id } of parts.directory.accounts()) {
    const attribute = { key: "RequestId", value: requestId } as const;
    const events = await parts.trail.find({ account: id, attribute, limit: 50 });
    found.push(...events.map(({ event }) => event));
  }
  if (found.length === 0) {
    throw new ServiceError("NotFound", `the trail has no request \`${requestId}\``);
  }
  const inOrder = found.reverse();
  return { events: inOrder, lines: inOrder.flatMap((event) => explainEvent(event)) };
}
