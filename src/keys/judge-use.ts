import { deniedMessage } from "../access/access-denied.ts";
import type { Access, AccessDemand } from "../access/authorize.ts";
import { principalArn } from "../access/user-identity.ts";
import type { Clock } from "../lib/clock.ts";
import { ServiceError } from "../lib/service-error.ts";
import type { Decision } from "../policy/question.ts";
import { type Attempt, requestFacts } from "./attempt.ts";
import { keyFacts } from "./facts.ts";
import { type KeyReference, keyDemandTarget } from "./find-key.ts";
import type { KeyAction } from "./keys.ts";

/** How one use of a key was judged. */
export interface Judgement {
  readonly demands: readonly {
    readonly action: string;
    readonly resource: string;
    /** ARN of who must be allowed it besides the caller. */
    readonly of?: string;
    readonly decision: Decision;
    readonly change: readonly string[];
  }[];
  readonly refusal?: ServiceError;
}

interface JudgeParts {
  readonly access: Access;
  readonly clock: Clock;
  readonly region: string;
}

/** Actions that use the material of a key. */
export const uses: { readonly [Action in KeyAction]?: true } = {
  Decrypt: true,
  GenerateDataKey: true,
  GenerateDataKeyWithoutPlaintext: true,
};

/** Judges the use of a key by the caller, and by who has pointed the caller at what it seals. */
export function judgeUse(reference: KeyReference, attempt: Attempt, parts: JudgeParts): Judgement {
  const { use } = attempt;
  const own = judgeOne(reference, attempt, parts);
  if (!use.pointedBy || own.refusal) return own;
  const { principal, remedy } = use.pointedBy;
  const other = judgeOne(reference, { ...attempt, use: { ...use, principal } }, parts);
  const of = principalArn(principal);
  const demands = [...own.demands, ...other.demands.map((one) => ({ ...one, of }))];
  if (!other.refusal) return { demands };
  const { code, message } = other.refusal;
  return { demands, refusal: new ServiceError(code, `${message}; ${remedy}`) };
}

function judgeOne(reference: KeyReference, attempt: Attempt, parts: JudgeParts): Judgement {
  const { access } = parts;
  const { principal, requestId } = attempt.use;
  const demand = demandOf(reference, attempt, parts);
  const facts = requestFacts(parts, attempt.use);
  const decision = access.authorize(principal, demand, facts);
  const { action, target } = demand;
  const change = decision.allowed ? [] : access.smallestChange(principal, demand, facts, decision);
  const demands = [{ action, resource: target.arn, decision, change }];
  if (decision.allowed) return { demands };
  const message = deniedMessage(principal, demand, decision, requestId);
  return { demands, refusal: new ServiceError("AccessDeniedException", message) };
}

function demandOf(reference: KeyReference, attempt: Attempt, { region }: JudgeParts): AccessDemand {
  const { action, context, use, facts } = attempt;
  const { principal, via } = use;
  const { alias } = reference;
  const known = { principal, region, via, context, ...(alias !== undefined && { alias }) };
  const { grants: covering, ...target } = keyDemandTarget(reference, use, action, context);
  const chosen = reference.key && attempt.grants?.(reference.key).map(({ id }) => `grant ${id}`);
  const grants = chosen ?? covering;
  return {
    action: `kms:${action}`,
    target: { ...target, ...(grants?.length && { grants }) },
    context: {
      ...keyFacts(reference.key, known),
      ...(action in uses && { "kms:encryptionalgorithm": "SYMMETRIC_DEFAULT" }),
      ...facts,
    },
  };
}
