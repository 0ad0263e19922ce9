import type { AccessDemand } from "../../../access/authorize.ts";
import { applicationOf } from "../../../identity/principal.ts";
import { type Permissions, ServiceError } from "../../../pipeline/operation.ts";
import { isObjectType } from "../../../policy/odps/actions.ts";
import { compileDocument, type OdpsStatement } from "../../../policy/odps/document.ts";
import { pathsOf } from "../../../policy/odps/resource.ts";
import type { Decision, Fact } from "../../../policy/question.ts";
import { isClusterJob } from "../../../projects/cluster-jobs.ts";
import { judge } from "../../../projects/permissions/judge.ts";
import { objectOf } from "../../../projects/permissions/names.ts";
import type { Question } from "../../../projects/permissions/question.ts";
import { principalName } from "../../../projects/project.ts";
import { demandKeys } from "../demand-keys.ts";
import type { OdpsCall } from "../find-project.ts";
import type { Warehouse } from "../warehouse.ts";
import { askedByClusters, askedByJobs } from "./asked-by-jobs.ts";

const arnForm =
  /^acs:odps:\*:projects\/([^/]+)(?:\/schemas\/([^/]+))?(?:\/(tables|functions|resources|volumes|instances|packages)\/([^/]+))?$/;

const authorization = "ODPS-0130013:Authorization exception - ";

/** The project and the thing that an ARN names. */
function thingOf(arn: string) {
  const [, project = "", schema, plural, name] = arnForm.exec(arn) ?? [];
  const type = plural === undefined ? "project" : plural.slice(0, -1);
  if (!isObjectType(type)) throw new Error(`${arn} names nothing in a project`);
  return {
    project,
    object: { type, name: name ?? project, ...(schema !== undefined && { schema }) },
  };
}

const factsOf = ({ context = {} }: AccessDemand): Readonly<Record<string, Fact>> =>
  typeof context === "function" ? context() : context;

const listOf = (fact: Fact): readonly string[] | undefined =>
  fact === undefined ? undefined : typeof fact === "string" ? [fact] : fact;

/** The judge of what members of a project may do: its grants, policies, labels and packages, and nothing else. */
export const permissions: Permissions<Warehouse> = {
  judge(demand, call): Decision {
    const bound = boundTo(demand, call) ?? closedToCode(demand, call);
    if (bound) return bound;
    const { question, decision } = judged(demand, call);
    const step = {
      layer: "resource",
      policy: `project ${thingOf(demand.target.arn).project}`,
    } as const;
    if (decision.allowed) {
      const why = `${question.principal}: ${decision.because} (${decision.detail})`;
      return { allowed: true, by: "resource", steps: [{ ...step, outcome: "allow", why }] };
    }
    const outcome = decision.because === "denied" ? "deny" : "silent";
    return {
      allowed: false,
      refusal: outcome === "deny" ? "explicit" : "implicit",
      by: "resource",
      steps: [{ ...step, outcome, why: decision.message }],
    };
  },
  closedTo(call) {
    const { principal } = call;
    if (isClosedToCode(call))
      return new ServiceError("ODPS-0130013", `${authorization}${closedWhy}`);
    const { bearerPolicy, policies = [] } =
      ("session" in principal ? principal.session : undefined) ?? {};
    if (bearerPolicy === undefined && policies.length === 0) return undefined;
    return new ServiceError(
      "ODPS-0130013",
      `${authorization}The session is bound to policies that do not allow it.`,
    );
  },
  refusal: (_demand: AccessDemand, { steps }: Decision) =>
    new ServiceError("ODPS-0130013", `${authorization}${steps.at(-1)?.why ?? ""}`),
};

/** A session that is bound to policies may do no more than these say; those of AWS do not speak of projects. */
function boundTo({ action, target }: AccessDemand, { principal }: OdpsCall): Decision | undefined {
  const session = "session" in principal ? principal.session : undefined;
  if (!session) return undefined;
  const { bearerPolicy, policies } = session;
  const { project, object } = thingOf(target.arn);
  const allowed =
    policies.length === 0 &&
    (bearerPolicy === undefined ||
      readBearerPolicy(bearerPolicy).some(
        (one) => one.matchesAction(action) && one.matchesPath(pathsOf(objectOf(project, object))),
      ));
  if (allowed) return undefined;
  const why = `Authorization Failed [4019], You have NO privilege '${action}' on {${target.arn}}. The session is bound to policies that do not allow it.`;
  return notInSession(why);
}

function notInSession(why: string): Decision {
  const step = { layer: "session", policy: "", outcome: "silent", why } as const;
  return { allowed: false, refusal: "implicit", by: "session", steps: [step] };
}

const closedWhy = "The code of a job does not administer, and asks for nothing but rows.";

/** Whether the code of a job asks for what is a person's to ask. */
function isClosedToCode({ principal, operation }: OdpsCall): boolean {
  const application = applicationOf(principal);
  if (application === undefined) return false;
  return !(isClusterJob(application) ? askedByClusters : askedByJobs).has(operation);
}

const closedToCode = ({ action, target }: AccessDemand, call: OdpsCall): Decision | undefined =>
  isClosedToCode(call)
    ? notInSession(
        `Authorization Failed [4019], You have NO privilege '${action}' on {${target.arn}}. ${closedWhy}`,
      )
    : undefined;

/** A policy of a bearer token. Throws `PolicyError`. */
export const readBearerPolicy = (text: string): readonly OdpsStatement[] =>
  compileDocument(text, { effects: ["Allow"], principals: false });

function judged(demand: AccessDemand, call: OdpsCall) {
  const { target, action } = demand;
  const { projects } = call.parts;
  const { project: name, object } = thingOf(target.arn);
  const project = projects.find(target.account, name);
  if (!project)
    throw new ServiceError("NoSuchProject", `ODPS-0420111: Project not found - '${name}'.`);
  const facts = factsOf(demand);
  const [onBehalfOf] = listOf(facts[demandKeys.onBehalfOf]) ?? [];
  const [currentName] = listOf(facts[demandKeys.current]) ?? [];
  const current =
    currentName === undefined || currentName === name
      ? undefined
      : projects.find(target.account, currentName);
  const columns = listOf(facts[demandKeys.columns]);
  const question: Question = {
    principal: onBehalfOf ?? principalName(call.principal),
    action: action.slice("odps:".length),
    object,
    timeMs: call.timeMs,
    sourceIp: call.source.ip,
    secureTransport: call.source.secure,
    ...(columns && { columns }),
    ...(target.creator !== undefined && { creator: target.creator }),
    ...(current && { current: projects.permissionsOf(current) }),
  };
  return { question, decision: judge(projects.permissionsOf(project), question) };
}
