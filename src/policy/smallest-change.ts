import { judge } from "./judge.ts";
import type { Applied, Asker, Decision, Question } from "./question.ts";
import { describeTest, failed } from "./refusal-steps.ts";
import { type Hit, type Weighing, weigh } from "./weigh.ts";

/** A statement as it would be pasted into a policy. */
type Paste = Readonly<Record<string, unknown>>;

/**
 * The smallest change that would allow what was refused, in words with ready statements. Lines that begin with
 * `warning:` say what else it would open, with `or:` another way; all others are needed together. Empty for what is allowed.
 */
export function smallestChange(question: Question, decision: Decision): readonly string[] {
  if (decision.allowed) return [];
  const { denies, bare } = withoutDenials(question);
  if (denies.length === 0) return [...lackOf(question, weigh(question)), ...nearMisses(decision)];
  return [
    ...denies.map((hit) => describeDeny(hit, question)),
    "warning: a deny is a guard that somebody set; whoever else it stops gets through as well",
    // Where a deny speaks, an allow may be missing, too.
    ...(judge(bare).allowed ? [] : lackOf(bare, weigh(bare))),
  ];
}

/** Every statement that denies it, and the question as it would be without them. */
function withoutDenials(question: Question): {
  readonly denies: readonly Hit[];
  readonly bare: Question;
} {
  const denies: Hit[] = [];
  let bare = question;
  // Each turn takes statements out, so there are not more turns than statements.
  for (let found = findDenies(weigh(bare)); found.length > 0; found = findDenies(weigh(bare))) {
    denies.push(...found);
    bare = without(bare, new Set(found.map(({ statement }) => statement)));
  }
  return { denies, bare };
}

function without(question: Question, statements: ReadonlySet<Hit["statement"]>): Question {
  const spare = ({ name, policy }: Applied): Applied => ({
    name,
    policy: {
      ...policy,
      select(action) {
        const { denies, allows } = policy.select(action);
        return { denies: denies.filter((one) => !statements.has(one)), allows };
      },
    },
  });
  const { identity, boundary, session, resourcePolicy } = question;
  return {
    ...question,
    identity: identity.map(spare),
    ...(boundary && { boundary: spare(boundary) }),
    ...(session && { session: session.map(spare) }),
    ...(resourcePolicy && { resourcePolicy: spare(resourcePolicy) }),
  };
}

/** Statements that would allow it if only the request met their conditions. */
function nearMisses({ steps }: Decision): string[] {
  const missed = steps.filter(({ outcome, why }) => outcome === "silent" && why.startsWith(failed));
  return missed.map(
    ({ policy, statement = "", why }) =>
      `or: make a request that ${quoteLabel(statement)} of ${policy} allows (${why})`,
  );
}

function findDenies({ resource, identity, boundary, session }: Weighing): Hit[] {
  const hits = [resource.deny, identity.deny, boundary?.deny, session?.deny];
  return hits.filter((hit) => hit !== undefined);
}

function describeDeny({ applied, statement }: Hit, { asker, action }: Question): string {
  const { label, tests, principals, effect } = statement;
  const where =
    tests.length > 0 ? ` or make its conditions fail (${tests.map(describeTest).join("; ")})` : "";
  const spare =
    principals?.negated === true && effect === "deny" && asker.arn !== ""
      ? ` or list ${namesOf(asker).join(" and ")} in its NotPrincipal`
      : "";
  return `in ${applied.name}: remove ${action} from what ${quoteLabel(label)} denies${spare}${where}`;
}

/** Every name by which a NotPrincipal must list the asker to spare it. */
const namesOf = (asker: Asker): string[] =>
  [asker.account && rootOf(asker.account), asker.arn, asker.sessionArn ?? ""].filter(
    (name, at, all) => name !== "" && all.indexOf(name) === at,
  );

const quoteLabel = (label: string): string =>
  label.startsWith("statement ") ? label : `statement "${label}"`;

const rootOf = (account: string): string => `arn:aws:iam::${account}:root`;

function lackOf(question: Question, weighing: Weighing): string[] {
  const { asker } = question;
  if (asker.kind === "anonymous" || asker.kind === "service") return openResource(question);
  const foreign = asker.account !== question.resourceAccount;
  const granted = (question.grants?.length ?? 0) > 0;
  const entered = weighing.naming !== undefined || granted;
  const closed = !entered && (foreign || question.authority === "resource");
  const lines = closed ? openResource(question) : [];
  // Whom the resource's policy names itself needs nothing more at home.
  const named = closed ? "direct" : weighing.naming;
  const alone = !foreign && asker.kind === "user" && named === "direct";
  if (alone) return lines;
  const byIdentity = foreign || (!closed && named !== "role" && !granted);
  if (byIdentity && asker.kind !== "root" && !weighing.identity.allow)
    lines.push(...addToIdentity(question));
  // A new statement of ours names a session by its role, which stays within the role's limits.
  return [...lines, ...widenLimits(question, weighing)];
}

const isTrust = ({ resourcePolicy, action }: Question): boolean =>
  resourcePolicy?.policy.kind === "trust" || action.toLowerCase().startsWith("sts:assumerole");

function openResource(question: Question): string[] {
  const { resourcePolicy, resource, action, asker } = question;
  const statement: Paste = {
    Effect: "Allow",
    Principal: principalOf(asker),
    Action: action,
    ...(!isTrust(question) && { Resource: resourceOf(question) }),
  };
  const place = resourcePolicy ? resourcePolicy.name : `a new policy of ${resource}`;
  const lines = [`add to ${place}: ${JSON.stringify(statement)}`];
  if (asker.kind === "anonymous")
    lines.push(`warning: this opens ${resource} to everyone, without credentials`);
  else if (asker.kind === "service")
    lines.push(
      `warning: ${asker.arn} acts for all its customers; add a condition on aws:SourceArn or aws:SourceAccount`,
    );
  else if (asker.account !== question.resourceAccount)
    lines.push(
      `warning: this lets account ${asker.account} into account ${question.resourceAccount}`,
    );
  return lines;
}

/** In a key policy `*` is the key itself. */
const resourceOf = ({ resource }: Question): string =>
  resource.startsWith("arn:") && resource.split(":", 3)[2] === "kms" ? "*" : resource;

function principalOf(asker: Asker): unknown {
  if (asker.kind === "anonymous")
    return asker.federated === undefined ? "*" : { Federated: asker.federated };
  return asker.kind === "service" ? { Service: asker.arn } : { AWS: asker.arn };
}

/** What an identity policy, a boundary or a session policy must say. */
const allowing = ({ action, resource }: Question): string =>
  JSON.stringify({ Effect: "Allow", Action: action, Resource: resource });

function addToIdentity(question: Question): string[] {
  const { identity, asker } = question;
  // A managed policy may be attached elsewhere; an inline one touches this asker alone.
  const inline = identity.find(({ name }) => !name.startsWith("arn:"));
  const place = inline ? inline.name : `a new inline policy of ${asker.arn}`;
  const lines = [`add to ${place}: ${allowing(question)}`];
  if (inline?.name.includes(" of group "))
    lines.push("warning: every member of the group may do it, too");
  if (asker.kind === "session") lines.push(`warning: every session of ${asker.arn} may do it, too`);
  return lines;
}

function widenLimits(question: Question, { boundary, session }: Weighing): string[] {
  const lines: string[] = [];
  if (boundary && !boundary.allow && question.boundary)
    lines.push(
      `boundary ${question.boundary.name} does not allow it; add to it: ${allowing(question)}`,
      `warning: ${question.boundary.name} limits everyone who has it as boundary`,
    );
  if (session && !session.allow)
    lines.push(
      `the session was made with policies that do not allow it; ask for a new one with: ${allowing(question)}`,
      ...nameSessionPolicies(question.session ?? []),
    );
  return lines;
}

const nameSessionPolicies = (policies: readonly Applied[]): string[] =>
  policies.length === 0 ? [] : [`its policies: ${policies.map(({ name }) => name).join(", ")}`];
