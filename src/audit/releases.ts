import { isRecord } from "../lib/record.ts";
import type { TrailEvent } from "./trail.ts";

/** One table, bucket or stream that a release was read from, and the rule that let it go. */
export interface ReleasedSource {
  readonly project: string;
  readonly name: string;
  /** The version that was read; undefined of what has none. */
  readonly version: string | undefined;
  readonly columns: readonly string[];
  /** `trusted-project`, `exception:DT`, `display` … */
  readonly rule: string;
  /** The statement of the exception policy that let it out. */
  readonly statement: string | undefined;
}

/** Data that left a controlled project with one request. */
export interface Release {
  readonly requestId: string;
  /** ISO 8601, to the second. */
  readonly time: string;
  /** ARN of who took it. */
  readonly by: string;
  readonly ip: string;
  readonly operation: string;
  readonly from: readonly ReleasedSource[];
  readonly destination: string;
  readonly rows: number | undefined;
  readonly bytes: number | undefined;
  /** False while the trail does not say that all of it went; undefined where it went with the event. */
  readonly complete: boolean | undefined;
}

type Members = Readonly<Record<string, unknown>>;

const textIn = (value: unknown): string | undefined =>
  typeof value === "string" ? value : undefined;
const numberIn = (value: unknown): number | undefined =>
  typeof value === "number" ? value : undefined;
const listIn = (value: unknown): readonly unknown[] =>
  Array.isArray(value) ? (value as readonly unknown[]) : [];

/** What an event says of a release; undefined where it is of none. */
const releasedIn = ({ additionalEventData }: TrailEvent): Members | undefined => {
  const released = additionalEventData?.["released"];
  return isRecord(released) ? released : undefined;
};

/** Projects that data left by this event, and `*` where it left any. */
export function releasedFrom(event: TrailEvent): readonly string[] {
  const released = releasedIn(event);
  if (!released) return [];
  return ["*", ...listIn(released["projects"]).flatMap((project) => textIn(project) ?? [])];
}

/** The event that says how a stream of released bytes ended. */
const isEnd = ({ eventName }: TrailEvent): boolean => eventName === "EndRelease";

/** Makes releases of the events that tell of them; the order of the events is kept. */
export function releasesOf(events: readonly TrailEvent[]): readonly Release[] {
  const ends = new Map(
    events.filter(isEnd).map((event) => [event.requestID, releasedIn(event)] as const),
  );
  return events
    .filter((event) => !isEnd(event) && releasedIn(event))
    .map((event) => releaseOf(event, ends.get(event.requestID)));
}

function releaseOf(event: TrailEvent, end: Members | undefined): Release {
  const released = releasedIn(event) ?? {};
  const left = flowsIn(event).filter((flow) => decisionOf(flow)["recorded"] === true);
  const streamed = released["bytes"] === undefined && released["streamed"] === true;
  return {
    requestId: event.requestID,
    time: event.eventTime,
    by: textIn(event.userIdentity["arn"]) ?? textIn(event.userIdentity["type"]) ?? "",
    ip: event.sourceIPAddress,
    operation: event.eventName,
    from: left.length > 0 ? left.map(sourceOf) : projectsOnly(released),
    destination: [...new Set(left.map(destinationOf))].join(", "),
    rows: numberIn(released["rows"]),
    bytes: numberIn(end?.["bytes"]) ?? numberIn(released["bytes"]),
    complete: streamed ? end?.["complete"] === true : undefined,
  };
}

/** What would move by a call, as the trail has it. */
export const flowsIn = ({ decision }: TrailEvent): readonly Members[] =>
  (isRecord(decision) ? listIn(decision["flows"]) : []).filter(isRecord);

const decisionOf = (flow: Members): Members => (isRecord(flow["decision"]) ? flow["decision"] : {});

/** What a flow is of, and the rule that judged it. */
export function sourceOf(flow: Members): ReleasedSource {
  const decision = decisionOf(flow);
  const schema = textIn(flow["schema"]);
  const table = textIn(flow["table"]) ?? "";
  return {
    project: textIn(flow["project"]) ?? "",
    name: schema === undefined || schema === "default" ? table : `${schema}.${table}`,
    version: textIn(flow["version"]),
    columns: listIn(flow["columns"]).flatMap((column) => textIn(column) ?? []),
    rule: textIn(decision["reason"]) ?? "",
    statement: textIn(decision["statement"]),
  };
}

/** Of an event whose reasoning was too large for the trail: no more is known. */
const projectsOnly = (released: Members): readonly ReleasedSource[] =>
  listIn(released["projects"]).map((project) => ({
    ...{ project: textIn(project) ?? "", name: "", version: undefined, columns: [] },
    ...{ rule: "", statement: undefined },
  }));

/** Where a flow would go: `project reports`, `external s3://…`, `download`. */
export function destinationOf(flow: Members): string {
  const destination = isRecord(flow["destination"]) ? flow["destination"] : {};
  const kind = textIn(destination["kind"]) ?? "";
  const where = textIn(destination["project"]) ?? textIn(destination["location"]);
  return where === undefined ? kind : `${kind} ${where}`;
}
