import { type Clock, isoSeconds } from "../lib/clock.ts";
import type { Random } from "../lib/random.ts";
import type { TrailEvent } from "./trail.ts";

/** What an event is unless it says otherwise. */
type Usual =
  | "eventVersion"
  | "eventTime"
  | "awsRegion"
  | "requestParameters"
  | "responseElements"
  | "eventID"
  | "eventType"
  | "managementEvent"
  | "eventCategory";

/** An event of now: a management call that shows nothing of its input and answer, but for what it says itself. */
export function newEvent(
  {
    clock,
    random,
    region,
  }: { readonly clock: Clock; readonly random: Random; readonly region: string },
  said: Omit<TrailEvent, Usual> & Partial<Pick<TrailEvent, Usual>>,
): TrailEvent {
  return {
    eventVersion: "1.11",
    eventTime: isoSeconds(clock.now()),
    awsRegion: region,
    requestParameters: null,
    responseElements: null,
    eventID: random.uuid(),
    eventType: "AwsApiCall",
    managementEvent: true,
    eventCategory: "Management",
    ...said,
  };
}
