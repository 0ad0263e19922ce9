import { CKA, CKR } from "../constants.ts";
import { type AttributeValue, CryptokiError, type Template } from "../cryptoki.ts";
import { Malformed, type Reader, type Writer } from "./bytes.ts";

/** An attribute as it goes over the wire. */
export interface WireAttribute {
  readonly type: number;
  /** Undefined where it has no value to show; a length where only that was asked for. */
  readonly value: AttributeValue | { readonly length: number } | undefined;
}

/** An attribute that is asked for. */
export interface AttributeRoom {
  readonly type: number;
  /** Bytes that the asking side has set aside; 0 asks for the length. */
  readonly room: number;
}

/** How p11-kit writes the value of an attribute. What it does not know, it takes for bytes. */
type Form = "byte" | "ulong" | "mechanisms" | "attributes" | "bytes";

const formOf = new Map<number, Form>([
  ...[
    ...[CKA.TOKEN, CKA.PRIVATE, CKA.TRUSTED, CKA.SENSITIVE, CKA.ENCRYPT, CKA.DECRYPT, CKA.WRAP],
    ...[CKA.UNWRAP, CKA.SIGN, CKA.SIGN_RECOVER, CKA.VERIFY, CKA.VERIFY_RECOVER, CKA.DERIVE],
    ...[CKA.EXTRACTABLE, CKA.LOCAL, CKA.NEVER_EXTRACTABLE, CKA.ALWAYS_SENSITIVE, CKA.MODIFIABLE],
    ...[CKA.COPYABLE, CKA.ALWAYS_AUTHENTICATE, CKA.WRAP_WITH_TRUSTED],
    // CKA_SECONDARY_AUTH, CKA_RESET_ON_INIT, CKA_HAS_RESET, CKA_COLOR
    ...[0x200, 0x301, 0x302, 0x405],
  ].map((type) => [type, "byte"] as const),
  ...[
    ...[CKA.CLASS, CKA.CERTIFICATE_TYPE, CKA.CERTIFICATE_CATEGORY, CKA.KEY_TYPE, CKA.MODULUS_BITS],
    ...[CKA.VALUE_LEN, CKA.KEY_GEN_MECHANISM],
    // CKA_JAVA_MIDP_SECURITY_DOMAIN, bits of DSA and DH, CKA_AUTH_PIN_FLAGS, hardware features, CKA_MECHANISM_TYPE
    ...[0x88, 0x133, 0x134, 0x160, 0x201, 0x300, 0x400, 0x401, 0x402, 0x403, 0x404, 0x406, 0x500],
  ].map((type) => [type, "ulong"] as const),
  // CKA_DERIVE_TEMPLATE is the third.
  ...[CKA.WRAP_TEMPLATE, CKA.UNWRAP_TEMPLATE, 0x40000213].map(
    (type) => [type, "attributes"] as const,
  ),
  [CKA.ALLOWED_MECHANISMS, "mechanisms"],
]);

/** Booleans that p11-kit takes for bytes. */
const booleanBytes: ReadonlySet<number> = new Set([CKA.DESTROYABLE]);

const ulongBytes = 8;
/** Attributes of one call: an answer may be much longer than what asks for it. */
const attributesMax = 256;
/** Type, validity, length: what an attribute takes at least is the first two. */
const attributeBytesMin = 5;

/** Attributes with their values, as `aA` has them. */
export function readAttributes(reader: Reader): WireAttribute[] {
  return Array.from({ length: fewOf(reader.count(attributeBytesMin)) }, () =>
    readAttribute(reader),
  );
}

function fewOf(count: number): number {
  if (count <= attributesMax) return count;
  throw new CryptokiError(CKR.ARGUMENTS_BAD, `more than ${attributesMax} attributes`);
}

function readAttribute(reader: Reader): WireAttribute {
  const type = reader.uint32();
  if (reader.byte() === 0) return { type, value: undefined };
  const length = reader.uint32();
  switch (formOf.get(type)) {
    case "byte": {
      const value = reader.byte();
      if (length !== 1) throw invalidValue(type);
      return { type, value: value !== 0 };
    }
    case "ulong": {
      const value = reader.ulong();
      if (length !== ulongBytes) throw invalidValue(type);
      return { type, value };
    }
    case "mechanisms": {
      const list = Buffer.alloc(reader.count(ulongBytes) * ulongBytes);
      for (let at = 0; at < list.length; at += ulongBytes) {
        list.writeBigUInt64LE(BigInt(Math.max(0, reader.ulong())), at);
      }
      return { type, value: list };
    }
    case "attributes":
      throw new CryptokiError(CKR.ATTRIBUTE_TYPE_INVALID, "attributes of templates are not built");
    default: {
      const bytes = reader.bytes();
      if (bytes && bytes.length !== length) throw new Malformed("an attribute has two lengths");
      if (!bytes) return { type, value: length === 0 ? Buffer.alloc(0) : { length } };
      const known = booleanBytes.has(type) && length === 1;
      return { type, value: known ? bytes[0] !== 0 : Buffer.from(bytes) };
    }
  }
}

const invalidValue = (type: number) =>
  new CryptokiError(CKR.ATTRIBUTE_VALUE_INVALID, `length of attribute 0x${type.toString(16)}`);

export function writeAttributes(writer: Writer, attributes: readonly WireAttribute[]): void {
  writer.uint32(attributes.length);
  for (const { type, value } of attributes) {
    writer.uint32(type);
    writer.byte(value === undefined ? 0 : 1);
    if (value !== undefined) writeValue(writer, type, value);
  }
}

function writeValue(
  writer: Writer,
  type: number,
  value: AttributeValue | { readonly length: number },
): void {
  const length = lengthOf(value);
  const shown = typeof value !== "object" || value instanceof Uint8Array ? value : undefined;
  writer.uint32(length);
  switch (formOf.get(type)) {
    case "byte":
      writer.byte(shown === true ? 1 : 0);
      return;
    case "ulong":
      writer.ulong(typeof shown === "number" ? shown : 0);
      return;
    case "mechanisms": {
      const list = shown instanceof Uint8Array ? Buffer.from(shown) : Buffer.alloc(0);
      writer.uint32(Math.floor(length / ulongBytes));
      for (let at = 0; at + ulongBytes <= list.length; at += ulongBytes) {
        writer.ulong(Number(list.readBigUInt64LE(at)));
      }
      return;
    }
    default:
      writer.bytes(shown === undefined ? undefined : bytesOf(shown));
  }
}

/** Bytes that a value takes in the memory of a program. */
export function lengthOf(value: AttributeValue | { readonly length: number }): number {
  if (typeof value === "boolean") return 1;
  return typeof value === "number" ? ulongBytes : value.length;
}

function bytesOf(value: AttributeValue): Uint8Array {
  if (typeof value === "boolean") return Uint8Array.of(value ? 1 : 0);
  if (typeof value !== "number") return value;
  const bytes = Buffer.alloc(ulongBytes);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

/** Attributes that are asked for, as `fA` has them. */
export function readRooms(reader: Reader): AttributeRoom[] {
  return Array.from({ length: fewOf(reader.count(8)) }, () => {
    const type = reader.uint32();
    const room = reader.uint32();
    if (room > 0 && formOf.get(type) === "attributes") {
      throw new CryptokiError(CKR.ATTRIBUTE_TYPE_INVALID, "attributes of templates are not built");
    }
    return { type, room };
  });
}

export function writeRooms(writer: Writer, rooms: readonly AttributeRoom[]): void {
  writer.uint32(rooms.length);
  for (const { type, room } of rooms) {
    writer.uint32(type);
    writer.uint32(room);
  }
}

/** A template in which every attribute has a value. */
export function templateOf(attributes: readonly WireAttribute[]): Template {
  return attributes.map(({ type, value }) => {
    if (value === undefined || (typeof value === "object" && !(value instanceof Uint8Array))) {
      throw invalidValue(type);
    }
    return { type, value };
  });
}
