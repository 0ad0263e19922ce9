import { judgeDirect } from "./judge-direct.ts";
import { judgePackage } from "./package-read.ts";
import type { Decision, Question } from "./question.ts";
import type { Permissions } from "./state.ts";

/**
 * Judges whether somebody may do something in a project: by what they hold there, and otherwise by a package that the
 * project they work in has installed.
 */
export function judge(state: Permissions, question: Question): Decision {
  const direct = judgeDirect(state, question);
  if (direct.allowed) return direct;
  const supplied = judgePackage(state, question);
  if (supplied?.allowed) return supplied;
  // The package's refusal says more to a stranger: which column is too sensitive for it.
  return direct.because === "stranger" && supplied ? supplied : direct;
}
