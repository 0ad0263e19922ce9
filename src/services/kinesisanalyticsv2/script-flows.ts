import { scriptFlows as flowsOfText } from "../../pipeline/script-flows.ts";
import type { WantedFlow } from "../../projects/projects.ts";
import type { AnalyticsCall, Application } from "./find-application.ts";
import type { Code } from "./records.ts";

/** What an application would run, and as whom. */
export interface Runnable {
  readonly code: Code | { readonly kind: "upload" };
  /** ARN of its role. */
  readonly role: string;
}

/** What the script of an application would move; what the code in a JAR does shows when it does it. */
export function scriptFlows(
  application: Application,
  { code, role }: Runnable,
  call: AnalyticsCall,
): readonly WantedFlow[] {
  if (code.kind !== "text") return [];
  const { name = "" } = call.parts.directory.findRole(role) ?? {};
  return flowsOfText(code.text, { application, role: name }, call);
}

/** A start moves nothing itself: what leaves is told when the job moves it. */
export const nothingYet = (): undefined => undefined;
