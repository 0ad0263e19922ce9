import { ServiceError } from "../../lib/service-error.ts";
import type { Member, Shape, StructureShape } from "../model.ts";
import { readText } from "./xml-shape.ts";

const parametersMax = 20_000;
const depthMax = 24;

/** Parameters as a tree: `Tags.member.1.Key` is four steps deep. */
interface Node {
  value?: string;
  readonly children: Map<string, Node>;
}

/** How a dialect names members and lists. */
export type QueryDialect = "query" | "ec2";

/** Reads the members of a structure from a form. Parameters that the shape does not know are dropped. */
export function readQuery(
  shape: StructureShape,
  form: string,
  dialect: QueryDialect,
): Record<string, unknown> {
  return readStructure(shape, parseForm(form), "", dialect);
}

const malformed = (message: string) => new ServiceError("MalformedQueryString", message);

/** Percent-decoding of a form, where a plus is a space. */
export function decodeForm(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    throw malformed("The query string contains a syntax error.");
  }
}

function parseForm(form: string): Node {
  const root: Node = { children: new Map() };
  const pairs = form.split("&", parametersMax + 1);
  if (pairs.length > parametersMax) throw malformed("There are too many parameters.");
  for (const pair of pairs) {
    if (pair === "") continue;
    const equals = pair.indexOf("=");
    const name = decodeForm(equals < 0 ? pair : pair.slice(0, equals));
    const steps = name.split(".", depthMax + 1);
    if (steps.length > depthMax) throw malformed("A parameter is nested too deep.");
    let node = root;
    for (const step of steps) {
      let child = node.children.get(step);
      if (!child) {
        child = { children: new Map() };
        node.children.set(step, child);
      }
      node = child;
    }
    if (node.value !== undefined) throw malformed(`The parameter \`${cut(name)}\` is there twice.`);
    node.value = equals < 0 ? "" : decodeForm(pair.slice(equals + 1));
  }
  return root;
}

function read(shape: Shape, node: Node, path: string, dialect: QueryDialect): unknown {
  switch (shape.kind) {
    case "structure":
      return readStructure(shape, node, path, dialect);
    case "list":
      return readList(shape, node, false, path, dialect);
    case "map":
      return readMap(shape, node, false, path, dialect);
    default: {
      const value = node.value === undefined ? undefined : readText(shape, node.value);
      if (value === undefined || node.children.size > 0) throw refuse(shape, node, path);
      return value;
    }
  }
}

function readStructure(
  shape: StructureShape,
  node: Node,
  path: string,
  dialect: QueryDialect,
): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const member of shape.members) {
    const name = wireNameOf(member, dialect);
    const child = node.children.get(name);
    if (!child) continue;
    const at = path === "" ? name : `${path}.${name}`;
    const { shape: of } = member;
    if (of.kind === "list")
      result[member.name] = readList(of, child, member.flattened, at, dialect);
    else if (of.kind === "map")
      result[member.name] = readMap(of, child, member.flattened, at, dialect);
    else result[member.name] = read(of, child, at, dialect);
  }
  return result;
}

function wireNameOf(member: Member, dialect: QueryDialect): string {
  if (dialect === "ec2") {
    const name = member.locationName ?? member.name;
    return member.queryName ?? name.charAt(0).toUpperCase() + name.slice(1);
  }
  const { shape, flattened, locationName, name } = member;
  if (flattened && shape.kind === "list") return shape.member.locationName ?? locationName ?? name;
  return locationName ?? name;
}

function readList(
  shape: Shape & { kind: "list" },
  node: Node,
  flattened: boolean,
  path: string,
  dialect: QueryDialect,
): unknown[] {
  const bare = flattened || dialect === "ec2";
  const items = bare ? node : node.children.get(shape.member.locationName ?? "member");
  // `Tags=` is how clients say: an empty list.
  if (!items) {
    if (node.value === "" && node.children.size === 0) return [];
    throw refuse(shape, node, path);
  }
  return inOrder(items, path).map(([at, item]) => read(shape.member.shape, item, at, dialect));
}

function readMap(
  shape: Shape & { kind: "map" },
  node: Node,
  flattened: boolean,
  path: string,
  dialect: QueryDialect,
): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  const entries = flattened ? node : node.children.get("entry");
  if (!entries) return result;
  for (const [at, entry] of inOrder(entries, path)) {
    const key = entry.children.get(shape.key.locationName ?? "key")?.value;
    const value = entry.children.get(shape.value.locationName ?? "value");
    if (key === undefined || !value || key === "__proto__") throw refuse(shape, entry, at);
    result[key] = read(shape.value.shape, value, at, dialect);
  }
  return result;
}

/** Members by their numbers, which begin at 1 and may leave gaps. */
function inOrder(node: Node, path: string): (readonly [path: string, item: Node])[] {
  const numbered = [...node.children].map(([name, item]) => {
    if (!/^[1-9]\d{0,5}$/.test(name)) {
      throw malformed(`\`${cut(`${path}.${name}`)}\` is not a member of a list.`);
    }
    return [Number(name), item] as const;
  });
  numbered.sort(([left], [right]) => left - right);
  return numbered.map(([index, item]) => [`${path}.${index}`, item] as const);
}

function refuse(shape: Shape, node: Node, path: string): ServiceError {
  const value = shape.sensitive || node.value === undefined ? "" : ` \`${cut(node.value)}\``;
  return new ServiceError(
    "MalformedInput",
    `The value${value} of \`${cut(path)}\` is not a ${shape.kind}.`,
  );
}

const cut = (text: string) => (text.length > 128 ? `${text.slice(0, 128)}...` : text);
