import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import type { CreateKeyResponse, EncryptResponse } from "@aws-sdk/client-kms";
import { createAccess } from "../../src/access/access.ts";
import type { TrailEvent } from "../../src/audit/trail.ts";
import type { Directory } from "../../src/identity/directory.ts";
import type { Principal, PrincipalPolicies, User } from "../../src/identity/principal.ts";
import type { XksTransport } from "../../src/keys/external/xks-transport.ts";
import { inspectKeys, type KeyProblem } from "../../src/keys/inspect.ts";
import { keepRegions } from "../../src/keys/kept-regions.ts";
import { KeyService } from "../../src/keys/key-service.ts";
import { Agreements } from "../../src/keys/peers/agreements.ts";
import type { PeerTransport } from "../../src/keys/peers/peer.ts";
import { noTokens, type TokenSource } from "../../src/keys/token.ts";
import type { Vault } from "../../src/keys/vault.ts";
import { systemRandom } from "../../src/lib/random.ts";
import { ServiceError } from "../../src/lib/service-error.ts";
import type { Source } from "../../src/pipeline/call.ts";
import { type Pipeline, startPipeline } from "../../src/pipeline/pipeline.ts";
import { compilePolicy } from "../../src/policy/policy.ts";
import { Projects } from "../../src/projects/projects.ts";
import { kms } from "../../src/services/kms/service.ts";
import { openBelow } from "./open-below.ts";

export const acme = "111122223333";
export const other = "444455556666";
export const region = "us-east-1";
export const otherRegion = "eu-west-1";

/** Calls an operation as somebody. */
export type As = <Output = Record<string, never>>(
  operation: string,
  input?: Record<string, unknown>,
) => Promise<Output>;

export interface KmsBench {
  readonly clock: { nowMs: number };
  readonly keys: KeyService;
  readonly vault: Vault;
  readonly events: TrailEvent[];
  /** What `verify` finds wrong with the keys of an account. */
  inspect(account?: string): readonly KeyProblem[];
  /** A user with an identity policy that allows these actions on everything, or says what is given. */
  user(
    name: string,
    actions?: readonly string[],
    account?: string,
    statements?: readonly unknown[],
  ): User;
  root(account?: string): Principal;
  as(principal: Principal, source?: Partial<Source>, region?: string): As;
}

/** The key service with a real store and a real judge, without a front door. */
export async function startKms(t: TestContext, around: Around = {}): Promise<KmsBench> {
  const directory = mkdtempSync(join(tmpdir(), "bondstore-kms-"));
  const kms = await openKms(directory, around);
  t.after(async () => {
    await kms.close();
    rmSync(directory, { recursive: true });
  });
  return kms;
}

/** What a key service finds around it. */
export interface Around {
  readonly tokens?: TokenSource;
  readonly nowMs?: number;
  /** Home, and the Regions besides. */
  readonly regions?: readonly [home: string, ...further: string[]];
  /** Carries messages to other Bondstores; there are none. */
  readonly transport?: PeerTransport;
  /** Reaches proxies of external key stores; there are none. */
  readonly proxies?: XksTransport;
  /** Called before and after each thing that is written to disk. A transaction, and what is recorded, waits for it. */
  readonly step?: Step;
}

type Step = () => void | Promise<void>;

/** Calls `step` before and after each of these methods. */
function stepping<Part extends object>(
  part: Part,
  names: readonly (keyof Part)[],
  step: Step,
): Part {
  return new Proxy(part, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== "function") return value;
      const method = value.bind(target);
      if (!names.includes(name as keyof Part)) return method;
      return (...args: unknown[]) => {
        const held = step();
        const result: unknown = held ? held.then(() => method(...args)) : method(...args);
        if (!(result instanceof Promise)) void step();
        return result instanceof Promise ? result.finally(step) : result;
      };
    },
  });
}

/** Whose policies are what the test says. */
function makePeople() {
  const policies = new Map<string, PrincipalPolicies>();
  const people: Pick<Directory, "policiesOf" | "findAccount"> = {
    findAccount: () => undefined,
    policiesOf: (principal) =>
      ("arn" in principal && policies.get(principal.arn)) || { identity: [] },
  };
  const user: KmsBench["user"] = (name, actions = [], account = acme, statements = undefined) => {
    const arn = `arn:aws:iam::${account}:user/${name}`;
    const text = JSON.stringify({
      Version: "2012-10-17",
      Statement: statements ?? [{ Effect: "Allow", Action: actions, Resource: "*" }],
    });
    const policy =
      actions.length > 0 || statements ? [{ name, policy: compilePolicy(text, "identity") }] : [];
    policies.set(arn, { identity: policy });
    return { kind: "user", account, arn, id: `AIDA${name.toUpperCase()}`, tags: {}, name };
  };
  const root: KmsBench["root"] = (account = acme) => ({
    kind: "root",
    account,
    arn: `arn:aws:iam::${account}:root`,
    id: account,
    tags: {},
  });
  return { people: people as Directory, user, root };
}

/** A trail that is a list. */
const trailOf = (events: TrailEvent[]) => ({
  record: async (event: TrailEvent) => void events.push(event),
  isFailing: () => false,
  find: async () => [],
  findPage: async () => ({ found: [] }),
  close: async () => {},
});

/** The same in a directory that stays. */
export async function openKms(
  directory: string,
  {
    tokens = noTokens,
    nowMs = Date.UTC(2026, 10, 22),
    regions: [home, ...furtherRegions] = [region, otherRegion],
    transport = async () => assert.fail("there are no other Bondstores"),
    proxies = async () => ({ failed: "unreachable" }),
    step = () => {},
  }: Around = {},
): Promise<KmsBench & { readonly close: () => Promise<void> }> {
  const clock = { nowMs };
  const { keyring, store, vault } = await openBelow(directory);
  await keepRegions(store, home, furtherRegions);
  const { people, user, root } = makePeople();
  const events: TrailEvent[] = [];
  const below = {
    store: stepping(store, ["transaction"], step),
    trail: stepping(trailOf(events), ["record"], step),
    access: createAccess({ directory: people }),
    clock: { now: () => clock.nowMs },
    random: systemRandom,
    region: home,
  };
  const keys = new KeyService({
    ...below,
    keyring,
    tokens,
    vault: stepping(vault, ["make", "destroy"], () => void step()),
    furtherRegions,
    peers: new Agreements(below, [home, ...furtherRegions]),
    transport,
    proxies,
  });
  const inspection = inspectKeys({ store, keyring, vault, random: systemRandom });
  const projects = new Projects(store);
  const parts = { ...below, keys, directory: people, endpoint: () => "", projects };
  const pipeline = await startPipeline(parts, [kms], () => null);
  return {
    async close() {
      await pipeline.stop();
      await store.close();
    },
    ...{ clock, keys, vault, events, user, root },
    inspect: (account = acme) => inspection.check(account).problems,
    as: asOf(pipeline, home),
  };
}

const asOf =
  (pipeline: Pick<Pipeline, "run">, home: string): KmsBench["as"] =>
  (principal, source = {}, calledIn = home) =>
  async <Output>(operation: string, input: Record<string, unknown> = {}) =>
    (await pipeline.run({
      id: systemRandom.uuid(),
      service: "kms",
      operation,
      region: calledIn,
      principal,
      account: "account" in principal ? principal.account : "",
      source: { ip: "127.0.0.1", userAgent: "test", secure: true, ...source },
      decode: () => input,
      describe: () => null,
      inner: false,
    })) as Output;

export const Plaintext = Buffer.from("four windows of June");
export const context = { tenant: "acme" };

/** Makes a key; answers its ARN. */
export async function makeKey(as: As, input: Record<string, unknown> = {}): Promise<string> {
  const { KeyMetadata } = await as<CreateKeyResponse>("CreateKey", input);
  assert.ok(KeyMetadata?.Arn);
  return KeyMetadata.Arn;
}

/** Encrypts the text; answers the ciphertext. */
export const seal = async (
  as: As,
  KeyId: string,
  EncryptionContext: Record<string, string> = {},
) => {
  const answer = await as<EncryptResponse>("Encrypt", { KeyId, Plaintext, EncryptionContext });
  assert.ok(answer.CiphertextBlob);
  return answer.CiphertextBlob;
};

/** Expects a refusal with this code. */
export const refuses = (promise: Promise<unknown>, code: string, message?: RegExp) =>
  assert.rejects(promise, (error) => {
    assert.ok(error instanceof ServiceError, String(error));
    assert.equal(error.code, code, error.message);
    if (message) assert.match(error.message, message);
    return true;
  });
