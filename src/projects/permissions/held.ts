import type { Held } from "../../protection/flow.ts";
import { judgeDirect } from "./judge-direct.ts";
import { judgePackage } from "./package-read.ts";
import type { Question } from "./question.ts";
import type { Permissions } from "./state.ts";

/** What somebody effectively holds on a table, in the form in which protection asks for it. */
export function heldOn(state: Permissions, question: Omit<Question, "action">): Held {
  const holds = (action: string): boolean => judgeDirect(state, { ...question, action }).allowed;
  const supplies = (action: string): boolean =>
    judgePackage(state, { ...question, action })?.allowed === true;
  const supplied = {
    select: supplies("Select"),
    describe: supplies("Describe"),
    download: supplies("Download"),
  };
  return {
    select: holds("Select"),
    describe: holds("Describe"),
    download: holds("Download"),
    viaPackage: supplied.select || supplied.describe || supplied.download ? supplied : undefined,
  };
}
