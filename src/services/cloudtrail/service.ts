import type { Service } from "../../pipeline/operation.ts";
import { lookupEvents } from "./lookup-events.ts";

/** AWS CloudTrail, as far as the trail that always runs is concerned: its event history. */
export const cloudtrail: Service = {
  name: "cloudtrail",
  prefix: "cloudtrail",
  eventSource: "cloudtrail.amazonaws.com",
  operations: [lookupEvents],
  inRegion: (own) => own,
  start: () => undefined,
};
