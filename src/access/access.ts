import type { Directory } from "../identity/directory.ts";
import type { Principal } from "../identity/principal.ts";
import { judge } from "../policy/judge.ts";
import type { Asker, Decision, Question } from "../policy/question.ts";
import { findAction } from "../policy/reference.ts";
import { smallestChange } from "../policy/smallest-change.ts";
import type { Access, AccessDemand, RequestFacts } from "./authorize.ts";
import { findFact } from "./facts.ts";

/** The judge of access: gathers every policy that applies, and asks `policy/`. */
export function createAccess({
  directory,
}: {
  readonly directory: Pick<Directory, "policiesOf">;
}): Access {
  const askers = new WeakMap<Principal, Asker>();

  function askerFor(principal: Principal): Asker {
    const known = askers.get(principal);
    if (known) return known;
    const asker = askerOf(principal);
    askers.set(principal, asker);
    return asker;
  }

  function question(principal: Principal, demand: AccessDemand, request: RequestFacts): Question {
    const { target } = demand;
    const { identity, boundary, session } = directory.policiesOf(principal);
    const light = { principal, demand, request };
    return {
      asker: askerFor(principal),
      action: demand.action,
      resource: target.arn,
      resourceAccount: target.account,
      fact: (key) => findFact(light, key),
      identity,
      boundary,
      session,
      resourcePolicy: target.policy,
      authority: target.authority ?? "account",
      grants: target.grants,
    };
  }

  return {
    authorize(principal, demand, request) {
      return (
        refuseByService(principal, demand.action) ?? judge(question(principal, demand, request))
      );
    },
    smallestChange(principal, demand, request, decision) {
      if (decision.by === "service") return [];
      return smallestChange(question(principal, demand, request), decision);
    },
  };
}

function askerOf(principal: Principal): Asker {
  switch (principal.kind) {
    case "anonymous":
      return { kind: "anonymous", account: "", arn: "" };
    case "service":
      return { kind: "service", account: "", arn: principal.name };
    case "session": {
      const { account, arn, sessionArn } = principal;
      return { kind: "session", account, arn, sessionArn };
    }
    case "root":
    case "user":
      return { kind: principal.kind, account: principal.account, arn: principal.arn };
  }
}

/** What no policy can allow: actions that nobody knows, and what GetSessionToken's credentials may not do. */
function refuseByService(principal: Principal, action: string): Decision | undefined {
  if (!findAction(action)) return refusal(`${action} is no action of the reference tables`);
  if (principal.kind !== "user" && principal.kind !== "root") return undefined;
  if (!principal.session || principal.session.mfa) return undefined;
  if (action.startsWith("iam:")) {
    return refusal("credentials of GetSessionToken made without MFA cannot call IAM");
  }
  return action.startsWith("sts:") && !sessionMayCall.has(action)
    ? refusal("credentials of GetSessionToken can call no operation of STS but AssumeRole")
    : undefined;
}

const sessionMayCall: ReadonlySet<string> = new Set([
  "sts:AssumeRole",
  "sts:TagSession",
  "sts:SetSourceIdentity",
  "sts:GetCallerIdentity",
]);

const refusal = (why: string): Decision => ({
  allowed: false,
  refusal: "explicit",
  by: "service",
  steps: [{ layer: "service", policy: "", outcome: "deny", why }],
});
