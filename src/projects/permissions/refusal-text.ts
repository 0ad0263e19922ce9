import { resourceText } from "../../policy/odps/resource.ts";
import { objectOf } from "./names.ts";
import type { Question } from "./question.ts";
import type { Permissions } from "./state.ts";

/** MaxCompute's numbers of refusals. */
const numbers = {
  stranger: 4002,
  label: 4010,
  denied: 4011,
  silent: 4019,
  protected: 4021,
} as const;

/** Says that somebody is not of the project. */
export const strangerText = ({ project }: Permissions, question: Question): string =>
  `Authorization Failed [${numbers.stranger}], You don't exist in project ${project}. ${tips(project, question)}`;

/** Says which privilege is missing, and why. */
export function refusalText(
  { project }: Permissions,
  question: Question,
  kind: "label" | "denied" | "silent",
  why: string,
): string {
  const resource = resourceText(objectOf(project, question.object));
  const current = question.current?.project ?? project;
  return `Authorization Failed [${numbers[kind]}], You have NO privilege 'odps:${question.action}' on {${resource}}. ${why} ${tips(current, question)}`;
}

/** Says that the project keeps its data, in the words clients know. */
export const protectedText = (state: Permissions, question: Question): string =>
  `Authorization Failed [${numbers.protected}], You have NO privilege 'odps:${question.action}' on {${resourceText(objectOf(state.project, question.object))}}. project '${state.project}' is protected. ${tips(question.current?.project ?? state.project, question)}`;

const tips = (current: string, { principal }: Question): string =>
  `--->Tips: CurrentProject:${current}; Principal:${principal}`;
