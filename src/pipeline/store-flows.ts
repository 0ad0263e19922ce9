import { applicationOf } from "../identity/principal.ts";
import type { Place } from "../projects/code-jobs.ts";
import type { ProjectRecord } from "../projects/project.ts";
import type { WantedFlow } from "../projects/projects.ts";
import { projectAt, type StoreName, storeAt } from "../projects/stores.ts";
import type { TaskType } from "../protection/flow.ts";
import type { Call } from "./call.ts";
import type { Target } from "./operation.ts";

/** A store that belongs to a project. */
export interface Held {
  readonly project: ProjectRecord;
  readonly store: StoreName;
  readonly arn: string;
}

/** The project's store that a target is, or is in; undefined where no project has it. */
export function heldAt(
  { arn, account }: Pick<Target, "arn" | "account">,
  call: Call,
): Held | undefined {
  const store = storeAt(arn);
  const project = store && call.parts.projects.holding(account, store);
  return project && { project, store, arn };
}

/**
 * Where data of an account goes that is written to a target. What a service keeps for an application is where that is.
 * Names of projects are those of an account: what is in another account is in no project that this one knows.
 */
export function placeWritten(
  target: Pick<Target, "arn" | "account" | "keptFor">,
  from: string,
  call: Call,
): Place {
  const { arn, account, keptFor } = target;
  if (account !== from) return { kind: "external", location: arn };
  const named = projectAt(arn);
  const at = keptFor === undefined ? target : { arn: keptFor, account };
  const project = named ?? heldAt(at, call)?.project.name;
  return project === undefined ? { kind: "external", location: arn } : { kind: "project", project };
}

/** Where what the caller reads goes: a job keeps it in its project; an application, too, or takes it anywhere. */
function placeOfReader(
  from: Held,
  { principal, account, parts, source }: Call,
): Place | { readonly kind: "download" } {
  const isOwn = account === from.project.account;
  if (isOwn && source.project !== undefined) return { kind: "project", project: source.project };
  const arn = applicationOf(principal);
  if (arn === undefined) return { kind: "download" };
  const store = storeAt(arn);
  const project = isOwn && store ? parts.projects.holding(account, store) : undefined;
  return project ? { kind: "project", project: project.name } : { kind: "external", location: arn };
}

/** What would leave a store. */
export const flowFrom = (
  { project, store, arn }: Held,
  destination: WantedFlow["destination"],
  taskType: TaskType,
): WantedFlow => ({
  project,
  source: { table: store.name, store: store.kind, id: arn, version: "live" },
  ...{ destination, taskType, action: "Select" },
});

const taskTypes: Readonly<Record<string, TaskType>> = { s3: "s3", kinesis: "kinesis" };

/** The flow of what is read of a store: to the caller, or into what it is copied to. */
export function storeFlows(from: Target, call: Call, into?: Target): readonly WantedFlow[] {
  const held = from.keptFor === undefined ? heldAt(from, call) : undefined;
  if (!held) return [];
  const destination = into
    ? placeWritten(into, held.project.account, call)
    : placeOfReader(held, call);
  return [flowFrom(held, destination, taskTypes[call.service] ?? "kinesisanalytics")];
}

/**
 * Whatever an application of a project changes outside of it is a flow out of that project, be it a record, an object
 * or a setting: the code of a job is not asked what it writes.
 */
export function applicationFlows(target: Target, call: Call): readonly WantedFlow[] {
  const arn = applicationOf(call.principal);
  if (arn === undefined) return [];
  const held = heldAt({ arn, account: call.account }, call);
  if (!held) return [];
  return [flowFrom(held, placeWritten(target, held.project.account, call), "kinesisanalytics")];
}
