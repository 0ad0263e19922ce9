/** An element as read: names without their prefixes. */
export interface XmlElement {
  readonly name: string;
  readonly attributes: readonly (readonly [name: string, value: string])[];
  readonly children: readonly XmlElement[];
  /** All text directly inside. */
  readonly text: string;
}

/** What makes a document unreadable. */
export class MalformedXml extends Error {
  override readonly name = "MalformedXml";
}

const depthMax = 32;
const elementsMax = 100_000;

const name = "[A-Za-z_][A-Za-z0-9_.:-]*";
// Sticky, and each alternative begins with a character of its own: no input makes them go back far.
const open = new RegExp(`<(${name})`, "y");
const close = new RegExp(`</(${name})[ \\t\\r\\n]*>`, "y");
const attribute = new RegExp(
  `[ \\t\\r\\n]+(${name})[ \\t\\r\\n]*=[ \\t\\r\\n]*(?:"([^"<]*)"|'([^'<]*)')`,
  "y",
);
const end = /[ \t\r\n]*(\/?)>/y;

interface Building {
  readonly name: string;
  readonly fullName: string;
  readonly attributes: (readonly [string, string])[];
  readonly children: XmlElement[];
  text: string;
}

/**
 * Reads a document into its root element. There are no document types and no entities but the five of XML:
 * nothing that a document can use to grow, or to reach anything outside itself.
 */
export function parseXml(source: string): XmlElement {
  const text = source.startsWith("\ufeff") ? source.slice(1) : source;
  const stack: Building[] = [];
  let root: XmlElement | undefined;
  let elements = 0;
  let at = 0;

  function finish(done: Building): void {
    const parent = stack.at(-1);
    if (parent) parent.children.push(done);
    else root = done;
  }

  while (at < text.length) {
    const next = text.indexOf("<", at);
    const until = next < 0 ? text.length : next;
    if (until > at) addText(stack.at(-1), decodeText(text.slice(at, until)));
    at = until;
    if (next < 0) break;
    const skipped = skipMarkup(text, at, stack.at(-1));
    if (skipped > at) {
      at = skipped;
      continue;
    }
    if (text.startsWith("</", at)) {
      const [all, fullName] = take(close, text, at);
      const done = stack.pop();
      if (!done || done.fullName !== fullName) throw new MalformedXml("elements do not nest");
      finish(done);
      at += all.length;
      continue;
    }
    if (root) throw new MalformedXml("there is more than one root element");
    elements += 1;
    if (elements > elementsMax) throw new MalformedXml("there are too many elements");
    const [started, after, empty] = startElement(text, at);
    at = after;
    if (empty) finish(started);
    else stack.push(started);
    if (stack.length > depthMax) throw new MalformedXml("elements nest too deep");
  }
  if (!root || stack.length > 0) throw new MalformedXml("the document ends early");
  return root;
}

function startElement(text: string, from: number): [Building, after: number, empty: boolean] {
  const [all, fullName] = take(open, text, from);
  let at = from + all.length;
  const attributes: (readonly [string, string])[] = [];
  for (;;) {
    attribute.lastIndex = at;
    const found = attribute.exec(text);
    if (!found) break;
    at += found[0].length;
    attributes.push([found[1] ?? "", decodeText(found[2] ?? found[3] ?? "")]);
    if (attributes.length > 16) throw new MalformedXml("an element has too many attributes");
  }
  const [ending, slash] = take(end, text, at);
  const local = fullName.slice(fullName.indexOf(":") + 1);
  const started = { name: local, fullName, attributes, children: [], text: "" };
  return [started, at + ending.length, slash === "/"];
}

/** Past a comment, an instruction or a section of plain text; the same place where there is none. */
function skipMarkup(text: string, at: number, inside: Building | undefined): number {
  if (text.startsWith("<!--", at)) return past("-->", text, at + 4);
  if (text.startsWith("<?", at)) return past("?>", text, at + 2);
  if (text.startsWith("<![CDATA[", at)) {
    const after = past("]]>", text, at + 9);
    addText(inside, text.slice(at + 9, after - 3));
    return after;
  }
  if (text.startsWith("<!", at)) throw new MalformedXml("document types are not accepted");
  return at;
}

function past(mark: string, text: string, from: number): number {
  const found = text.indexOf(mark, from);
  if (found < 0) throw new MalformedXml("the document ends early");
  return found + mark.length;
}

function take(pattern: RegExp, text: string, at: number): [all: string, first: string] {
  pattern.lastIndex = at;
  const found = pattern.exec(text);
  if (!found) throw new MalformedXml("there is markup that is none");
  return [found[0], found[1] ?? ""];
}

function addText(inside: Building | undefined, text: string): void {
  if (inside) inside.text += text;
  else if (text.trim() !== "") throw new MalformedXml("there is text outside of the root element");
}

const entities: Readonly<Record<string, string>> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
};

function decodeText(text: string): string {
  if (!text.includes("&")) return text;
  return text.replace(/&([^;&]{0,10};?)/g, (_, reference: string) => {
    const body = reference.endsWith(";") ? reference.slice(0, -1) : "";
    const number = /^#(?:x([0-9a-fA-F]{1,6})|([0-9]{1,7}))$/.exec(body);
    const code = number?.[1] ? Number.parseInt(number[1], 16) : Number(number?.[2] ?? Number.NaN);
    if (code > 0 && code <= 0x10ffff) return String.fromCodePoint(code);
    const entity = Object.hasOwn(entities, body) ? entities[body] : undefined;
    if (entity === undefined) throw new MalformedXml("there is an entity that XML does not have");
    return entity;
  });
}
