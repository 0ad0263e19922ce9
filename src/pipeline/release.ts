import { strangerIdentity, userIdentity } from "../access/user-identity.ts";
import { newEvent } from "../audit/event.ts";
import type { Json } from "../audit/trail.ts";
import type { Judged } from "./judged.ts";
import type { Carried } from "./operation.ts";

const none: readonly string[] = [];

/** Projects that data left by this call, where the trail must tell of it as a release. */
function leftProjects({ flows }: Judged): readonly string[] {
  if (flows.length === 0) return none;
  const left = flows.filter(({ decision }) => decision.recorded);
  return [...new Set(left.map(({ flow }) => flow.project.name))];
}

function carriedBy({ operation, output, target, refusal }: Judged): Carried | undefined {
  if (refusal || !target) return undefined;
  return operation?.carries ? operation.carries(output, target) : {};
}

/** What left a controlled project with a call; undefined where nothing did. */
export function releasedBy(judged: Judged): { readonly [key: string]: Json } | undefined {
  const projects = leftProjects(judged);
  const carried = projects.length > 0 ? carriedBy(judged) : undefined;
  if (!carried) return undefined;
  const { rows, bytes, stream } = carried;
  return {
    projects,
    ...(rows !== undefined && { rows }),
    ...(bytes !== undefined && { bytes }),
    ...(stream !== undefined && { streamed: true }),
  };
}

/**
 * The answer of a call. Where it streams what is released, an event of its own tells how many bytes went, and whether
 * all of them did; an answer whose end cannot be recorded breaks.
 */
export function watchRelease(judged: Judged): unknown {
  const { output } = judged;
  const projects = leftProjects(judged);
  const member = projects.length > 0 ? carriedBy(judged)?.stream : undefined;
  if (member === undefined) return output;
  const answer = output as Readonly<Record<string, unknown>>;
  const stream = answer[member] as AsyncIterable<Buffer>;
  return { ...answer, [member]: counted(stream, projects, judged) };
}

async function* counted(
  stream: AsyncIterable<Buffer>,
  projects: readonly string[],
  { call, service, target }: Judged,
): AsyncIterable<Buffer> {
  const { parts, principal, source } = call;
  const identity = userIdentity(principal, source.via);
  // It is told whose thing it was: nobody else learns which project it is of.
  const owner = target?.account ?? call.account;
  let bytes = 0;
  let complete = false;
  try {
    for await (const part of stream) {
      bytes += part.length;
      yield part;
    }
    complete = true;
  } finally {
    await parts.trail.record(
      newEvent(parts, {
        userIdentity: owner === call.account ? identity : strangerIdentity(principal, identity),
        eventSource: service.eventSource,
        eventName: "EndRelease",
        eventType: "AwsServiceEvent",
        sourceIPAddress: source.ip,
        userAgent: source.userAgent,
        additionalEventData: { released: { projects, bytes, complete } },
        requestID: call.id,
        readOnly: true,
        recipientAccountId: owner,
      }),
    );
  }
}
