import type { AccessDemand } from "../access/authorize.ts";
import type { Principal } from "../identity/principal.ts";
import { ServiceError } from "../lib/service-error.ts";
import type { KeyStore } from "./key-store.ts";
import type { Context } from "./keys.ts";
import { aliasArn, type KmsKey, keyArn } from "./kms-key.ts";

/** What a KeyId of a caller means. */
export interface KeyReference {
  readonly account: string;
  /** ARN of the key, or of the alias when that points nowhere. */
  readonly arn: string;
  /** Undefined when there is no such key. */
  readonly key: KmsKey | undefined;
  /** The alias that it was called by: `alias/orders`. */
  readonly alias?: string;
}

const arnForm = /^arn:aws:kms:([^:]*):(\d{12}):(key|alias)\/(.+)$/;
const idForm = /^(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|mrk-[0-9a-f]{32})$/;

/** Finds a key by id, ARN, alias name or alias ARN. Throws KMS's refusals of what is none of these. */
export function findKey(keys: KeyStore, keyId: string, callerAccount: string): KeyReference {
  if (!keyId.startsWith("arn:")) {
    if (keyId.startsWith("alias/")) return byAlias(keys, callerAccount, keyId, true);
    return byId(keys, callerAccount, keyId, true);
  }
  const [, region, account = "", kind, rest = ""] = arnForm.exec(keyId) ?? [];
  if (region === undefined) throw new ServiceError("InvalidArnException", `Invalid arn ${keyId}`);
  if (region !== keys.region) throw new ServiceError("NotFoundException", `Invalid arn ${region}`);
  const known = account === callerAccount || keys.hasKeys(account);
  if (kind === "alias") return byAlias(keys, account, `alias/${rest}`, known);
  return byId(keys, account, rest, known);
}

function byId(keys: KeyStore, account: string, id: string, known: boolean): KeyReference {
  if (!idForm.test(id)) throw new ServiceError("NotFoundException", `Invalid keyId '${id}'`);
  const key = known ? keys.find(account, id) : undefined;
  return { account, arn: key?.arn ?? keyArn(keys.region, account, id), key };
}

function byAlias(keys: KeyStore, account: string, alias: string, known: boolean): KeyReference {
  const pointer = known ? keys.aliases.find(account, alias) : undefined;
  const key = pointer && keys.find(account, pointer.keyId);
  return { account, arn: key?.arn ?? aliasArn(keys.region, account, alias), key, alias };
}

/** KMS's refusal of a key or alias that does not exist. */
export function notFound({ arn, alias }: Pick<KeyReference, "arn" | "alias">): ServiceError {
  const message =
    alias === undefined ? `Key '${arn}' does not exist` : `Alias ${arn} is not found.`;
  return new ServiceError("NotFoundException", message);
}

/**
 * A key as the judge sees it. The key policy is the root of authority; grants are the other way in.
 * A key that does not exist has no policy: strangers are denied, and its own account learns that it is missing
 * if its IAM policies would allow the action.
 */
export function keyDemandTarget(
  reference: KeyReference,
  caller: {
    readonly principal: Principal;
    readonly account: string;
    readonly sourceArn?: string | undefined;
  },
  operation: string,
  context?: Context,
): AccessDemand["target"] {
  const { key, account, arn } = reference;
  if (!key) return { arn, account, authority: account === caller.account ? "account" : "resource" };
  const grants = key.grants.allowing(caller.principal, operation, context, caller.sourceArn);
  const { policy, record } = key;
  const names = grants.length === 0 ? undefined : grants.map(({ id }) => `grant ${id}`);
  return { arn, account, authority: "resource", policy, tags: record.tags, grants: names };
}
