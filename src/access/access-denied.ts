import type { Principal } from "../identity/principal.ts";
import type { Decision, Step } from "../policy/question.ts";
import type { AccessDemand } from "./authorize.ts";

/** How AWS names the kind of policy that did not allow, or that denied. */
const layerWords: Readonly<Record<Step["layer"], string>> = {
  identity: "identity-based policy",
  boundary: "permissions boundary",
  session: "session policy",
  resource: "resource-based policy",
  grant: "resource-based policy",
  root: "identity-based policy",
  service: "resource-based policy",
};

/** Who, in the words of AWS's refusals. */
function nameOf(principal: Principal): string {
  if (principal.kind === "anonymous") return "anonymous";
  if (principal.kind === "service") return principal.name;
  return principal.kind === "session" ? principal.sessionArn : principal.arn;
}

/** AWS's sentence for a refusal by policy, with the command that shows the reasoning. */
export function deniedMessage(
  principal: Principal,
  { action, target }: AccessDemand,
  decision: Decision,
  requestId: string,
): string {
  const on = target.arn === "*" ? "" : ` on resource: ${target.arn}`;
  const words = layerWords[decision.by];
  const because =
    decision.refusal === "explicit"
      ? `with an explicit deny in a ${words}`
      : `because no ${words} allows the ${action} action`;
  return (
    `User: ${nameOf(principal)} is not authorized to perform: ${action}${on} ${because}` +
    ` (Explain: bondstore explain ${requestId})`
  );
}
