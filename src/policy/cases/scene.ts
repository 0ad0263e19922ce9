import { compilePolicy, type PolicyKind } from "../policy.ts";
import type { Applied, Asker, Fact, Question } from "../question.ts";

/** The account that owns things, and a foreign one. */
export const home = "111122223333";
export const abroad = "444455556666";

export const alice: Asker = user(home, "alice");
export const bob: Asker = user(home, "bob");
export const eve: Asker = user(abroad, "eve");
export const root: Asker = { kind: "root", account: home, arn: `arn:aws:iam::${home}:root` };
export const foreignRoot: Asker = {
  kind: "root",
  account: abroad,
  arn: `arn:aws:iam::${abroad}:root`,
};
export const session: Asker = roleSession(home, "worker", "night");
export const foreignSession: Asker = roleSession(abroad, "worker", "night");
export const service: Asker = { kind: "service", account: "", arn: "logs.amazonaws.com" };
export const anonymous: Asker = { kind: "anonymous", account: "", arn: "" };
export const federated: Asker = { ...anonymous, federated: "accounts.google.com" };

function user(account: string, name: string): Asker {
  return { kind: "user", account, arn: `arn:aws:iam::${account}:user/${name}` };
}

function roleSession(account: string, role: string, name: string): Asker {
  return {
    kind: "session",
    account,
    arn: `arn:aws:iam::${account}:role/${role}`,
    sessionArn: `arn:aws:sts::${account}:assumed-role/${role}/${name}`,
  };
}

/** A policy variable, spelled so that it is not taken for a template of ours. */
export const variable = (inner: string): string => `\${${inner}}`;

/** A statement or several, as a document would hold them. */
export type Source = Readonly<Record<string, unknown>>;

/** A document of these statements. */
export const documentOf = (statements: readonly Source[], version = "2012-10-17"): string =>
  JSON.stringify({ Version: version, Statement: statements });

/** Compiles statements into a policy that applies. */
export const applied = (
  kind: PolicyKind,
  statements: readonly Source[],
  name: string = kind,
): Applied => ({ name, policy: compilePolicy(documentOf(statements), kind) });

/** Condition keys of a request, in any case. */
export type Facts = Readonly<Record<string, Fact>>;

export function factOf(facts: Facts): Question["fact"] {
  const lower = new Map(Object.entries(facts).map(([key, value]) => [key.toLowerCase(), value]));
  return (key) => lower.get(key);
}

/** Layers of a question as sources; what is left out is not there. */
export interface Scene {
  readonly asker: Asker;
  readonly action?: string;
  readonly resource?: string;
  readonly owner?: string;
  readonly facts?: Facts;
  readonly identity?: readonly Source[];
  readonly boundary?: readonly Source[];
  /** No statement at all: the session has policies, and they allow nothing. */
  readonly session?: readonly Source[];
  readonly resourcePolicy?: readonly Source[];
  readonly trust?: readonly Source[];
  readonly authority?: Question["authority"];
  readonly grants?: readonly string[];
}

export const bucket = "arn:aws:s3:::orders";
export const object = "arn:aws:s3:::orders/2026/a.json";
export const key = `arn:aws:kms:us-east-1:${home}:key/1234abcd`;

/** Builds the question of a scene. */
export function ask(scene: Scene): Question {
  const { boundary, session: limits, resourcePolicy, trust, grants } = scene;
  const base: Question = {
    asker: scene.asker,
    action: scene.action ?? "s3:GetObject",
    resource: scene.resource ?? object,
    resourceAccount: scene.owner ?? home,
    fact: factOf(scene.facts ?? {}),
    identity: scene.identity ? [applied("identity", scene.identity)] : [],
    authority: scene.authority ?? "account",
  };
  return {
    ...base,
    ...(boundary && { boundary: applied("boundary", boundary) }),
    ...(limits && { session: limits.length > 0 ? [applied("session", limits)] : [] }),
    ...(resourcePolicy && { resourcePolicy: applied("resource", resourcePolicy) }),
    ...(trust && { resourcePolicy: applied("trust", trust) }),
    ...(grants && { grants }),
  };
}

/** Allows or denies everything in an identity policy. */
export const allowAll: Source = { Effect: "Allow", Action: "*", Resource: "*" };
export const denyAll: Source = { Effect: "Deny", Action: "*", Resource: "*" };

/** A statement of a resource policy that names one AWS principal, or several. */
export const admits = (names: string | readonly string[], more: Source = {}): Source => ({
  Effect: "Allow",
  Principal: names === "*" ? "*" : { AWS: names },
  Action: "*",
  Resource: "*",
  ...more,
});

/** A statement of a trust policy that names one AWS principal, or several. */
export const trusts = (names: string | readonly string[], more: Source = {}): Source => ({
  Effect: "Allow",
  Principal: { AWS: names },
  Action: "sts:AssumeRole",
  ...more,
});
