import type { EntryFacts } from "./entry.ts";

/** What can be wrong with a trail. */
export type FindingKind =
  | "changed event"
  | "changed events"
  | "missing events"
  | "reordered event"
  | "cut tail"
  | "rolled back"
  | "changed segment"
  | "forged head"
  | "missing heads"
  | "forged checkpoint"
  | "forked checkpoint"
  | "missing checkpoints"
  | "unknown public key";

/** One thing that is wrong, where, and how it is known. */
export interface Finding {
  readonly what: FindingKind;
  readonly where: string;
  readonly detail: string;
}

/** What a verification found. */
export interface Report {
  /** True: nothing was found. */
  readonly ok: boolean;
  readonly origin: string | undefined;
  /** Events in the log, whatever their state. */
  readonly events: number;
  /** Bodies that were opened and match their hash; 0 without keys. */
  readonly opened: number;
  /** Bodies whose key was destroyed, or is not at hand. */
  readonly sealed: number;
  /** Checkpoints with a good signature, witnesses included, that the log agrees with. */
  readonly checkpoints: number;
  /** Whether heads were checked with the installation's secret, or only compared with the log. */
  readonly headsAuthenticated: boolean;
  /** Whether the public key was given, or the one that lies beside the trail was taken. */
  readonly publicKeyFrom: "given" | "trail" | "none";
  /** Root over all events, base64. */
  readonly root: string;
  readonly lastEvent: Pick<EntryFacts, "position" | "timeMs" | "requestId"> | undefined;
  /** A tail that was being written and never acknowledged; legitimate after a crash. */
  readonly tornBytes: number;
  readonly findings: readonly Finding[];
}

/** Names an event for people. */
export function nameOf(facts: Pick<EntryFacts, "position" | "timeMs" | "requestId">): string {
  const time = Number.isFinite(facts.timeMs)
    ? new Date(facts.timeMs).toISOString()
    : "unknown time";
  return `event ${facts.position} of ${time}, request ${facts.requestId}`;
}
