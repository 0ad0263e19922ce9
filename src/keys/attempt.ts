import type { RequestFacts } from "../access/authorize.ts";
import { principalArn, serviceName } from "../access/user-identity.ts";
import type { Json } from "../audit/trail.ts";
import type { Clock } from "../lib/clock.ts";
import type { Fact } from "../policy/question.ts";
import type { UseAsker } from "./external/proxy-lines.ts";
import { grantFacts } from "./facts.ts";
import type { KeyReference } from "./find-key.ts";
import { isWithin } from "./grants.ts";
import type { Grant } from "./key-record.ts";
import type { Context, KeyAction, KeyUse } from "./keys.ts";
import type { KmsKey } from "./kms-key.ts";
import type { Used } from "./use-key.ts";

/** One use of a key, before it is judged. */
export interface Attempt {
  readonly action: KeyAction | "RetireGrant";
  readonly context: Context;
  readonly use: KeyUse;
  /** Further condition keys. */
  readonly facts?: Record<string, Fact>;
  /** As the trail shows it. */
  readonly parameters?: { readonly [name: string]: Json };
  readonly dryRun?: boolean;
  /** Grants that give the right, where that is not every one that covers the action. */
  readonly grants?: (key: KmsKey) => readonly Grant[];
}

/** Finds, judges, uses and records, in this order; a refusal at any step is recorded too. */
export type Recorded = (
  find: () => KeyReference,
  attempt: Attempt,
  act: (key: KmsKey) => Used | Promise<Used>,
) => Promise<Used & { readonly key: KmsKey }>;

/** What a grant says that a service has made for itself. */
export type WantedGrant = Pick<Grant, "grantee" | "retiring" | "operations" | "constraints">;

/** How the making of a grant is judged and shown. */
export function grantAttempt(
  wanted: WantedGrant,
  use: KeyUse,
): Pick<Attempt, "facts" | "parameters" | "grants"> {
  const { grantee, operations, constraints, retiring } = wanted;
  return {
    facts: grantFacts(wanted, true),
    parameters: {
      granteePrincipal: grantee,
      ...(retiring !== undefined && { retiringPrincipal: retiring }),
      operations: [...operations],
      constraints: { encryptionContextSubset: constraints?.subset ?? {} },
    },
    // INVARIANT: who makes a grant by the right of another one hands on no more than that allows.
    grants: (key) =>
      key.grants
        .allowing(use.principal, "CreateGrant", {}, use.sourceArn)
        .filter((parent) => isWithin(wanted, parent)),
  };
}

/** How a permission is tried that a service will need; `grantee` is who would hold the grant. */
export function trial(
  action: KeyAction,
  context: Context,
  use: KeyUse,
  grantee: string,
): Pick<Attempt, "facts" | "parameters" | "grants"> {
  if (action === "Decrypt") return { parameters: { encryptionAlgorithm: "SYMMETRIC_DEFAULT" } };
  if (action !== "CreateGrant") return { parameters: { keySpec: "AES_256" } };
  return grantAttempt({ grantee, operations: ["Decrypt"], constraints: { subset: context } }, use);
}

/** As whom a proxy of an external key store is asked when a service uses a key. */
export const askerOf = (operation: string, { principal, requestId, via }: KeyUse): UseAsker => ({
  principalArn: principalArn(principal),
  operation,
  requestId,
  via,
});

/** What the global condition keys are filled from when a service uses a key. */
export const requestFacts = (
  { clock, region }: { readonly clock: Clock; readonly region: string },
  use: KeyUse,
): RequestFacts => ({
  timeMs: clock.now(),
  region,
  ip: use.sourceIp,
  userAgent: use.userAgent,
  secure: true,
  via: serviceName(use.via),
  ...(use.sourceArn !== undefined && { sourceArn: use.sourceArn }),
  ...(use.sourceAccount !== undefined && { sourceAccount: use.sourceAccount }),
});

/** A grant that is made has its context among its constraints. */
export const showsContext = ({ action, context }: Attempt): boolean =>
  action !== "CreateGrant" && Object.keys(context).length > 0;
