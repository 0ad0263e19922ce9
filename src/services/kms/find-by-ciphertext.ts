import { versionOf } from "../../keys/ciphertext.ts";
import type { Context } from "../../keys/keys.ts";
import { invalidCiphertext } from "../../keys/use-key.ts";
import { ServiceError } from "../../pipeline/operation.ts";
import { findAnyKey, type KeyTarget, type KmsCall, toTarget } from "./find-key.ts";

/** The key that made a ciphertext. */
export interface CiphertextTarget extends KeyTarget {
  /** Absent in a trial run that leaves it out. */
  readonly ciphertext?: Uint8Array;
  readonly versionId?: string;
}

interface Given {
  readonly ciphertext: Uint8Array | undefined;
  readonly keyId: string | undefined;
  /** True for a trial run without the ciphertext. */
  readonly ignored: boolean;
}

/**
 * Finds the key of a ciphertext: it names the version that made it. With a KeyId that key is judged, and must be the
 * one; a ciphertext of no key at all is refused in the same words as an altered one.
 */
export function findByCiphertext(
  { ciphertext, keyId, ignored }: Given,
  call: KmsCall,
  finding: {
    readonly operation: string;
    readonly context: Context | undefined;
    readonly grantTokens: readonly string[] | undefined;
  },
): CiphertextTarget {
  if (ignored || !ciphertext) {
    if (ignored && keyId !== undefined) return findAnyKey(keyId, call, finding);
    const missing = ignored ? "KeyId" : "CiphertextBlob";
    throw new ServiceError("ValidationException", `${missing} must be given`);
  }
  const versionId = versionOf(ciphertext);
  const place = versionId === undefined ? undefined : call.own.findVersion(versionId);
  const key = place && call.own.find(place.account, place.keyId);
  const known = { ciphertext, ...(versionId !== undefined && { versionId }) };
  if (keyId === undefined) {
    if (!key) throw invalidCiphertext();
    return { ...toTarget({ account: key.account, arn: key.arn, key }, call, finding), ...known };
  }
  const target = { ...findAnyKey(keyId, call, finding), ...known };
  const named = target.reference.key;
  if (!named || named.arn === key?.arn) return target;
  // What asymmetric keys encrypt names nobody.
  if (named.record.spec !== "SYMMETRIC_DEFAULT") return target;
  const refusal = key ? incorrectKey() : invalidCiphertext();
  return { ...target, absent: { refusal } };
}

const incorrectKey = () =>
  new ServiceError(
    "IncorrectKeyException",
    "The key ID in the request does not identify a CMK that can perform this operation.",
  );
