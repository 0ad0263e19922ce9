/** JSON as the trail stores it. */
export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | { readonly [key: string]: Json };

/**
 * One thing that happened, with the fields of a CloudTrail record (eventVersion 1.11).
 * `decision` is ours: the reasoning that `explain` prints; it is not part of the CloudTrail view.
 */
export interface TrailEvent {
  readonly eventVersion: "1.11";
  readonly userIdentity: { readonly [key: string]: Json };
  /** ISO 8601 in UTC to the second, `2026-11-22T10:00:00Z`. */
  readonly eventTime: string;
  readonly eventSource: string;
  readonly eventName: string;
  readonly awsRegion: string;
  readonly sourceIPAddress: string;
  readonly userAgent: string;
  readonly errorCode?: string;
  readonly errorMessage?: string;
  readonly requestParameters: Json;
  readonly responseElements: Json;
  readonly additionalEventData?: { readonly [key: string]: Json };
  readonly requestID: string;
  readonly eventID: string;
  readonly readOnly: boolean;
  readonly resources?: readonly {
    readonly accountId: string;
    readonly type: string;
    readonly ARN: string;
  }[];
  readonly eventType: "AwsApiCall" | "AwsServiceEvent";
  readonly managementEvent: boolean;
  readonly recipientAccountId: string;
  readonly sharedEventID?: string;
  readonly eventCategory: "Management" | "Data";
  readonly decision?: Json;
}

/** In a query: of every account. For the operator's own commands, never for a caller. */
export const everyAccount = "*";

/** Which events to find; the newest first. */
export interface TrailQuery {
  readonly account: string;
  /** Of CloudTrail's lookup attributes, or ours: `RequestId`, `InstanceId`, `ReleasedFrom` (a project, or `*`). */
  readonly attribute?: {
    readonly key:
      | "EventId"
      | "EventName"
      | "ReadOnly"
      | "Username"
      | "ResourceType"
      | "ResourceName"
      | "EventSource"
      | "AccessKeyId"
      | "RequestId"
      | "InstanceId"
      | "ReleasedFrom";
    readonly value: string;
  };
  /** `awsRegion` of the events; of all Regions unless said. */
  readonly region?: string;
  readonly fromMs?: number;
  readonly toMs?: number;
  /** Position of the oldest event already seen: only older ones. */
  readonly before?: number;
  readonly limit: number;
}

/** An event with its place in the trail. */
export interface FoundEvent {
  readonly position: number;
  readonly event: TrailEvent;
}

/** A part of what a query finds. */
export interface FoundPage {
  readonly found: readonly FoundEvent[];
  /** Set while there may be more: `before` of the next page. A page may be empty and still have a next. */
  readonly before?: number;
}

export interface Trail {
  /** Resolves once the event is hashed into the log and on disk. Rejects when it cannot be: the call then fails. */
  record(event: TrailEvent): Promise<void>;
  /** True while the newest event could not be written: nothing may be done until one is. */
  isFailing(): boolean;
  /** Newest first, each with its position in the log. Looks as far back as it must. */
  find(query: TrailQuery): Promise<readonly FoundEvent[]>;
  /** The same for a caller who may ask for anything: looks at a limited number of events, then says how to go on. */
  findPage(query: TrailQuery): Promise<FoundPage>;
  close(): Promise<void>;
}
