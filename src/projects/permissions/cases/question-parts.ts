import type { AllowReason, Question, RefuseReason } from "../question.ts";
import type { Permissions } from "../state.ts";
import { alice, granted, now, t1 } from "./scene.ts";

/** [rule, changes of the state, changes of the question, reason] */
export type QuestionRow = readonly [
  title: string,
  state: Partial<Permissions>,
  question: Partial<Question>,
  because: AllowReason | RefuseReason,
];

export const has = (...changes: Parameters<typeof granted>[0][]) => ({
  grants: changes.map((one) => granted(one)),
});
export const toDev = { to: { kind: "role", name: "dev" }, by: "policy" } as const;
export const denied = { ...toDev, effect: "deny" } as const;
export const salary = { ...t1, columns: ["salary"] };
export const settings = (changes: Partial<Permissions["settings"]>) => ({
  settings: {
    checkPermissionUsingAcl: true,
    checkPermissionUsingPolicy: true,
    objectCreatorHasAccessPermission: true,
    objectCreatorHasGrantPermission: true,
    labelSecurity: false,
    externalResourceAccessControl: false,
    enableDownloadPrivilege: false,
    secondApprover: false,
    ...changes,
  },
});
export const made: Partial<Question> = { creator: alice };
export const create: Partial<Question> = {
  action: "CreateTable",
  object: { type: "project", name: "p" },
  columns: undefined,
};
export const download: Partial<Question> = { action: "Download" };
export const all: Partial<Question> = { columns: undefined };
export const withSalary: Partial<Question> = { columns: ["id", "SALARY"] };
export const dayLater: Partial<Question> = { timeMs: now + 86_400_000 };
