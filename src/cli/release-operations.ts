import { type Release, releasesOf } from "../audit/releases.ts";
import { everyAccount } from "../audit/trail.ts";
import { ServiceError } from "../lib/service-error.ts";
import type { Opened } from "../server.ts";
import { type AdminOperation, accountOf } from "./administered.ts";

/** Most events that one list looks at: a release that is streamed has two. */
const eventsMax = 2000;

const timeOf = (value: unknown): number | undefined => {
  if (value === undefined) return undefined;
  const time = Date.parse(String(value));
  if (Number.isNaN(time)) {
    throw new ServiceError("InvalidParameter", `\`${String(value).slice(0, 64)}\` is no time`);
  }
  return time;
};

const isThere = ({ parts }: Opened, account: string, project: unknown): boolean =>
  parts.projects.find(account, String(project)) !== undefined;

/** What an administrator may ask of what left controlled projects. */
export const releaseOperations: Readonly<Record<string, AdminOperation>> = {
  /** The newest first. */
  async "release-list"(
    { opened },
    { account, project, since, until },
  ): Promise<readonly Release[]> {
    const { id } = accountOf(opened, account);
    const [fromMs, toMs] = [timeOf(since), timeOf(until)];
    const found = await opened.parts.trail.find({
      account: id,
      attribute: { key: "ReleasedFrom", value: project === undefined ? "*" : String(project) },
      ...(fromMs !== undefined && { fromMs }),
      ...(toMs !== undefined && { toMs }),
      limit: eventsMax,
    });
    // What a project has let out stays told when it is dropped.
    if (project !== undefined && found.length === 0 && !isThere(opened, id, project)) {
      throw new ServiceError("NotFound", `there is no project \`${String(project).slice(0, 64)}\``);
    }
    return releasesOf(found.map(({ event }) => event));
  },

  /** The events of one release with their places in the trail, the oldest first. */
  async "release-events"({ opened }, { requestId }) {
    const found = await opened.parts.trail.find({
      account: everyAccount,
      attribute: { key: "RequestId", value: String(requestId) },
      limit: eventsMax,
    });
    const released = found.filter(({ event }) => event.additionalEventData?.["released"]);
    if (released.length === 0) {
      throw new ServiceError("NotFound", `nothing was released by request \`${requestId}\``);
    }
    return released.reverse();
  },
};
