import { assert } from "../lib/assert.ts";
import { isSameName } from "../policy/odps/names.ts";
import { findException } from "./exceptions.ts";
import {
  type Destination,
  type Flow,
  type ProjectProtection,
  type TaskType,
  viaPackage,
} from "./flow.ts";

/** Which rule decided. */
export type FlowReason =
  | "no-outflow"
  | "no-select"
  | "unprotected"
  | "protected"
  | "trusted-project"
  | "package-overrides-protection"
  | `exception:${TaskType | "unconditional"}`
  | "dc:download+describe"
  | "no-download-privilege"
  | "display"
  | "display-off"
  | "display-budget-spent";

/** Whether data may flow, and why. */
export interface FlowDecision {
  readonly allowed: boolean;
  readonly reason: FlowReason;
  /** Whether the trail must tell of it as a release: data that left a protected project. */
  readonly recorded: boolean;
  /** The statement of the exception policy that let it out. */
  readonly statement?: string;
  /** Of a display: most rows that may be shown. */
  readonly displayRows?: number;
}

type Outcome = Omit<FlowDecision, "recorded">;

const allow = (reason: FlowReason): Outcome => ({ allowed: true, reason });
const refuse = (reason: FlowReason): Outcome => ({ allowed: false, reason });

/**
 * Judges one flow by the settings of the project that the data would leave. Protection is no permission: it is asked
 * of owners like of anybody, and only of those who hold access already.
 */
export function judgeFlow(flow: Flow, project: ProjectProtection): FlowDecision {
  assert(isSameName(flow.source.project, project.name), "a flow is judged by its own source");
  const destination = settle(flow.destination, project);
  const outcome = weigh(flow, destination, project);
  const controlled =
    project.protection || (destination.kind === "display" && isControlled(project));
  return { ...outcome, recorded: outcome.allowed && destination.kind !== "inside" && controlled };
}

/** A write into the project that is read, however its name is spelled, is no outflow. */
const settle = (destination: Destination, project: ProjectProtection): Destination =>
  destination.kind === "project" && isSameName(destination.project, project.name)
    ? { kind: "inside" }
    : destination;

const isControlled = ({ protection, downloadControl }: ProjectProtection): boolean =>
  protection || downloadControl;

function weigh(flow: Flow, destination: Destination, project: ProjectProtection): Outcome {
  const { held } = flow;
  const supplied = viaPackage(held);
  if (destination.kind === "download" && project.downloadControl) {
    const download = held.download || supplied.download;
    const describe = held.describe || supplied.describe;
    return download && describe ? allow("dc:download+describe") : refuse("no-download-privilege");
  }
  if (!held.select && !supplied.select) return refuse("no-select");
  if (destination.kind === "inside") return allow("no-outflow");
  if (destination.kind === "display")
    return weighDisplay(destination.shownTodayRows, supplied.select, project);
  if (!project.protection) return allow("unprotected");
  if (supplied.select) return allow("package-overrides-protection");
  if (destination.kind === "project" && isTrusted(destination.project, project))
    return allow("trusted-project");
  const exception = project.exceptions && findException(flow, project.exceptions);
  if (!exception) return refuse("protected");
  const type = exception.conditional ? flow.taskType : "unconditional";
  return { ...allow(`exception:${type}`), statement: exception.label };
}

/** Trust goes from the source to what it names, and no further. */
const isTrusted = (target: string, { trustedProjects }: ProjectProtection): boolean =>
  trustedProjects.some((name) => isSameName(name, target));

/** What is shown on a screen is limited, and counted where the project is controlled. */
function weighDisplay(
  shownTodayRows: number,
  inPackage: boolean,
  project: ProjectProtection,
): Outcome {
  const { rows, rowsPerDay } = project.display;
  if (rows <= 0) return refuse("display-off");
  if (!isControlled(project)) return { ...allow("unprotected"), displayRows: rows };
  if (inPackage) return { ...allow("package-overrides-protection"), displayRows: rows };
  const left = rowsPerDay === undefined ? rows : rowsPerDay - shownTodayRows;
  if (!(left > 0)) return refuse("display-budget-spent");
  return { ...allow("display"), displayRows: Math.min(rows, left) };
}
