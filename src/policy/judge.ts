import type { Decision, Question, Step } from "./question.ts";
import { explainRefusal } from "./refusal-steps.ts";
import { type Hit, type Weighing, weigh } from "./weigh.ts";

/**
 * Judges one question by every policy that applies. An explicit deny anywhere wins; silence means no.
 * The steps of an allow name the statements that carried it; those of a refusal tell what every policy said.
 */
export function judge(question: Question): Decision {
  const weighing = weigh(question);
  const { allowed, by } = weighing;
  if (allowed) return { allowed, by, steps: stepsOfAllow(question, weighing) };
  const refusal = weighing.explicit ? "explicit" : "implicit";
  return { allowed, refusal, by, steps: explainRefusal(question) };
}

function stepsOfAllow(question: Question, weighing: Weighing): Step[] {
  const { identity, boundary, session, resource } = weighing;
  const steps: Step[] = [];
  if (resource.allow) steps.push(stepOf("resource", resource.allow));
  const [grant] = question.grants ?? [];
  if (grant !== undefined)
    steps.push({ layer: "grant", policy: grant, outcome: "allow", why: "a grant allows it" });
  if (question.asker.kind === "root")
    steps.push({ layer: "root", policy: "", outcome: "allow", why: rootMay });
  if (identity.allow) steps.push(stepOf("identity", identity.allow));
  if (boundary?.allow) steps.push(stepOf("boundary", boundary.allow));
  if (session?.allow) steps.push(stepOf("session", session.allow));
  return steps;
}

const rootMay = "the root of an account has no policies of its own and needs none";

const stepOf = (layer: Step["layer"], { applied, statement }: Hit): Step => ({
  layer,
  policy: applied.name,
  outcome: "allow",
  statement: statement.label,
  why: statement.summary,
});
