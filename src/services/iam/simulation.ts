import type {
  ContextEntry,
  EvaluationResult,
  PolicyEvaluationDecisionType,
  PolicySourceType,
  SimulateCustomPolicyRequest,
  SimulatePolicyResponse,
  SimulatePrincipalPolicyRequest,
} from "@aws-sdk/client-iam";
import { applied, checkPolicy } from "../../identity/compiled.ts";
import { type PageRequest, pageOf } from "../../identity/pages.ts";
import type { PrincipalPolicies } from "../../identity/principal.ts";
import type { Call } from "../../pipeline/call.ts";
import { type Checked, operation, ServiceError } from "../../pipeline/operation.ts";
import { judge } from "../../policy/judge.ts";
import type { PolicyKind } from "../../policy/policy.ts";
import type { Applied, Asker, Decision, Fact, Question } from "../../policy/question.ts";
import { findAction } from "../../policy/reference.ts";
import { pageEnd, pageRequest } from "./answers.ts";
import { everything, findGroup, findRole, findUser } from "./find.ts";

/** What both simulations are asked with. */
type Input = Checked<SimulateCustomPolicyRequest>;

/** Says what a user, group or role may do, by the same judge that decides about requests. */
export const simulatePrincipalPolicy = operation("SimulatePrincipalPolicy", {
  resolve: ({ PolicySourceArn }: Checked<SimulatePrincipalPolicyRequest>, call: Call) =>
    findSource(PolicySourceArn, call),

  handle({ home, record, account }, input): SimulatePolicyResponse {
    const { PolicyInputList = [] } = input;
    const policies = home.policiesFor(record);
    const more = read(PolicyInputList, "PolicyInputList", "identity");
    const known = { ...policies, identity: [...policies.identity, ...more] };
    const asker: Asker = { kind: "user", account, arn: input.CallerArn ?? record.arn };
    const facts: Record<string, Fact> = {
      "aws:principalarn": record.arn,
      "aws:principalaccount": account,
      ...(record.kind === "user" && { "aws:username": record.name, "aws:userid": record.id }),
    };
    return simulate({ ...input, PolicyInputList }, known, asker, facts);
  },
});

/** Says what policies would allow that nobody has yet. */
export const simulateCustomPolicy = operation("SimulateCustomPolicy", {
  resolve: (input: Input, call: Call) => everything(input, call),

  handle({ account }, input): SimulatePolicyResponse {
    const identity = read(input.PolicyInputList, "PolicyInputList", "identity");
    const arn = input.CallerArn ?? `arn:aws:iam::${account}:user/simulated`;
    return simulate(input, { identity }, { kind: "user", account, arn }, {});
  },
});

const sourceForm = /^arn:aws:iam::(\d{12}):(user|group|role)\/(?:[^/]+\/)*([\w+=,.@-]+)$/;

function findSource(arn: string, call: Call) {
  const [, account, kind, name = ""] = sourceForm.exec(arn) ?? [];
  if (account !== call.account)
    throw new ServiceError("InvalidInput", `Invalid Entity Arn: ${arn}`);
  if (kind === "user") return findUser(name, call);
  return kind === "group" ? findGroup(name, call) : findRole(name, call);
}

function read(texts: readonly string[], name: string, kind: PolicyKind): Applied[] {
  return texts.map((text, index) => {
    checkPolicy(text, kind);
    return applied(`${name}.${index + 1}`, text, kind);
  });
}

function simulate(
  input: Input,
  policies: PrincipalPolicies,
  asker: Asker,
  facts: Record<string, Fact>,
): SimulatePolicyResponse {
  const given = new Map([...Object.entries(facts), ...(input.ContextEntries ?? []).map(factOf)]);
  const [inputBoundary] = read(
    input.PermissionsBoundaryPolicyInputList ?? [],
    "PermissionsBoundaryPolicyInputList",
    "boundary",
  );
  const boundary = inputBoundary ?? policies.boundary;
  const [resourcePolicy] = read(
    input.ResourcePolicy === undefined ? [] : [input.ResourcePolicy],
    "ResourcePolicy",
    "resource",
  );
  const page = pageOf(pairsOf(input), shortened(pageRequest(input), input));
  const results = page.items.map(([action, resource]) => {
    const missing = new Set<string>();
    const question: Question = {
      asker,
      action,
      resource,
      resourceAccount:
        /^arn:aws:iam::(\d{12}):root$/.exec(input.ResourceOwner ?? "")?.[1] ?? asker.account,
      fact(key) {
        if (!given.has(key)) missing.add(key);
        return given.get(key);
      },
      identity: policies.identity,
      ...(boundary && { boundary }),
      ...(resourcePolicy && { resourcePolicy }),
      authority: "account",
    };
    const decision = findAction(action) ? judge(question) : unknownAction;
    return toResult(question, decision, missing);
  });
  return { EvaluationResults: results, ...pageEnd(page) };
}

const pairsMax = 10_000;

/** Every action on every resource. */
function pairsOf({ ActionNames, ResourceArns = ["*"] }: Input): [string, string][] {
  if (ActionNames.length * ResourceArns.length > pairsMax) {
    throw new ServiceError(
      "InvalidInput",
      `A simulation asks about at most ${pairsMax} pairs of an action and a resource.`,
    );
  }
  return ActionNames.flatMap((action) =>
    ResourceArns.map((resource): [string, string] => [action, resource]),
  );
}

const pageItems = 100;
const pageWorkMax = 4_000_000;

/** Only the page that is shown is judged: the longer the policies, the shorter it is. */
function shortened({ marker, limit = pageItems }: PageRequest, input: Input): PageRequest {
  const texts = [...input.PolicyInputList, input.ResourcePolicy ?? ""];
  const work = texts.reduce((sum, text) => sum + text.length, 1);
  return { marker, limit: Math.max(1, Math.min(limit, Math.floor(pageWorkMax / work))) };
}

const unknownAction: Decision = { allowed: false, refusal: "implicit", by: "service", steps: [] };

const contextValueMax = 4096;

function factOf({ ContextKeyName = "", ContextKeyValues = [], ContextKeyType }: ContextEntry) {
  if (ContextKeyValues.some(({ length }) => length > contextValueMax)) {
    throw new ServiceError(
      "InvalidInput",
      `A value of ${ContextKeyName} is longer than ${contextValueMax} characters.`,
    );
  }
  const value: Fact = ContextKeyType?.endsWith("List") ? ContextKeyValues : ContextKeyValues[0];
  return [ContextKeyName.toLowerCase(), value] as const;
}

function toResult(
  question: Question,
  decision: Decision,
  missing: ReadonlySet<string>,
): EvaluationResult {
  const { allowed, refusal, steps } = decision;
  const verdict: PolicyEvaluationDecisionType = allowed
    ? "allowed"
    : refusal === "explicit"
      ? "explicitDeny"
      : "implicitDeny";
  const spoke = allowed ? "allow" : "deny";
  return {
    EvalActionName: question.action,
    EvalResourceName: question.resource,
    EvalDecision: verdict,
    MatchedStatements: steps
      .filter(({ outcome, policy }) => outcome === spoke && policy !== "")
      .map(({ policy, layer }) => ({
        SourcePolicyId: policy,
        SourcePolicyType: layer === "resource" ? "resource" : sourceType(policy),
      })),
    MissingContextValues: [...missing],
    ...(question.boundary && {
      PermissionsBoundaryDecisionDetail: {
        AllowedByPermissionsBoundary: decision.by !== "boundary",
      },
    }),
  };
}

/** Where a policy stands, by its name. */
function sourceType(policy: string): PolicySourceType {
  if (policy.startsWith("arn:aws:iam::aws:")) return "aws-managed";
  if (policy.startsWith("arn:")) return "user-managed";
  const [, kind] = /^inline policy \S+ of (user|group|role) /.exec(policy) ?? [];
  return kind === "user" || kind === "group" || kind === "role" ? kind : "none";
}
