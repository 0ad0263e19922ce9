import type { AccessDemand, RequestFacts } from "../access/authorize.ts";
import { principalArn } from "../access/user-identity.ts";
import { canAsk } from "../identity/can-ask.ts";
import { applicationOf } from "../identity/principal.ts";
import { assert } from "../lib/assert.ts";
import type { CodeJob } from "../projects/code-jobs.ts";
import { principalName } from "../projects/project.ts";
import type { WantedFlow } from "../projects/projects.ts";
import { StorageFull } from "../storage/store.ts";
import type { Arrival } from "./arrival.ts";
import type { Call, Parts, Pointer } from "./call.ts";
import type { Judged } from "./judged.ts";
import { type Operation, type Service, ServiceError, type Target } from "./operation.ts";
import { isReading, recordCall } from "./record.ts";
import { accessDenied, notBuilt, seenByCaller, staysInside } from "./refusals.ts";
import { watchRelease } from "./release.ts";
import { applicationFlows, placeWritten } from "./store-flows.ts";

/** A service while it runs. */
export interface Running {
  readonly service: Service;
  readonly own: unknown;
  readonly operations: ReadonlyMap<string, Operation>;
}

/**
 * The way of a request: decode, resolve, authorize, handle, record. Nothing is handled before it was judged, nothing
 * is looked up again after, and no answer leaves before the trail has it.
 * Throws `ServiceError` for what the caller may see; anything else becomes InternalFailure.
 */
export async function run(arrival: Arrival, running: Running, parts: Parts): Promise<unknown> {
  const { service } = running;
  const timeMs = parts.clock.now();
  const { region, own } = placeOf(arrival, running, parts.region);
  const call: Call = {
    id: arrival.id,
    eventId: parts.random.uuid(),
    service: service.name,
    operation: arrival.operation,
    region,
    timeMs,
    principal: arrival.principal,
    source: arrival.source,
    parts,
    account: arrival.account,
    // No getter: objects that each have one of their own are a slow kind to every reader of a call.
    store: parts.store.account(arrival.account),
    own,
  };
  const judged: Judged = {
    call,
    service,
    arrival,
    demands: [],
    flows: [],
    operation: undefined,
    job: undefined,
    input: undefined,
    target: undefined,
    output: undefined,
    refusal: undefined,
  };
  let output: unknown;
  try {
    const { name, parts: how } = findOperation(running, arrival);
    judged.operation = how;
    judged.job = parts.projects.codeJobs.find(applicationOf(call.principal));
    const input = await arrival.decode();
    judged.input = input;
    const target = await how.resolve(input, call);
    judged.target = target;
    authorize(name, target, judged);
    // What cannot be recorded is not done, be it a change or a read that leaves no event of its own.
    if (parts.trail.isFailing()) throw new StorageFull("the trail cannot be written");
    output = await how.handle(target, input, call, () => judgeAgain(name, target, judged));
  } catch (error) {
    const refusal = seenByCaller(error);
    judged.refusal = refusal;
    await recorded(judged);
    throw refusal;
  } finally {
    judged.job?.over(call.id);
  }
  judged.output = output;
  await recorded(judged);
  return watchRelease(judged);
}

/** Where a call is made, and what its service keeps there. */
function placeOf(
  { region = "" }: Arrival,
  { service, own }: Running,
  home: string,
): { readonly region: string; readonly own: unknown } {
  if (region === "" || region === home || service.global) {
    return { region: home, own };
  }
  assert(service.inRegion, "a service is called in further Regions only where it is in every one");
  return { region, own: service.inRegion(own, region) };
}

/** What cannot be recorded fails, whatever came of it. */
async function recorded(judged: Judged): Promise<void> {
  try {
    await recordCall(judged);
  } catch (error) {
    throw seenByCaller(error);
  }
}

function findOperation(running: Running, arrival: Arrival): Operation {
  const found = running.operations.get(arrival.operation);
  const { internal, step = false } = found?.parts ?? {};
  if (!found || ((internal !== undefined || step) && !arrival.inner)) {
    throw notBuilt(running.service.name, arrival.operation);
  }
  return found;
}

/** Judges the call and everything that comes with it; throws the first refusal. */
function authorize(name: string, target: Target, judged: Judged): void {
  const { call, service, operation, input } = judged;
  if (!operation) return;
  if (operation.open) {
    const refusal = service.permissions?.closedTo(call);
    if (refusal) throw refusal;
    judgeChange(name, target, judged);
    return;
  }
  if (operation.internal !== undefined) {
    const { principal } = call;
    if (principal.kind === "service" && principal.name === operation.internal) return;
    throw new ServiceError("AccessDenied", "This operation belongs to a service");
  }
  const { action = name, context } = operation;
  const verb = typeof action === "string" ? action : action(input, target);
  demand(
    {
      action: `${service.prefix}:${verb}`,
      target,
      context: context && (() => context(input, target, call)),
    },
    judged,
  );
  for (const further of operation.also?.(input, target, call) ?? []) {
    demand(further, judged);
  }
  if (!target.absent) {
    for (const flow of operation.flows?.(input, target, call) ?? []) leave(flow, judged);
    judgeChange(name, target, judged);
  }
  if (target.absent) {
    if (target.absent.visible) demand(target.absent.visible, judged);
    throw target.absent.refusal;
  }
}

/** What an application or job of a project changes elsewhere leaves it. */
function judgeChange(name: string, target: Target, judged: Judged): void {
  const { call, operation, job } = judged;
  if (!operation || isReading(name, operation)) return;
  if (job) judgeWriting(job, target, judged);
  else for (const flow of applicationFlows(target, call)) leave(flow, judged);
}

/** Privileges on what a statement reads: it changes nothing there. */
const readPrivileges = /:(Select|Describe|Read|List|Execute|Download|CreateInstance)$/;

/** All that a job's code has read goes wherever it changes something, and out where that is told in words. */
function judgeWriting(job: CodeJob, target: Target, judged: Judged): void {
  const { call, operation, input } = judged;
  const also = (operation?.also?.(input, target, call) ?? [])
    .filter(({ action }) => !readPrivileges.test(action))
    .map((demanded) => demanded.target);
  const places = operation?.told
    ? [{ kind: "external", location: target.arn } as const]
    : [target, ...also].map((one) => placeWritten(one, job.project.account, call));
  for (const place of new Map(places.map((one) => [JSON.stringify(one), one])).values()) {
    for (const flow of job.writing(call.id, place)) leave(flow, judged);
  }
}

/** The same judgement by what holds now, the key that signed included. The trail keeps the first. */
function judgeAgain(name: string, target: Target, judged: Judged): void {
  const { principal, parts } = judged.call;
  if (!canAsk(principal, parts.directory)) {
    const key = "accessKeyId" in principal ? principal.accessKeyId : undefined;
    const whose = key ?? `of ${principalName(principal)}`;
    throw new ServiceError("AccessDenied", `The access key ${whose} is not active any more.`);
  }
  authorize(name, target, { ...judged, demands: [], flows: [] });
}

function demand(wanted: AccessDemand, judged: Judged): void {
  const { call, service, demands } = judged;
  const { permissions } = service;
  const { pointedBy } = call.source;
  if (!permissions) {
    askPolicies(wanted, judged);
    if (pointedBy) askPolicies(wanted, judged, pointedBy);
    return;
  }
  assert(!pointedBy, "who points at things is judged by policies");
  const decision = permissions.judge(wanted, call);
  demands.push({ action: wanted.action, resource: wanted.target.arn, decision, change: [] });
  if (!decision.allowed) throw permissions.refusal(wanted, decision);
}

/** Whether policies allow it to the caller, or to who has pointed the caller there. */
function askPolicies(wanted: AccessDemand, { call, service, demands }: Judged, by?: Pointer): void {
  const { access } = call.parts;
  const { principal } = by ?? call;
  const facts = factsOf(call);
  const decision = access.authorize(principal, wanted, facts);
  const judged = {
    action: wanted.action,
    resource: wanted.target.arn,
    decision,
    change: decision.allowed ? [] : access.smallestChange(principal, wanted, facts, decision),
  };
  demands.push(by ? { ...judged, of: principalArn(by.principal) } : judged);
  if (!decision.allowed) throw accessDenied(service, call, wanted, decision, by);
}

/** Whether data may go where it would go: what a job's code asks for goes where that is. */
function leave(flow: WantedFlow, judged: Judged): void {
  const { job } = judged;
  for (const each of job?.reading(flow) ?? [flow]) judgeFlow(each, judged);
  job?.read(flow);
}

/** The trail has each answer. */
function judgeFlow(flow: WantedFlow, { call, flows, service }: Judged): void {
  const { projects } = call.parts;
  const { principal, timeMs, source } = call;
  const caller = { name: principalName(principal), ip: source.ip, secure: source.secure };
  const asker = { timeMs, ...(flow.mover ?? caller) };
  const decision = projects.judge(flow, asker);
  flows.push({ flow, decision });
  if (decision.allowed) return;
  throw flow.source.store === undefined
    ? projects.refusal(flow, decision, asker)
    : staysInside(service, call, flow, decision);
}

/** What the global condition keys are filled from. */
export const factsOf = ({ timeMs, region, source }: Call): RequestFacts => ({
  timeMs,
  region,
  ip: source.ip,
  userAgent: source.userAgent,
  secure: source.secure,
  via: source.via,
  sourceArn: source.sourceArn,
  sourceAccount: source.sourceAccount,
});
