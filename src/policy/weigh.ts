import { findNaming, type Naming } from "./principals.ts";
import type { Applied, Question, Step } from "./question.ts";
import { fits, type Statement } from "./statement.ts";

/** A statement that spoke, and the policy it stands in. */
export interface Hit {
  readonly applied: Applied;
  readonly statement: Statement;
}

/** What one layer says. */
export interface Voice {
  readonly deny: Hit | undefined;
  readonly allow: Hit | undefined;
}

/** What every layer says, and what follows. */
export interface Weighing {
  readonly identity: Voice;
  readonly boundary: Voice | undefined;
  readonly session: Voice | undefined;
  readonly resource: Voice;
  /** How the allowing statement of the resource policy names the asker. */
  readonly naming: Naming | undefined;
  readonly allowed: boolean;
  readonly explicit: boolean;
  /** The layer whose word was decisive. */
  readonly by: Step["layer"];
}

const silence: Voice = { deny: undefined, allow: undefined };

/** Hears every layer and combines them. Order of policies and statements never matters to the result. */
export function weigh(question: Question): Weighing {
  const { asker } = question;
  // A service and a stranger have no policies of their own: the resource's alone are asked.
  const alone = asker.kind === "service" || asker.kind === "anonymous";
  const { boundary: limit, session: limits } = question;
  const identity = alone ? silence : hear(question.identity, question);
  const boundary = alone || limit === undefined ? undefined : hear([limit], question);
  const session = alone || limits === undefined ? undefined : hear(limits, question);
  const { voice: resource, naming } = hearResource(question);
  const voices = { identity, boundary, session, resource, naming };
  const denying = findDenying(voices);
  const explicit = denying !== undefined;
  const { allowed, by } = explicit ? refusedBy(denying) : combine(question, voices);
  // In full: what a spread makes is a slow kind of object to all who read it.
  return { identity, boundary, session, resource, naming, allowed, explicit, by };
}

function hear(policies: readonly Applied[], question: Question): Voice {
  let allow: Hit | undefined;
  for (const applied of policies) {
    const { denies, allows } = applied.policy.select(question.action);
    for (const statement of denies)
      if (fits(statement, question)) return { deny: { applied, statement }, allow };
    if (allow !== undefined) continue;
    for (const statement of allows) {
      if (!fits(statement, question)) continue;
      allow = { applied, statement };
      break;
    }
  }
  return allow === undefined ? silence : { deny: undefined, allow };
}

const rank: Readonly<Record<Naming, number>> = { account: 1, role: 2, direct: 3 };

function hearResource(question: Question): {
  readonly voice: Voice;
  readonly naming: Naming | undefined;
} {
  const applied = question.resourcePolicy;
  if (applied === undefined) return { voice: silence, naming: undefined };
  const { denies, allows } = applied.policy.select(question.action);
  for (const statement of denies) {
    const { principals } = statement;
    if (principals && findNaming(principals, question.asker, "deny") && fits(statement, question))
      return { voice: { deny: { applied, statement }, allow: undefined }, naming: undefined };
  }
  let naming: Naming | undefined;
  let allow: Hit | undefined;
  for (const statement of allows) {
    const { principals } = statement;
    const found = principals && findNaming(principals, question.asker, "allow");
    // The statement that names the asker most closely counts.
    if (found === undefined || (naming !== undefined && rank[found] <= rank[naming])) continue;
    if (!fits(statement, question)) continue;
    naming = found;
    allow = { applied, statement };
  }
  return { voice: allow === undefined ? silence : { deny: undefined, allow }, naming };
}

type Voices = Pick<Weighing, "identity" | "boundary" | "session" | "resource" | "naming">;

function findDenying(voices: Voices): Step["layer"] | undefined {
  if (voices.resource.deny) return "resource";
  if (voices.identity.deny) return "identity";
  if (voices.boundary?.deny) return "boundary";
  if (voices.session?.deny) return "session";
  return undefined;
}

type Outcome = Pick<Weighing, "allowed" | "by">;

const allowedBy = (by: Step["layer"]): Outcome => ({ allowed: true, by });
const refusedBy = (by: Step["layer"]): Outcome => ({ allowed: false, by });

/** Who must say yes, when nobody says no. */
function combine(question: Question, voices: Voices): Outcome {
  const { asker } = question;
  const { naming } = voices;
  const granted = question.grants !== undefined && question.grants.length > 0;
  if (asker.kind === "service" || asker.kind === "anonymous") {
    if (naming === "direct") return allowedBy("resource");
    return granted ? allowedBy("grant") : refusedBy("resource");
  }
  if (asker.account !== question.resourceAccount) {
    // Another account's principal needs both sides: theirs to let it in, its own to let it out.
    if (naming === undefined && !granted) return refusedBy("resource");
    return throughIdentity(question, voices, naming === undefined ? "grant" : "resource");
  }
  if (naming === "direct") return allowedBy("resource");
  const limit = findLimit(voices);
  // A grant names a principal like an ARN in the resource policy: it binds a role within the role's limits.
  if (granted && (asker.kind !== "session" || limit === undefined)) return allowedBy("grant");
  if (naming === "role" && limit === undefined) return allowedBy("resource");
  if (question.authority === "account" || naming === "account")
    return throughIdentity(question, voices, asker.kind === "root" ? "root" : "identity");
  return refusedBy(naming === "role" || granted ? (limit ?? "resource") : "resource");
}

/** Needs the asker's own policies to allow, within boundary and session. */
function throughIdentity(question: Question, voices: Voices, by: Step["layer"]): Outcome {
  if (question.asker.kind !== "root" && !voices.identity.allow) return refusedBy("identity");
  const limit = findLimit(voices);
  return limit === undefined ? allowedBy(by) : refusedBy(limit);
}

/** The layer that limits the asker and does not allow. */
function findLimit({ boundary, session }: Voices): "boundary" | "session" | undefined {
  if (boundary !== undefined && boundary.allow === undefined) return "boundary";
  if (session !== undefined && session.allow === undefined) return "session";
  return undefined;
}
