import { CKA, CKO } from "./constants.ts";
import type { AttributeValue, Template } from "./cryptoki.ts";
import { demand } from "./refuse.ts";

/** What is known of an object, by type of attribute. Never a secret, and never what the client keeps. */
export type Attributes = ReadonlyMap<number, AttributeValue>;

export type AttributeKind = "bool" | "number" | "bytes";

/** Who may change an attribute of an object that exists, and how. `copy`: only what is copied differs. */
export type Change = "never" | "freely" | "copy" | "copy to true" | "to true" | "to false";

export interface AttributeRule {
  readonly kind: AttributeKind;
  /** Classes of objects that have it. */
  readonly of: readonly number[];
  /** What it is when the template does not say; none where there is no such value. */
  readonly usual?: AttributeValue;
  readonly change: Change;
  /** Set by the HSM alone; no template may name it. */
  readonly own?: true;
}

const { DATA, CERTIFICATE, PUBLIC_KEY, PRIVATE_KEY, SECRET_KEY } = CKO;
const all = [DATA, CERTIFICATE, PUBLIC_KEY, PRIVATE_KEY, SECRET_KEY];
const keys = [PUBLIC_KEY, PRIVATE_KEY, SECRET_KEY];
const guarded = [PRIVATE_KEY, SECRET_KEY];
const none = Buffer.alloc(0);

const bytes = (of: readonly number[], change: Change = "freely"): AttributeRule => ({
  kind: "bytes",
  of,
  usual: none,
  change,
});
const flag = (of: readonly number[], usual: boolean, change: Change): AttributeRule => ({
  kind: "bool",
  of,
  usual,
  change,
});
/** What a key may be used for; decided when it is made and only ever taken away. */
const usage = (of: readonly number[]): AttributeRule => ({ kind: "bool", of, change: "to false" });
const own = (kind: AttributeKind, of: readonly number[]): AttributeRule => ({
  kind,
  of,
  change: "never",
  own: true,
});
const fixed = (kind: AttributeKind, of: readonly number[]): AttributeRule => ({
  kind,
  of,
  change: "never",
});

/**
 * The attributes that objects have (PKCS #11 2.40, section 4). That what a key may do can only be taken away, here and in
 * copies, is stricter than the standard: it keeps a key that wrapped others from being made to decrypt them.
 */
export const attributeRules: ReadonlyMap<number, AttributeRule> = new Map([
  [CKA.CLASS, fixed("number", all)],
  [CKA.TOKEN, flag(all, false, "copy")],
  [CKA.PRIVATE, { kind: "bool", of: all, change: "copy to true" }],
  [CKA.MODIFIABLE, flag(all, true, "copy")],
  [CKA.COPYABLE, flag(all, true, "to false")],
  [CKA.DESTROYABLE, flag(all, true, "copy")],
  [CKA.LABEL, bytes(all)],
  [CKA.APPLICATION, bytes([DATA])],
  [CKA.OBJECT_ID, bytes([DATA])],
  [CKA.VALUE, bytes([DATA, CERTIFICATE], "never")],
  [CKA.CERTIFICATE_TYPE, { kind: "number", of: [CERTIFICATE], change: "never" }],
  [CKA.CERTIFICATE_CATEGORY, { kind: "number", of: [CERTIFICATE], usual: 0, change: "never" }],
  [CKA.ISSUER, bytes([CERTIFICATE])],
  [CKA.SERIAL_NUMBER, bytes([CERTIFICATE])],
  [CKA.CHECK_VALUE, bytes([CERTIFICATE], "never")],
  [CKA.SUBJECT, bytes([CERTIFICATE, PUBLIC_KEY, PRIVATE_KEY])],
  [CKA.ID, bytes([CERTIFICATE, ...keys])],
  [CKA.START_DATE, bytes([CERTIFICATE, ...keys])],
  [CKA.END_DATE, bytes([CERTIFICATE, ...keys])],
  [CKA.TRUSTED, flag([CERTIFICATE, PUBLIC_KEY, SECRET_KEY], false, "freely")],
  [CKA.KEY_TYPE, fixed("number", keys)],
  [CKA.ALLOWED_MECHANISMS, fixed("bytes", keys)],
  [CKA.LOCAL, own("bool", keys)],
  [CKA.KEY_GEN_MECHANISM, own("number", keys)],
  [CKA.ENCRYPT, usage([PUBLIC_KEY, SECRET_KEY])],
  [CKA.VERIFY, usage([PUBLIC_KEY, SECRET_KEY])],
  [CKA.WRAP, usage([PUBLIC_KEY, SECRET_KEY])],
  [CKA.DECRYPT, usage(guarded)],
  [CKA.SIGN, usage(guarded)],
  [CKA.UNWRAP, usage(guarded)],
  [CKA.DERIVE, usage(keys)],
  [CKA.SIGN_RECOVER, flag([PRIVATE_KEY], false, "to false")],
  [CKA.VERIFY_RECOVER, flag([PUBLIC_KEY], false, "to false")],
  [CKA.SENSITIVE, flag(guarded, true, "to true")],
  [CKA.EXTRACTABLE, flag(guarded, false, "to false")],
  [CKA.WRAP_WITH_TRUSTED, flag(guarded, false, "to true")],
  [CKA.ALWAYS_AUTHENTICATE, flag([PRIVATE_KEY], false, "never")],
  [CKA.ALWAYS_SENSITIVE, own("bool", guarded)],
  [CKA.NEVER_EXTRACTABLE, own("bool", guarded)],
  [CKA.PUBLIC_KEY_INFO, own("bytes", [PUBLIC_KEY, PRIVATE_KEY])],
]);

/** What a key is made of, in templates; and whether its owner may read it back. */
const materialKinds: ReadonlyMap<number, AttributeKind> = new Map([
  [CKA.VALUE, "bytes"],
  [CKA.VALUE_LEN, "number"],
  [CKA.MODULUS, "bytes"],
  [CKA.MODULUS_BITS, "number"],
  [CKA.PUBLIC_EXPONENT, "bytes"],
  [CKA.PRIVATE_EXPONENT, "bytes"],
  [CKA.PRIME_1, "bytes"],
  [CKA.PRIME_2, "bytes"],
  [CKA.EXPONENT_1, "bytes"],
  [CKA.EXPONENT_2, "bytes"],
  [CKA.COEFFICIENT, "bytes"],
  [CKA.EC_PARAMS, "bytes"],
  [CKA.EC_POINT, "bytes"],
]);

/** Never answered, of whatever private or secret key. */
export const secretAttributes: readonly number[] = [
  CKA.VALUE,
  CKA.PRIVATE_EXPONENT,
  CKA.PRIME_1,
  CKA.PRIME_2,
  CKA.EXPONENT_1,
  CKA.EXPONENT_2,
  CKA.COEFFICIENT,
];

const attributesMax = 64;
const valueBytesMax = 65_536;

/** A template with its values checked and copied: clients name no attribute twice, and only ones that exist. */
export function readTemplate(template: Template): Map<number, AttributeValue> {
  demand(template.length <= attributesMax, "TEMPLATE_INCONSISTENT", "too many attributes");
  const read = new Map<number, AttributeValue>();
  for (const { type, value } of template) {
    const kind = attributeRules.get(type)?.kind ?? materialKinds.get(type);
    demand(kind, "ATTRIBUTE_TYPE_INVALID", `there is no attribute 0x${type.toString(16)}`);
    demand(!read.has(type), "TEMPLATE_INCONSISTENT", "an attribute is named twice");
    const size = value instanceof Uint8Array ? value.length : 0;
    demand(kindOf(value) === kind, "ATTRIBUTE_VALUE_INVALID", `an attribute is no ${kind}`);
    demand(size <= valueBytesMax, "ATTRIBUTE_VALUE_INVALID", "a value is too long");
    read.set(type, value instanceof Uint8Array ? Buffer.from(value) : value);
  }
  return read;
}

function kindOf(value: AttributeValue): AttributeKind {
  if (value instanceof Uint8Array) return "bytes";
  return typeof value === "boolean" ? "bool" : "number";
}

export const bytesOf = (attributes: Attributes, type: number): Buffer => {
  const value = attributes.get(type);
  return value instanceof Uint8Array
    ? Buffer.from(value.buffer, value.byteOffset, value.length)
    : none;
};
export const numberOf = (attributes: Attributes, type: number): number | undefined => {
  const value = attributes.get(type);
  return typeof value === "number" ? value : undefined;
};
export const isSet = (attributes: Attributes, type: number): boolean =>
  attributes.get(type) === true;

/** Tells whether an object has every attribute of a template with that value. */
export function matches(attributes: Attributes, template: Attributes): boolean {
  for (const [type, wanted] of template) {
    const value = attributes.get(type);
    if (value instanceof Uint8Array && wanted instanceof Uint8Array) {
      if (Buffer.compare(value, wanted) !== 0) return false;
    } else if (value !== wanted) return false;
  }
  return true;
}

/*
 * On disk, each attribute: type 4 | kind 1 | length 4 | value. Numbers take 8 bytes.
 */
const kindCodes: readonly AttributeKind[] = ["bool", "number", "bytes"];
const headBytes = 9;

export function encodeAttributes(attributes: Attributes): Buffer {
  const pieces: Buffer[] = [];
  for (const [type, value] of attributes) {
    const body = encodeValue(value);
    const head = Buffer.alloc(headBytes);
    head.writeUInt32BE(type, 0);
    head.writeUInt8(kindCodes.indexOf(kindOf(value)), 4);
    head.writeUInt32BE(body.length, 5);
    pieces.push(head, body);
  }
  return Buffer.concat(pieces);
}

function encodeValue(value: AttributeValue): Buffer {
  if (value instanceof Uint8Array) return Buffer.from(value);
  if (typeof value === "boolean") return Buffer.from([value ? 1 : 0]);
  const body = Buffer.alloc(8);
  body.writeBigUInt64BE(BigInt(value));
  return body;
}

/** Reads what `encodeAttributes` wrote; the bytes were authenticated before. */
export function decodeAttributes(encoded: Buffer): Attributes {
  const read = new Map<number, AttributeValue>();
  for (let at = 0; at < encoded.length; ) {
    const type = encoded.readUInt32BE(at);
    const kind = kindCodes[encoded.readUInt8(at + 4)];
    const end = at + headBytes + encoded.readUInt32BE(at + 5);
    const body = encoded.subarray(at + headBytes, end);
    if (kind === "bytes") read.set(type, Buffer.from(body));
    else read.set(type, kind === "bool" ? body[0] === 1 : Number(body.readBigUInt64BE()));
    at = end;
  }
  return read;
}
