import type { KeyObject } from "node:crypto";
import type { Application, Session } from "./application.ts";
import { type Attributes, bytesOf, isSet, numberOf } from "./attributes.ts";
import { CKA, CKO } from "./constants.ts";
import type { Mechanism } from "./cryptoki.ts";
import type { HsmObject } from "./live-partition.ts";
import { publicKeyOf } from "./material.ts";
import type { MechanismRow } from "./mechanisms.ts";
import { demand, refuse } from "./refuse.ts";

/** Refuses a key that is of another type, or may not be used so. */
export function checkUse(
  attributes: Attributes,
  { type }: Mechanism,
  use: number,
  { keyTypes }: MechanismRow,
): void {
  const keyType = numberOf(attributes, CKA.KEY_TYPE);
  const known = keyType !== undefined && keyTypes.includes(keyType);
  demand(known, "KEY_TYPE_INCONSISTENT", "the mechanism works with other keys");
  demand(isSet(attributes, use), "KEY_FUNCTION_NOT_PERMITTED", "the key is not for this");
  const allowed = bytesOf(attributes, CKA.ALLOWED_MECHANISMS);
  if (allowed.length === 0) return;
  const wanted = Buffer.alloc(8);
  wanted.writeBigUInt64LE(BigInt(type));
  for (let at = 0; at + 8 <= allowed.length; at += 8) {
    if (allowed.subarray(at, at + 8).equals(wanted)) return;
  }
  refuse("MECHANISM_INVALID", "the key is not for this mechanism");
}

/** The key itself. */
export function keyFor(application: Application, session: Session, object: HsmObject): KeyObject {
  if (numberOf(object.attributes, CKA.CLASS) !== CKO.PUBLIC_KEY) {
    return application.keyOf(session, object);
  }
  object.key ??= publicKeyOf(object.attributes);
  return object.key;
}
