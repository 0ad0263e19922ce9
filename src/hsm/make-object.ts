import type { KeyObject } from "node:crypto";
import { type Attributes, attributeRules, bytesOf, isSet, numberOf } from "./attributes.ts";
import { CKA, CKC, CKK, CKO } from "./constants.ts";
import type { AttributeValue } from "./cryptoki.ts";
import { describeKey } from "./material.ts";
import { demand, refuse } from "./refuse.ts";

/** How an object comes to be. What was generated was never known outside; everything else may have been. */
export type Origin = "created" | "generated" | "unwrapped" | "derived";

export interface Making {
  readonly origin: Origin;
  /** Whether the security officer makes it: only they say what is trusted. */
  readonly byOfficer: boolean;
  /** Of keys that are generated. */
  readonly mechanism?: number;
}

const { PUBLIC_KEY, PRIVATE_KEY, SECRET_KEY } = CKO;
const keyClasses: readonly number[] = [PUBLIC_KEY, PRIVATE_KEY, SECRET_KEY];
const guarded: readonly number[] = [PRIVATE_KEY, SECRET_KEY];

/** What keys may do with data and with keys. */
const dataUses = [CKA.ENCRYPT, CKA.DECRYPT, CKA.SIGN, CKA.VERIFY, CKA.DERIVE];
const keyUses = [CKA.WRAP, CKA.UNWRAP];

/** What keys do with data unless their template says otherwise. */
const usualUses: ReadonlyMap<number, readonly number[]> = new Map([
  [CKK.RSA, [CKA.ENCRYPT, CKA.DECRYPT, CKA.SIGN, CKA.VERIFY]],
  [CKK.EC, [CKA.SIGN, CKA.VERIFY]],
  [CKK.EC_EDWARDS, [CKA.SIGN, CKA.VERIFY]],
  [CKK.AES, [CKA.ENCRYPT, CKA.DECRYPT]],
]);
const hmacUses = [CKA.SIGN, CKA.VERIFY];

/** Values that a template may not choose, by type, and for which classes. */
const required: readonly (readonly [type: number, value: boolean, of: readonly number[]])[] = [
  [CKA.SENSITIVE, true, guarded],
  [CKA.PRIVATE, true, guarded],
  [CKA.SIGN_RECOVER, false, keyClasses],
  [CKA.VERIFY_RECOVER, false, keyClasses],
  [CKA.ALWAYS_AUTHENTICATE, false, keyClasses],
];

/**
 * The attributes of a new object, from its checked template and its key. `given` has no part of the key any more.
 * Refuses what would let a key leave in clear: see `checkUses`.
 */
export function makeAttributes(
  given: Attributes,
  key: KeyObject | undefined,
  making: Making,
): Attributes {
  const objectClass = numberOf(given, CKA.CLASS);
  demand(objectClass !== undefined, "TEMPLATE_INCOMPLETE", "the class is missing");
  const made = new Map<number, AttributeValue>();
  for (const [type, rule] of attributeRules) {
    if (!rule.of.includes(objectClass)) {
      demand(!given.has(type), "TEMPLATE_INCONSISTENT", `${name(type)} is not of this class`);
      continue;
    }
    demand(!rule.own || !given.has(type), "ATTRIBUTE_READ_ONLY", `${name(type)} is set here`);
    const value = given.get(type) ?? rule.usual;
    if (value !== undefined) made.set(type, value);
  }
  for (const type of given.keys()) {
    demand(attributeRules.has(type), "TEMPLATE_INCONSISTENT", `${name(type)} does not belong here`);
  }
  made.set(CKA.PRIVATE, given.get(CKA.PRIVATE) ?? guarded.includes(objectClass));
  for (const [type, value, of] of required) {
    const fits = !of.includes(objectClass) || !made.has(type) || made.get(type) === value;
    demand(fits, "TEMPLATE_INCONSISTENT", `${name(type)} of a key is always ${value}`);
  }
  demand(
    !isSet(made, CKA.TRUSTED) || making.byOfficer,
    "ATTRIBUTE_READ_ONLY",
    "only the security officer says what is trusted",
  );
  if (objectClass === CKO.CERTIFICATE) checkCertificate(made);
  if (!keyClasses.includes(objectClass)) return made;
  demand(key, "TEMPLATE_INCOMPLETE", "a key has a value");
  for (const [type, value] of describeKey(key)) made.set(type, value);
  addKeyFacts(made, objectClass, making);
  checkUses(made, making.origin);
  return made;
}

const name = (type: number): string =>
  Object.entries(CKA).find(([, number]) => number === type)?.[0] ?? "an attribute";

function checkCertificate(made: Attributes): void {
  const known = made.get(CKA.CERTIFICATE_TYPE) === CKC.X_509;
  demand(known, "TEMPLATE_INCONSISTENT", "certificates are X.509");
  const whole = bytesOf(made, CKA.VALUE).length > 0 && bytesOf(made, CKA.SUBJECT).length > 0;
  demand(whole, "TEMPLATE_INCOMPLETE", "a certificate has a value and a subject");
}

function addKeyFacts(
  made: Map<number, AttributeValue>,
  objectClass: number,
  { origin, mechanism }: Making,
): void {
  const keyType = numberOf(made, CKA.KEY_TYPE);
  demand(keyType !== undefined, "TEMPLATE_INCOMPLETE", "the type of the key is missing");
  const handlesKeys = keyUses.some((type) => isSet(made, type));
  const usual = handlesKeys ? [] : (usualUses.get(keyType) ?? hmacUses);
  for (const type of [...dataUses, ...keyUses]) {
    const has = attributeRules.get(type)?.of.includes(objectClass);
    if (has && !made.has(type)) made.set(type, usual.includes(type));
  }
  const local = origin === "generated";
  made.set(CKA.LOCAL, local);
  if (mechanism !== undefined) made.set(CKA.KEY_GEN_MECHANISM, mechanism);
  if (!guarded.includes(objectClass)) return;
  made.set(CKA.ALWAYS_SENSITIVE, local);
  made.set(CKA.NEVER_EXTRACTABLE, local && !isSet(made, CKA.EXTRACTABLE));
}

/**
 * Keeps keys that protect keys apart, against the known attacks on PKCS #11 (Clulow 2003; Delaune, Kremer, Steel 2008):
 * a key that wraps or unwraps does nothing with data, is never wrapped itself (it would come back with other uses), and
 * wraps only if its value was never outside.
 */
export function checkUses(made: Attributes, origin: Origin): void {
  const handlesKeys = keyUses.some((type) => isSet(made, type));
  if (!handlesKeys) return;
  const mixed = dataUses.some((type) => isSet(made, type));
  demand(!mixed, "TEMPLATE_INCONSISTENT", "a key is for keys or for data");
  const leaves = isSet(made, CKA.EXTRACTABLE);
  demand(!leaves, "TEMPLATE_INCONSISTENT", "a key that wraps or unwraps is not extractable");
  const knownOutside = origin !== "generated" && made.get(CKA.CLASS) === SECRET_KEY;
  const wraps = isSet(made, CKA.WRAP);
  demand(!(knownOutside && wraps), "TEMPLATE_INCONSISTENT", "a key from outside does not wrap");
}

/** The same for the two halves of a pair: what one wraps, the other only unwraps. */
export function checkPair(publicHalf: Attributes, privateHalf: Attributes): void {
  if (!isSet(publicHalf, CKA.WRAP)) return;
  const apart =
    dataUses.every((type) => !isSet(privateHalf, type)) && !isSet(privateHalf, CKA.EXTRACTABLE);
  demand(apart, "TEMPLATE_INCONSISTENT", "the private half of a wrapping key only unwraps");
}

/** The attributes of an object after a change, or of its copy. */
export function changeAttributes(
  before: Attributes,
  given: Attributes,
  how: { readonly copy: boolean; readonly byOfficer: boolean },
): Attributes {
  const after = new Map(before);
  for (const [type, value] of given) {
    const was = before.get(type);
    const rule = attributeRules.get(type);
    if (!rule || was === undefined) refuse("ATTRIBUTE_TYPE_INVALID", `there is no ${name(type)}`);
    if (matchesValue(was, value)) continue;
    const allowed = {
      never: false,
      freely: true,
      copy: how.copy,
      "copy to true": how.copy && value === true,
      "to true": value === true,
      "to false": value === false,
    }[rule.change];
    demand(allowed, "ATTRIBUTE_READ_ONLY", `${name(type)} does not become that`);
    const trusts = type === CKA.TRUSTED && value === true;
    demand(
      !trusts || how.byOfficer,
      "ATTRIBUTE_READ_ONLY",
      "only the officer says what is trusted",
    );
    after.set(type, value);
  }
  return after;
}

const matchesValue = (one: AttributeValue, other: AttributeValue): boolean =>
  one instanceof Uint8Array && other instanceof Uint8Array
    ? Buffer.compare(one, other) === 0
    : one === other;
