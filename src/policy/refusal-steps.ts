import type { Test } from "./condition.ts";
import type { FindFact } from "./pattern.ts";
import { findNaming } from "./principals.ts";
import type { Applied, Question, Step } from "./question.ts";
import { describePatterns, fits, type Statement } from "./statement.ts";

/** Tells what every policy said to a question that was refused, in the order in which they are judged. */
export function explainRefusal(question: Question): Step[] {
  const { asker } = question;
  const steps = resourceSteps(question);
  for (const grant of question.grants ?? [])
    steps.push({ layer: "grant", policy: grant, outcome: "allow", why: "a grant allows it" });
  if (asker.kind === "service" || asker.kind === "anonymous") {
    const who = asker.kind === "service" ? `the service ${asker.arn}` : "an anonymous caller";
    const why = `${who} has no policies of its own; only the resource's policy can allow it`;
    return [...steps, { layer: "service", policy: "", outcome: "silent", why }];
  }
  if (asker.kind === "root") steps.push(rootStep(question));
  for (const applied of question.identity) steps.push(policyStep("identity", applied, question));
  if (asker.kind !== "root" && question.identity.length === 0)
    steps.push({
      layer: "identity",
      policy: "",
      outcome: "silent",
      why: `no identity policy is attached to ${asker.arn}`,
    });
  if (question.boundary) steps.push(policyStep("boundary", question.boundary, question));
  for (const applied of question.session ?? [])
    steps.push(policyStep("session", applied, question));
  if (question.session?.length === 0)
    steps.push({
      layer: "session",
      policy: "",
      outcome: "silent",
      why: "the session allows nothing",
    });
  return steps;
}

function rootStep({ asker, resourceAccount, authority }: Question): Step {
  const foreign = asker.account !== resourceAccount;
  const why = foreign
    ? `the root of account ${asker.account} needs the policy of a resource in account ${resourceAccount}`
    : authority === "resource"
      ? "even the root of the account needs the policy of this resource"
      : "the root of an account may do everything in it that is not denied";
  return { layer: "root", policy: "", outcome: "allow", why };
}

function resourceSteps(question: Question): Step[] {
  const { resourcePolicy: applied, authority } = question;
  const foreign = question.asker.account !== question.resourceAccount;
  if (applied !== undefined) return [policyStep("resource", applied, question)];
  if (authority === "account" && !foreign && question.asker.kind !== "service") return [];
  const why = `${question.resource} has no policy that could allow it`;
  return [{ layer: "resource", policy: "", outcome: "silent", why }];
}

/** What one policy says: its deny before its allow before the nearest of its silent statements. */
function policyStep(layer: Step["layer"], applied: Applied, question: Question): Step {
  const { denies, allows } = applied.policy.select(question.action);
  const policy = applied.name;
  const deny = denies.find((statement) => speaks(statement, question));
  if (deny) return { layer, policy, outcome: "deny", statement: deny.label, why: whyDenied(deny) };
  const allow = allows.find((statement) => speaks(statement, question));
  if (allow) {
    const only = delegatesOnly(allow, question) ? "; it leaves the rest to identity policies" : "";
    return {
      layer,
      policy,
      outcome: "allow",
      statement: allow.label,
      why: `${allow.summary}${only}`,
    };
  }
  return { layer, policy, outcome: "silent", ...whySilent(allows, question) };
}

function delegatesOnly({ principals }: Statement, { asker }: Question): boolean {
  return principals !== undefined && findNaming(principals, asker, "allow") === "account";
}

function speaks(statement: Statement, question: Question): boolean {
  const { principals, effect } = statement;
  if (principals && !findNaming(principals, question.asker, effect)) return false;
  return fits(statement, question);
}

function whyDenied({ summary, tests }: Statement): string {
  if (tests.length === 0) return summary;
  return `${summary} where ${tests.map(describeTest).join(" and ")}`;
}

type Silence = Pick<Step, "why"> & { readonly statement?: string };

/** The statement that came nearest, and what it lacked. */
function whySilent(allows: readonly Statement[], question: Question): Silence {
  const { action, resource, asker, fact } = question;
  let nearest: { readonly distance: number; readonly silence: Silence } | undefined;
  for (const { label: statement, principals, resources, tests } of allows) {
    const failed = tests.find((test) => !test.holds(fact));
    const distances: [boolean, number, () => string][] = [
      [
        principals !== undefined && !findNaming(principals, asker, "allow"),
        2,
        () => `it allows ${action}, but does not name ${asker.arn || "everyone"}`,
      ],
      [
        resources !== undefined && !resources.matches(resource, fact),
        3,
        () => `it allows ${action} only on ${resources ? describePatterns(resources) : ""}`,
      ],
      [failed !== undefined, 1, () => (failed ? describeFailure(failed, fact) : "")],
    ];
    const lacking = distances.find(([lacks]) => lacks);
    if (!lacking) continue;
    const [, distance, say] = lacking;
    if (nearest === undefined || distance < nearest.distance)
      nearest = { distance, silence: { statement, why: say() } };
  }
  return nearest?.silence ?? { why: `no statement allows ${action} on ${resource}` };
}

/** A condition line in words: `StringEquals aws:username ["alice"]`. */
export const describeTest = ({ operator, key, values }: Test): string =>
  `${operator} ${key} ${JSON.stringify(values.length === 1 ? values[0] : values)}`;

/** How the reason begins when it was a condition that failed. */
export const failed = "condition ";

function describeFailure(test: Test, fact: FindFact): string {
  const given = fact(test.key.toLowerCase());
  const found = given === undefined ? "the request has no such key" : JSON.stringify(given);
  return `${failed}${describeTest(test)} failed: ${found}`;
}
