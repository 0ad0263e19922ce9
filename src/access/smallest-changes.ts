import { judge } from "../policy/judge.ts";
import { compilePolicy, type Policy, type PolicyKind } from "../policy/policy.ts";
import type { Applied, Decision, Question } from "../policy/question.ts";

/** One statement more in one place. */
interface Change {
  readonly words: string;
  readonly make: (question: Question) => Question;
}

/**
 * The smallest changes that would allow what was refused, in words: denials to take out, then the fewest statements to
 * add. Each answer has been judged: with it, the same question is allowed.
 */
export function smallestChanges(question: Question, decision: Decision): readonly string[] {
  const denials = decision.steps
    .filter(({ outcome }) => outcome === "deny")
    .map(
      ({ statement = "the statement", policy }) => `take out or narrow ${statement} of ${policy}`,
    );
  const bare = withoutDenials(question);
  if (judge(bare).allowed) return [denials.join(", and ")];
  const changes = changesFor(question);
  for (let size = 1; size <= changes.length; size += 1) {
    const enough = subsets(changes, size).filter(
      (chosen) => judge(chosen.reduce((asked, { make }) => make(asked), bare)).allowed,
    );
    if (enough.length === 0) continue;
    return enough.map((chosen) => [...denials, ...chosen.map(({ words }) => words)].join(", and "));
  }
  return [];
}

function subsets<Item>(items: readonly Item[], size: number): Item[][] {
  if (size === 0) return [[]];
  return items.flatMap((item, index) =>
    subsets(items.slice(index + 1), size - 1).map((rest) => [item, ...rest]),
  );
}

function withoutDenials(question: Question): Question {
  const soften = ({ name, policy }: Applied): Applied => ({
    name,
    policy: {
      ...policy,
      select: (action) => ({ denies: [], allows: policy.select(action).allows }),
    },
  });
  const { identity, boundary, session, resourcePolicy } = question;
  return {
    ...question,
    identity: identity.map(soften),
    ...(boundary && { boundary: soften(boundary) }),
    ...(session && { session: session.map(soften) }),
    ...(resourcePolicy && { resourcePolicy: soften(resourcePolicy) }),
  };
}

function changesFor(question: Question): Change[] {
  const { asker, boundary, session, resourcePolicy, authority } = question;
  const changes: Change[] = [];
  if (asker.kind === "user" || asker.kind === "session") {
    const [said, added] = statement(question, "identity");
    changes.push({
      words: `add to the policies of ${asker.arn}: ${said}`,
      make: (asked) => ({ ...asked, identity: [...asked.identity, added] }),
    });
  }
  if (boundary) {
    const [said, added] = statement(question, "boundary");
    changes.push({
      words: `add to the permissions boundary ${boundary.name}: ${said}`,
      make: (asked) => ({ ...asked, boundary: both(asked.boundary ?? added, added) }),
    });
  }
  if (session) {
    const [said, added] = statement(question, "session");
    changes.push({
      words: `begin the session with a session policy that has: ${said}`,
      make: (asked) => ({ ...asked, session: [...(asked.session ?? []), added] }),
    });
  }
  const trust = resourcePolicy?.policy.kind === "trust";
  if (resourcePolicy || authority === "resource" || question.resource.startsWith("arn:aws:s3:")) {
    const [said, added] = statement(question, trust ? "trust" : "resource");
    changes.push({
      words: `add to ${resourcePolicy?.name ?? "the resource's policy"}: ${said}`,
      make: (asked) => ({
        ...asked,
        resourcePolicy: asked.resourcePolicy ? both(asked.resourcePolicy, added) : added,
      }),
    });
  }
  return changes;
}

/** A statement that allows just this, as text and as a policy of its own. */
function statement(question: Question, kind: PolicyKind): [said: string, added: Applied] {
  const { asker, action, resource } = question;
  const principal =
    asker.kind === "anonymous"
      ? "*"
      : { [asker.kind === "service" ? "Service" : "AWS"]: asker.arn };
  const Statement = {
    Effect: "Allow",
    ...((kind === "resource" || kind === "trust") && { Principal: principal }),
    Action: action,
    ...(kind !== "trust" && { Resource: resource }),
  };
  const policy = compilePolicy(JSON.stringify({ Version: "2012-10-17", Statement }), kind);
  return [JSON.stringify(Statement), { name: "the added statement", policy }];
}

/** Two policies in the place of one. */
function both(one: Applied, other: Applied): Applied {
  const policy: Policy = {
    kind: one.policy.kind,
    statements: [...one.policy.statements, ...other.policy.statements],
    select(action) {
      const [left, right] = [one.policy.select(action), other.policy.select(action)];
      return {
        denies: [...left.denies, ...right.denies],
        allows: [...left.allows, ...right.allows],
      };
    },
  };
  return { name: one.name, policy };
}
