import { assert } from "../../lib/assert.ts";
import type { Member, Shape, StructureShape } from "../model.ts";
import { encodeBase64, formatTimestamp } from "./scalars.ts";

/** How lists are written and instants told: awsQuery and restXml alike, but for the fractions of a second. */
export type XmlDialect = "query" | "ec2" | "rest";

/** Writes the inside of an element. */
type Content = (value: unknown) => string;

/** Writes whole elements: one, or for a flattened list as many as it has members. */
type Elements = (value: unknown) => string;

const compiled: Readonly<Record<XmlDialect, WeakMap<Shape, Content>>> = {
  query: new WeakMap(),
  ec2: new WeakMap(),
  rest: new WeakMap(),
};

/** The body's members of a structure as XML, without an element around them. */
export function writeXml(shape: Shape, value: unknown, dialect: XmlDialect): string {
  return contentOf(shape, dialect)(value ?? {});
}

function contentOf(shape: Shape, dialect: XmlDialect): Content {
  const known = compiled[dialect].get(shape);
  if (known) return known;
  const content = compile(shape, dialect);
  compiled[dialect].set(shape, content);
  return content;
}

function compile(shape: Shape, dialect: XmlDialect): Content {
  const why = mismatch(shape);
  switch (shape.kind) {
    case "structure":
      return compileStructure(shape, dialect);
    case "list":
    case "map":
      return (value) => entriesOf(shape, dialect)(value);
    case "string":
      return (value) => {
        assert(typeof value === "string", why);
        return escapeXml(value);
      };
    case "blob":
      return (value) => {
        assert(value instanceof Uint8Array, why);
        return encodeBase64(value);
      };
    case "timestamp":
      return (value) => {
        assert(value instanceof Date, why);
        if (dialect === "rest" && shape.format === undefined) return value.toISOString();
        return formatTimestamp(value, shape.format ?? "iso8601");
      };
    default:
      return (value) => {
        const fits = typeof value === "number" || typeof value === "boolean";
        assert(fits, why);
        return String(value);
      };
  }
}

function compileStructure(shape: StructureShape, dialect: XmlDialect): Content {
  const why = mismatch(shape);
  let fields: readonly { readonly name: string; readonly write: Elements }[] | undefined;
  return (value) => {
    assert(typeof value === "object" && value !== null, why);
    const members = value as Readonly<Record<string, unknown>>;
    fields ??= shape.members
      .filter(({ location, xmlAttribute }) => location === undefined && !xmlAttribute)
      .map((member) => ({ name: member.name, write: elementsOf(member, dialect) }));
    let text = "";
    for (const { name, write } of fields) {
      const member = members[name];
      if (member !== undefined && member !== null) text += write(member);
    }
    return text;
  };
}

/** A member with its element or elements. */
function elementsOf(member: Member, dialect: XmlDialect): Elements {
  const { shape } = member;
  const name = member.locationName ?? member.name;
  if (member.flattened && shape.kind === "list") {
    return itemsOf(shape.member, shape.member.locationName ?? name, dialect);
  }
  if (member.flattened && shape.kind === "map") return pairsOf(shape, name, dialect);
  return element(shape, name, dialect, member.xmlNamespace);
}

function element(
  shape: Shape,
  name: string,
  dialect: XmlDialect,
  namespace?: Member["xmlNamespace"],
): Elements {
  const content = contentOf(shape, dialect);
  const prefix = namespace?.prefix === undefined ? "" : `:${namespace.prefix}`;
  const declared = namespace && prefix ? ` xmlns${prefix}="${namespace.uri}"` : "";
  const attributes =
    shape.kind === "structure" ? shape.members.filter(({ xmlAttribute }) => xmlAttribute) : [];
  if (attributes.length === 0) {
    return (value) => `<${name}${declared}>${content(value)}</${name}>`;
  }
  return (value) => {
    const members = value as Readonly<Record<string, unknown>>;
    const written = attributes
      .filter((member) => typeof members[member.name] === "string")
      .map((member) => ` ${member.locationName}="${escapeXml(String(members[member.name]))}"`);
    return `<${name}${declared}${written.join("")}>${content(value)}</${name}>`;
  };
}

function itemsOf(item: Member, name: string, dialect: XmlDialect): Elements {
  const why = `${name} is a list`;
  const write = element(item.shape, name, dialect);
  return (value) => {
    assert(Array.isArray(value), why);
    let text = "";
    for (const member of value as readonly unknown[]) text += write(member);
    return text;
  };
}

function pairsOf(shape: Shape & { kind: "map" }, name: string, dialect: XmlDialect): Elements {
  const why = mismatch(shape);
  const write = element(shape.value.shape, shape.value.locationName ?? "value", dialect);
  const label = shape.key.locationName ?? "key";
  return (value) => {
    assert(typeof value === "object" && value !== null, why);
    let text = "";
    for (const [key, member] of Object.entries(value)) {
      if (member === undefined || member === null) continue;
      text += `<${name}><${label}>${escapeXml(key)}</${label}>${write(member)}</${name}>`;
    }
    return text;
  };
}

/** The inside of a list or map that has an element of its own. */
function entriesOf(shape: Shape & { kind: "list" | "map" }, dialect: XmlDialect): Elements {
  if (shape.kind === "map") return pairsOf(shape, "entry", dialect);
  const item = dialect === "ec2" ? "item" : "member";
  return itemsOf(shape.member, shape.member.locationName ?? item, dialect);
}

/** All but what text may hold as it is; of control characters it may hold tab and line feed. */
const special = /[^\t\n !#-%'-;=?-~\u00a0-\u2027\u2029-\ufffd]/g;

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
};

/** Text as XML carries it. Control characters become references, as S3 writes them in keys. */
export function escapeXml(text: string): string {
  return text.replace(special, (char) => {
    return entities[char] ?? `&#x${char.charCodeAt(0).toString(16).toUpperCase()};`;
  });
}

/** Why an assertion fails: a handler gave what the model does not say. Made once, not for every value. */
const mismatch = ({ name }: Shape) => `the output holds a ${name} of another type than the model's`;
