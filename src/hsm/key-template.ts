import { type Attributes, numberOf, readTemplate } from "./attributes.ts";
import { CKA, CKK, CKO } from "./constants.ts";
import type { AttributeValue, Template } from "./cryptoki.ts";
import type { Origin } from "./make-object.ts";
import { demand } from "./refuse.ts";

const materialTypes = [
  CKA.VALUE,
  CKA.VALUE_LEN,
  CKA.MODULUS,
  CKA.MODULUS_BITS,
  CKA.PUBLIC_EXPONENT,
  CKA.PRIVATE_EXPONENT,
  CKA.PRIME_1,
  CKA.PRIME_2,
  CKA.EXPONENT_1,
  CKA.EXPONENT_2,
  CKA.COEFFICIENT,
  CKA.EC_PARAMS,
  CKA.EC_POINT,
];

const { PUBLIC_KEY, SECRET_KEY } = CKO;
const rsaPublic = [CKA.MODULUS, CKA.PUBLIC_EXPONENT];
const rsaPrivate = [
  ...rsaPublic,
  CKA.PRIVATE_EXPONENT,
  CKA.PRIME_1,
  CKA.PRIME_2,
  CKA.EXPONENT_1,
  CKA.EXPONENT_2,
  CKA.COEFFICIENT,
];
/** Which parts of a key a template may bring, by how the key comes to be and what class and type it is of. */
const partsOf = (origin: Origin, objectClass: number, keyType: number): readonly number[] => {
  if (objectClass === SECRET_KEY) return [origin === "created" ? CKA.VALUE : CKA.VALUE_LEN];
  if (origin === "unwrapped") return [];
  const generated = origin === "generated";
  if (keyType === CKK.RSA) {
    if (generated) return objectClass === PUBLIC_KEY ? [CKA.MODULUS_BITS, CKA.PUBLIC_EXPONENT] : [];
    return objectClass === PUBLIC_KEY ? [...rsaPublic, CKA.MODULUS_BITS] : rsaPrivate;
  }
  if (generated) return objectClass === PUBLIC_KEY ? [CKA.EC_PARAMS] : [];
  return [CKA.EC_PARAMS, objectClass === PUBLIC_KEY ? CKA.EC_POINT : CKA.VALUE];
};

/** A template without the parts of the key, and these. */
export interface Split {
  readonly attributes: Attributes;
  readonly material: Attributes;
  readonly objectClass: number;
  readonly keyType: number;
}

/** `usual` is what the mechanism says where the template is silent, and what it may not say otherwise. */
export function splitTemplate(
  template: Template,
  origin: Origin,
  usual: Attributes = new Map(),
): Split {
  const attributes = readTemplate(template);
  for (const [type, value] of usual) {
    const fits = !attributes.has(type) || attributes.get(type) === value;
    demand(fits, "TEMPLATE_INCONSISTENT", "the mechanism makes another kind of key");
    attributes.set(type, value);
  }
  const objectClass = numberOf(attributes, CKA.CLASS);
  const keyType = numberOf(attributes, CKA.KEY_TYPE);
  demand(objectClass !== undefined, "TEMPLATE_INCOMPLETE", "the class is missing");
  demand(keyType !== undefined, "TEMPLATE_INCOMPLETE", "the type of the key is missing");
  const material = new Map<number, AttributeValue>();
  const allowed = partsOf(origin, objectClass, keyType);
  for (const type of materialTypes) {
    const value = attributes.get(type);
    if (value === undefined) continue;
    demand(allowed.includes(type), "TEMPLATE_INCONSISTENT", "a part that such a key has not");
    material.set(type, value);
    attributes.delete(type);
  }
  return { attributes, material, objectClass, keyType };
}
