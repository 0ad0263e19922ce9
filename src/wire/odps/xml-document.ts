import type { Document, Part } from "../../pipeline/document.ts";
import { parseXml, type XmlElement } from "../protocols/xml-reader.ts";
import { escapeXml } from "../protocols/xml-writer.ts";

/** Reads a document of XML into data. Throws `MalformedXml`. */
export function readDocument(text: string): Document {
  const root = parseXml(text);
  return { [root.name]: contentOf(root) };
}

function contentOf({ attributes, children, text }: XmlElement): Part {
  if (attributes.length === 0 && children.length === 0) return text;
  const found = Object.create(null) as Record<string, Part>;
  for (const [name, value] of attributes) found[`@${name}`] = value;
  if (children.length === 0) found["#"] = text;
  for (const child of children) {
    const content = contentOf(child);
    const before = found[child.name];
    if (before === undefined) found[child.name] = content;
    else if (Array.isArray(before)) before.push(content);
    else found[child.name] = [before, content];
  }
  return found;
}

/** Writes a document as XML. */
export function writeDocument(document: Document): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n${elements(document)}`;
}

function elements(inside: Document): string {
  let text = "";
  for (const [name, part] of Object.entries(inside)) {
    if (!name.startsWith("@") && name !== "#") text += element(name, part);
  }
  return text;
}

function element(name: string, part: Part): string {
  if (part === undefined) return "";
  if (Array.isArray(part)) return part.map((one: Part) => element(name, one)).join("");
  if (typeof part !== "object") return `<${name}>${escapeXml(String(part))}</${name}>`;
  const inside = part as Document;
  const attributes = Object.entries(inside)
    .filter(([key]) => key.startsWith("@"))
    .map(([key, value]) => ` ${key.slice(1)}="${escapeXml(String(value))}"`);
  const text = inside["#"] === undefined ? elements(inside) : escapeXml(String(inside["#"]));
  return `<${name}${attributes.join("")}>${text}</${name}>`;
}
