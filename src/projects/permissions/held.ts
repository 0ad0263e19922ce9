import type { ObjectType } from "../../policy/odps/actions.ts";
import type { Held } from "../../protection/flow.ts";
import { judgeDirect } from "./judge-direct.ts";
import { judgePackage } from "./package-read.ts";
import type { Question } from "./question.ts";
import type { Permissions } from "./state.ts";

/** Which privileges stand for reading, knowing of and carrying away each type of thing that data comes from. */
const ofTables = { select: "Select", describe: "Describe", download: "Download" };
const privilegesOn: Readonly<Partial<Record<ObjectType, typeof ofTables>>> = {
  resource: { select: "Read", describe: "Read", download: "Download" },
  volume: { select: "Read", describe: "Read", download: "Download" },
  function: { select: "Execute", describe: "Read", download: "Download" },
};

/** What somebody effectively holds on a thing, in the form in which protection asks for it. */
export function heldOn(state: Permissions, question: Omit<Question, "action">): Held {
  const holds = (action: string): boolean => judgeDirect(state, { ...question, action }).allowed;
  const supplies = (action: string): boolean =>
    judgePackage(state, { ...question, action })?.allowed === true;
  const { type } = question.object;
  const names = privilegesOn[type] ?? ofTables;
  const supplied = {
    select: supplies(names.select),
    describe: supplies(names.describe),
    download: supplies(names.download),
  };
  return {
    select: holds(names.select),
    describe: holds(names.describe),
    download: holds(names.download),
    viaPackage: supplied.select || supplied.describe || supplied.download ? supplied : undefined,
  };
}
