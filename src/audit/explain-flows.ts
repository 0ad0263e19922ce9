import { isRecord } from "../lib/record.ts";
import type { FlowReason } from "../protection/judge-flow.ts";
import { destinationOf, flowsIn, sourceOf } from "./releases.ts";
import type { TrailEvent } from "./trail.ts";

/** What the rules of protection mean. `exception:…` is told by its beginning. */
const rules: Readonly<Record<Exclude<FlowReason, `exception:${string}`> | "exception", string>> = {
  "no-outflow": "it stays in its project",
  "no-select": "Select is not held",
  unprotected: "the project is not protected",
  protected:
    "the project is protected, and no trusted project, package or exception as approved lets it go there",
  "trusted-project": "the project trusts the one it goes to",
  "package-overrides-protection": "a package of the project gives it",
  exception: "an exception of the project lets it go, as it was approved",
  "dc:download+describe": "Download is a privilege here, and is held with Describe",
  "no-download-privilege": "Download is a privilege here, and is not held with Describe",
  display: "it is shown on a screen, and counted",
  "display-off": "the project shows no rows",
  "display-budget-spent": "as many rows of the project were shown as may be in a day",
};

/** Where it would go, by the kind of destination that the trail has. */
const ways: Readonly<Record<string, string>> = {
  inside: "within its project",
  download: "as a download",
  display: "onto a screen",
};

/** Tells how protection judged what would be read: of which table, where to, and by which rule. */
export function explainFlows(event: TrailEvent): string[] {
  return flowsIn(event).map((flow) => {
    const { project, name, version, columns, rule, statement } = sourceOf(flow);
    const decision = isRecord(flow["decision"]) ? flow["decision"] : {};
    const verdict = decision["allowed"] === true ? "goes" : "is kept in";
    const what = `data of ${project}.${name}${version ? ` version ${version}` : ""}`;
    const which = columns.length > 0 ? ` (${columns.join(", ")})` : "";
    const key = rule.startsWith("exception:") ? "exception" : rule;
    const why = Object.hasOwn(rules, key) ? rules[key as keyof typeof rules] : "";
    const by = [statement, flow["mover"] && `as ${String(flow["mover"])}`, flow["statement"]];
    const also = by.filter(Boolean).map((one) => `, ${String(one)}`);
    return `${what}${which} ${wayOf(flow)}, as ${String(flow["taskType"])}: ${verdict}, by the rule ${rule}${also.join("")}: ${why}`;
  });
}

function wayOf(flow: Readonly<Record<string, unknown>>): string {
  const destination = destinationOf(flow);
  return Object.hasOwn(ways, destination) ? String(ways[destination]) : `to ${destination}`;
}
