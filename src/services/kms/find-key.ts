import type { AccessDemand } from "../../access/authorize.ts";
import { principalArn } from "../../access/user-identity.ts";
import type { UseAsker } from "../../keys/external/proxy-lines.ts";
import { keyFacts } from "../../keys/facts.ts";
import { findKey, type KeyReference, keyDemandTarget, notFound } from "../../keys/find-key.ts";
import type { KeyStore } from "../../keys/key-store.ts";
import type { Context } from "../../keys/keys.ts";
import type { KmsKey } from "../../keys/kms-key.ts";
import { assert } from "../../lib/assert.ts";
import type { Call } from "../../pipeline/call.ts";
import { ServiceError, type Target } from "../../pipeline/operation.ts";
import type { Fact } from "../../policy/question.ts";

export type KmsCall = Call<KeyStore>;

/** A key that a call acts on. */
export interface KeyTarget extends Target {
  readonly reference: KeyReference;
}

interface Finding {
  /** The operation as grants name it. */
  readonly operation: string;
  readonly context?: Context | undefined;
  readonly grantTokens?: readonly string[] | undefined;
}

/** Finds a key by id, ARN, alias name or alias ARN, in whatever account. */
export function findAnyKey(keyId: string, call: KmsCall, finding: Finding): KeyTarget {
  for (const token of finding.grantTokens ?? []) {
    // Grants count at once, so a token adds nothing; one that names no grant is still an error.
    if (!call.own.grants.findByToken(token)) {
      throw new ServiceError("InvalidGrantTokenException", "The grant token is not valid");
    }
  }
  return toTarget(findKey(call.own, keyId, call.account), call, finding);
}

/** Finds a key by id or ARN, in whatever account; an alias is refused. */
export function findByIdOrArn(KeyId: string, call: KmsCall, operation: string): KeyTarget {
  return toTarget(referenceByIdOrArn(KeyId, call), call, { operation });
}

/** Finds a key of the caller's own account by id or ARN. Strangers have no part in managing a key. */
export function findOwnKey(KeyId: string, call: KmsCall, operation: string): KeyTarget {
  const reference = referenceByIdOrArn(KeyId, call);
  if (reference.account === call.account) return toTarget(reference, call, { operation });
  const { account, arn } = reference;
  return {
    account,
    arn,
    authority: "resource",
    type: keyType,
    reference,
    absent: absence(reference),
  };
}

/** What a KeyId that may not be an alias means. */
export function referenceByIdOrArn(keyId: string, call: KmsCall): KeyReference {
  if (/^(arn:aws:kms:[^:]*:\d{12}:)?alias\//.test(keyId)) {
    throw new ServiceError("NotFoundException", `Invalid keyId '${keyId}'`);
  }
  return findKey(call.own, keyId, call.account);
}

const keyType = "AWS::KMS::Key";
const absence = (reference: KeyReference) => ({ refusal: notFound(reference) });

/** A key as the pipeline judges it. */
export function toTarget(reference: KeyReference, call: KmsCall, finding: Finding): KeyTarget {
  const { arn, account, authority, policy, tags, grants } = demandTarget(reference, call, finding);
  const absent = reference.key ? undefined : absence(reference);
  // In full: what a spread makes is a slow kind of object to all who read it.
  return { arn, account, authority, policy, tags, grants, type: keyType, reference, absent };
}

/** A key as the judge sees it, for the call's principal. */
export function demandTarget(
  reference: KeyReference,
  { principal, account, source }: KmsCall,
  { operation, context }: Finding,
): AccessDemand["target"] {
  const { sourceArn } = source;
  return keyDemandTarget(reference, { principal, account, sourceArn }, operation, context);
}

/** The very key that was judged. */
export function keyOf({ reference }: KeyTarget): KmsKey {
  assert(reference.key, "a key that does not exist is refused before it is handled");
  return reference.key;
}

/** As whom a proxy of an external key store is asked. */
export const askerOf = ({ principal, operation, id, source }: KmsCall): UseAsker => ({
  principalArn: principalArn(principal),
  operation,
  requestId: id,
  via: source.via,
});

/** KMS's condition keys for a call on a key. */
export function factsOf(
  { key, alias }: Pick<KeyReference, "key" | "alias">,
  { principal, region, source }: KmsCall,
  context?: Context,
): Record<string, Fact> {
  return keyFacts(key, {
    principal,
    region,
    ...(source.via !== undefined && { via: source.via }),
    ...(alias !== undefined && { alias }),
    ...(context && { context }),
  });
}

/** KMS's condition keys for a call that encrypts or decrypts. */
export function cipherFacts(
  reference: Pick<KeyReference, "key" | "alias">,
  call: KmsCall,
  context?: Context,
  algorithm = "SYMMETRIC_DEFAULT",
): Record<string, Fact> {
  const facts = factsOf(reference, call, context);
  facts["kms:encryptionalgorithm"] = algorithm;
  return facts;
}

/** Condition keys of a call on a key without an encryption context. */
export const plainFacts = (_input: unknown, target: KeyTarget, call: KmsCall) =>
  factsOf(target.reference, call);

/** Condition keys of a call that takes a key out of use: for how long nobody has used it. */
export function unusedFacts(
  _input: unknown,
  { reference }: KeyTarget,
  call: KmsCall,
): Record<string, Fact> {
  const { key } = reference;
  return {
    ...factsOf(reference, call),
    ...(key && { "kms:trailingdayswithoutkeyusage": String(call.own.lastUsage.daysWithout(key)) }),
  };
}

/** Condition keys of a call that acts on no key. */
export const callerFacts = (_input: unknown, _target: unknown, call: KmsCall) =>
  factsOf({ key: undefined }, call);

/** The caller's account, for what acts on no key: CreateKey, ListKeys, GenerateRandom. */
export const inAccount = (_input: unknown, call: KmsCall): Target => ({
  arn: "*",
  account: call.account,
});
