import { isRecord } from "../lib/record.ts";
import type { Decision, Step } from "../policy/question.ts";
import { usernameOf } from "./attributes.ts";
import { explainFlows } from "./explain-flows.ts";
import type { Json, TrailEvent } from "./trail.ts";

/** One thing that was asked, how it was judged, and what would change the answer: as the pipeline stores it. */
interface Demand {
  readonly action: string;
  readonly resource: string;
  /** Of whom, where that is not the caller. */
  readonly of?: string;
  readonly decision: Decision;
  /** The smallest change that would allow it; empty where it was allowed. */
  readonly change?: readonly string[];
}

const layerNames: Readonly<Record<Step["layer"], string>> = {
  identity: "identity policy",
  boundary: "permissions boundary",
  session: "session policy",
  resource: "resource policy",
  grant: "grant",
  root: "root of the account",
  service: "rule of the service",
};

/** Tells in lines of text what happened and why: each policy in the order it was judged, then the smallest change. */
export function explainEvent(event: TrailEvent): string[] {
  const demands = readDemands(event.decision);
  const lines = [...headingOf(event), ...refusedFor(demands), ""];
  const roleOf = rolesOf(demands, event);
  for (const demand of demands) lines.push(...explainDemand(demand, roleOf(demand)), "");
  const flows = explainFlows(event);
  if (flows.length > 0) lines.push(...flows, "");
  if (demands.length + flows.length === 0) lines.push(withoutDemands(event), "");
  return lines;
}

function headingOf(event: TrailEvent): string[] {
  const { eventSource, eventName, awsRegion, eventTime, requestID, sourceIPAddress } = event;
  const lines = [
    `${eventSource} ${eventName} by ${callerOf(event)}`,
    `at ${eventTime} in ${awsRegion}, from ${sourceIPAddress}, request ${requestID}`,
  ];
  for (const { type, ARN } of event.resources ?? []) lines.push(`on ${ARN} (${type})`);
  lines.push(
    event.errorCode === undefined
      ? "It was done."
      : `It was refused: ${event.errorCode}: ${event.errorMessage ?? ""}`.trimEnd(),
  );
  return lines;
}

/** Says that it was not for the caller that it was refused, though the caller asked. */
const refusedFor = (demands: readonly Demand[]): string[] =>
  demands.flatMap(({ of, decision }) =>
    of === undefined || decision.allowed
      ? []
      : [
          `Not for who runs the statement: ${of} has set the location, and must be allowed the same, too.`,
        ],
  );

function callerOf(event: TrailEvent): string {
  const { type, arn, invokedBy } = event.userIdentity;
  const name = usernameOf(event);
  const who = [type, name].filter((part) => typeof part === "string").join(" ");
  const where = typeof arn === "string" && arn !== "" ? ` (${arn})` : "";
  const via = typeof invokedBy === "string" ? ` through ${invokedBy}` : "";
  return `${who || "an unknown caller"}${where}${via}`;
}

/** How much of a release went, as its last event tells. */
function endOf({ eventName, additionalEventData }: TrailEvent): string | undefined {
  const released = eventName === "EndRelease" ? additionalEventData?.["released"] : undefined;
  if (!isRecord(released)) return undefined;
  const { projects, bytes, complete } = released;
  const from = Array.isArray(projects) ? projects.join(", ") : "a project";
  const end = complete === true ? "all of it" : "and was broken off before its end";
  return `${String(bytes)} bytes went out of ${from}, ${end}: the end of the request that stands above.`;
}

function withoutDemands(event: TrailEvent): string {
  const { errorCode, decision } = event;
  const end = endOf(event);
  if (end !== undefined) return end;
  if (isRecord(decision) && decision["omitted"] === true) {
    return "The reasoning was too large for the trail.";
  }
  return errorCode === undefined
    ? "No policy had to be asked: everyone who is authenticated may do this."
    : "It ended before a policy was asked: the request itself was refused.";
}

/** Who is asked a demand, where two are: the caller, and who has set the location of an external table. */
function rolesOf(demands: readonly Demand[], { userIdentity: { arn } }: TrailEvent) {
  const isPointed = demands.some(({ of }) => of !== undefined);
  return ({ of }: Demand): string => {
    if (of !== undefined) return `, asked of who has set the location (${of})`;
    return isPointed ? `, asked of who runs the statement (${String(arn)})` : "";
  };
}

function explainDemand(
  { action, resource, decision, change = [] }: Demand,
  role: string,
): string[] {
  const verdict = decision.allowed
    ? `allowed by the ${layerNames[decision.by]}`
    : decision.refusal === "explicit"
      ? `refused: the ${layerNames[decision.by]} says no`
      : `refused: nothing allows it, and the ${layerNames[decision.by]} was decisive`;
  return [
    `${action} on ${resource}${role}: ${verdict}`,
    ...decision.steps.map((step, index) => `  ${index + 1}. ${explainStep(step)}`),
    ...(change.length > 0 ? ["  The smallest change that would allow it:"] : []),
    ...change.map((line) => `     ${line}`),
  ];
}

function explainStep({ layer, policy, outcome, statement, why }: Step): string {
  const name = policy === "" || policy === layerNames[layer] ? "" : ` (${policy})`;
  const by = statement === undefined ? "" : `, ${statement}`;
  const said = { allow: "allows", deny: "DENIES", silent: "is silent" }[outcome];
  return `${layerNames[layer]}${name} ${said}${by}: ${why}`;
}

/** What the trail stores is JSON; what is not of the expected form is left out. */
function readDemands(decision: Json | undefined): Demand[] {
  const demands = isRecord(decision) ? decision["demands"] : undefined;
  return Array.isArray(demands) ? demands.filter(isDemand) : [];
}

function isDemand(value: unknown): value is Demand {
  if (!isRecord(value)) return false;
  const { action, resource, decision } = value;
  if (typeof action !== "string" || typeof resource !== "string") return false;
  return isRecord(decision) && Array.isArray(decision["steps"]);
}
