import type { Member, Shape } from "../model.ts";
import { decodeBase64, parseNumber, parseTimestamp } from "./scalars.ts";
import { MalformedXml, type XmlElement } from "./xml-reader.ts";

/** Reads what a shape says from an element. Elements that the shape does not know are dropped. */
export function readXml(shape: Shape, element: XmlElement): unknown {
  switch (shape.kind) {
    case "structure":
      return readStructure(shape, element);
    case "list":
      return readItems(shape.member, element.children, shape.member.locationName ?? "member");
    case "map":
      return readPairs(
        shape,
        element.children.filter(({ name }) => name === "entry"),
      );
    default:
      if (element.children.length > 0) throw new MalformedXml(`\`${element.name}\` is a text`);
      return readText(shape, element.text) ?? refuse(element.name);
  }
}

/** A value that contains no others, from its text; undefined where the text is none. */
export function readText(shape: Shape, text: string): unknown {
  switch (shape.kind) {
    case "string":
      return text;
    case "boolean": {
      const value = text.trim().toLowerCase();
      return value === "true" ? true : value === "false" ? false : undefined;
    }
    case "blob":
      return decodeBase64(text.trim());
    case "timestamp":
      return parseTimestamp(text.trim(), shape.format ?? "iso8601");
    case "structure":
    case "list":
    case "map":
      return undefined;
    default:
      return parseNumber(text.trim(), shape.kind);
  }
}

function refuse(name: string): never {
  throw new MalformedXml(`\`${name}\` has a value that it cannot have`);
}

function readStructure(shape: Shape & { kind: "structure" }, element: XmlElement): unknown {
  if (element.text.trim() !== "") throw new MalformedXml(`there is text in \`${element.name}\``);
  const read: Record<string, unknown> = {};
  const byName = new Map<string, XmlElement[]>();
  for (const child of element.children) {
    const same = byName.get(child.name);
    if (same) same.push(child);
    else byName.set(child.name, [child]);
  }
  for (const member of shape.members) {
    if (member.location !== undefined) continue;
    if (member.xmlAttribute) {
      const wanted = member.locationName ?? member.name;
      const found = element.attributes.find(([name]) => name === wanted);
      if (found) read[member.name] = found[1];
      continue;
    }
    const found = byName.get(wireNameOf(member)) ?? [];
    const value = readMember(member, found);
    if (value !== undefined) read[member.name] = value;
  }
  return read;
}

function readMember(member: Member, found: readonly XmlElement[]): unknown {
  const [first, second] = found;
  if (!first) return undefined;
  if (member.flattened && member.shape.kind === "list") {
    return found.map((element) =>
      readXml((member.shape as Shape & { kind: "list" }).member.shape, element),
    );
  }
  if (member.flattened && member.shape.kind === "map") return readPairs(member.shape, found);
  if (second) throw new MalformedXml(`\`${first.name}\` is there twice`);
  return readXml(member.shape, first);
}

function wireNameOf(member: Member): string {
  const own = member.locationName ?? member.name;
  if (!member.flattened || member.shape.kind !== "list") return own;
  return member.shape.member.locationName ?? own;
}

function readItems(item: Member, children: readonly XmlElement[], wanted: string): unknown[] {
  return children.map((child) => {
    if (child.name !== wanted) throw new MalformedXml(`\`${child.name}\` is not in this list`);
    return readXml(item.shape, child);
  });
}

function readPairs(shape: Shape & { kind: "map" }, entries: readonly XmlElement[]): unknown {
  const read: Record<string, unknown> = {};
  for (const entry of entries) {
    const key = entry.children.find(({ name }) => name === (shape.key.locationName ?? "key"));
    const value = entry.children.find(({ name }) => name === (shape.value.locationName ?? "value"));
    if (!key || !value || key.text === "__proto__") refuse(entry.name);
    read[key.text] = readXml(shape.value.shape, value);
  }
  return read;
}
