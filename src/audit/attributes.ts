import { releasedFrom } from "./releases.ts";
import type { TrailEvent, TrailQuery } from "./trail.ts";

type Attribute = NonNullable<TrailQuery["attribute"]>;

/** Who CloudTrail says acted: the user, the name of the role's session, or `root`. */
export function usernameOf({ userIdentity }: TrailEvent): string | undefined {
  const { type, userName, principalId } = userIdentity;
  if (type === "Root") return "root";
  if (typeof userName === "string") return userName;
  const session = typeof principalId === "string" ? /:(.+)$/.exec(principalId)?.[1] : undefined;
  return type === "AssumedRole" ? session : undefined;
}

/** The access key that signed. */
export function accessKeyOf({ userIdentity }: TrailEvent): string | undefined {
  const { accessKeyId } = userIdentity;
  return typeof accessKeyId === "string" && accessKeyId !== "" ? accessKeyId : undefined;
}

/** Values of a lookup attribute: one table row for each of CloudTrail's, and ours. */
const valuesOf: Readonly<
  Record<Attribute["key"], (event: TrailEvent) => readonly (string | undefined)[]>
> = {
  EventId: ({ eventID }) => [eventID],
  EventName: ({ eventName }) => [eventName],
  ReadOnly: ({ readOnly }) => [String(readOnly)],
  Username: (event) => [usernameOf(event)],
  ResourceType: ({ resources = [] }) => resources.map(({ type }) => type),
  ResourceName: (event) => [
    ...(event.resources ?? []).flatMap(({ ARN }) => [ARN, nameIn(ARN)]),
    ...instancesOf(event),
  ],
  EventSource: ({ eventSource }) => [eventSource],
  AccessKeyId: (event) => [accessKeyOf(event)],
  RequestId: ({ requestID }) => [requestID],
  InstanceId: instancesOf,
  ReleasedFrom: releasedFrom,
};

/** The job of the warehouse that ran a statement. Who asks after one is no part of it, and cannot hide what it did. */
function instancesOf({ additionalEventData }: TrailEvent): readonly string[] {
  const id = additionalEventData?.["instanceId"];
  return typeof id === "string" ? [id] : [];
}

/** Last part of an ARN: `alice` in `arn:aws:iam::111122223333:user/alice`. */
const nameIn = (arn: string): string => /[^:/]*$/.exec(arn)?.[0] ?? arn;

/** Whether an event has what a query looks for. */
export function hasAttribute(event: TrailEvent, { key, value }: Attribute): boolean {
  return valuesOf[key](event).includes(value);
}
