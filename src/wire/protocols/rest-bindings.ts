import { assert } from "../../lib/assert.ts";
import type { ServiceError } from "../../lib/service-error.ts";
import type { HttpRequest } from "../http.ts";
import type { Member, Shape, StructureShape, TimestampFormat } from "../model.ts";
import type { Input, Routed } from "../protocol.ts";
import { asBuffer, encodeBase64, formatTimestamp, parseTimestamp } from "./scalars.ts";
import { readText } from "./xml-shape.ts";

/** Says, in the words of the protocol, that a label, query or header has a value it cannot have. */
export type RefuseValue = (member: Member, value: string) => ServiceError;

const listMax = 1_000;

/** Reads the members that stand in the URI and the headers into `input`. */
export function readBindings(
  routed: Routed,
  request: HttpRequest,
  input: Input,
  refuse: RefuseValue,
): void {
  let query: ReadonlyMap<string, readonly string[]> | undefined;
  for (const { member, location, wireName } of boundMembers(routed.operation.input)) {
    let value: unknown;
    if (location === "uri") {
      value = scalar(member, member.shape, routed.labels[wireName], refuse);
    } else if (location === "header") {
      value = readHeader(member, request.header(wireName), refuse);
    } else if (location === "querystring") {
      query ??= parseQuery(request.query, (text) => refuse(member, text));
      value = readParameter(member, query, wireName, refuse);
    } else if (location === "headers") {
      value = readPrefixed(member, request, wireName, refuse);
    }
    if (value !== undefined) input[member.name] = value;
  }
}

/** A member of an input that is not in the body, and its name on the wire: of headers in lower case. */
interface Bound {
  readonly member: Member;
  readonly location: NonNullable<Member["location"]>;
  readonly wireName: string;
}

const bound = new WeakMap<StructureShape, readonly Bound[]>();

/** Found once: PutObject has thirty of them, of which a request has few. */
function boundMembers(shape: StructureShape): readonly Bound[] {
  const known = bound.get(shape);
  if (known) return known;
  const found = shape.members.flatMap((member): Bound[] => {
    const { name, location, locationName = name } = member;
    if (location === undefined) return [];
    const lower = location === "header" || location === "headers";
    return [{ member, location, wireName: lower ? locationName.toLowerCase() : locationName }];
  });
  bound.set(shape, found);
  return found;
}

function readHeader(member: Member, text: string | undefined, refuse: RefuseValue): unknown {
  const { shape } = member;
  if (text === undefined || shape.kind !== "list") return scalar(member, shape, text, refuse);
  const items = text.split(",", listMax + 1).map((item) => item.trim());
  if (items.length > listMax) throw refuse(member, text);
  return items.map((item) => scalar(member, shape.member.shape, item, refuse));
}

function readParameter(
  member: Member,
  query: ReadonlyMap<string, readonly string[]>,
  name: string,
  refuse: RefuseValue,
): unknown {
  const { shape } = member;
  const found = query.get(name);
  if (shape.kind === "list") {
    return found?.map((item) => scalar(member, shape.member.shape, item, refuse));
  }
  if (found && found.length > 1) throw refuse(member, found.join(","));
  return scalar(member, shape, found?.[0], refuse);
}

function readPrefixed(
  member: Member,
  request: HttpRequest,
  prefix: string,
  refuse: RefuseValue,
): Record<string, string> | undefined {
  let read: Record<string, string> | undefined;
  for (const [name] of request.headers) {
    if (!name.startsWith(prefix)) continue;
    const key = name.slice(prefix.length);
    if (key === "__proto__") throw refuse(member, key);
    read ??= {};
    read[key] = request.header(name) ?? "";
  }
  return read;
}

function scalar(
  member: Member,
  shape: Shape,
  text: string | undefined,
  refuse: RefuseValue,
): unknown {
  if (text === undefined) return undefined;
  if (shape.kind === "timestamp") {
    const format = shape.format ?? (member.location === "header" ? "rfc822" : "iso8601");
    return parseTimestamp(text, format) ?? raise(refuse(member, text));
  }
  // An empty number or truth is one that was not given: `?max-keys=`.
  if (text === "" && shape.kind !== "string" && shape.kind !== "blob") return undefined;
  return readText(shape, text) ?? raise(refuse(member, text));
}

function raise(error: ServiceError): never {
  throw error;
}

/** A query's parameters, decoded; a plus is a space, as browsers and S3 read it. */
export function parseQuery(
  query: string,
  refuse: (text: string) => ServiceError,
): ReadonlyMap<string, readonly string[]> {
  const parameters = new Map<string, string[]>();
  if (query === "") return parameters;
  const pairs = query.split("&", listMax + 1);
  if (pairs.length > listMax) throw refuse(query);
  for (const pair of pairs) {
    const equals = pair.indexOf("=");
    const name = decodePart(equals < 0 ? pair : pair.slice(0, equals), refuse);
    const value = equals < 0 ? "" : decodePart(pair.slice(equals + 1), refuse);
    const same = parameters.get(name);
    if (same) same.push(value);
    else parameters.set(name, [value]);
  }
  return parameters;
}

function decodePart(text: string, refuse: (text: string) => ServiceError): string {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    throw refuse(text);
  }
}

const headerMembers = new WeakMap<StructureShape, ReadonlyMap<string, Member>>();

/** The members of an output that travel in headers, by their names. */
function inHeaders(shape: StructureShape): ReadonlyMap<string, Member> {
  const known = headerMembers.get(shape);
  if (known) return known;
  const found = new Map(
    shape.members
      .filter(({ location }) => location === "header" || location === "headers")
      .map((member) => [member.name, member]),
  );
  headerMembers.set(shape, found);
  return found;
}

/** The headers that an output's members become. An output has few of the members that it might have. */
export function writeHeaders(
  shape: StructureShape,
  output: Readonly<Record<string, unknown>>,
): Record<string, string> {
  const headers: Record<string, string> = {};
  const members = inHeaders(shape);
  for (const name of Object.keys(output)) {
    const member = members.get(name);
    const value = output[name];
    if (!member || value === undefined || value === null) continue;
    const { locationName = name } = member;
    if (member.location === "header") {
      headers[locationName] = headerText(member.shape, value);
      continue;
    }
    for (const [key, item] of Object.entries(value)) {
      headers[locationName + key] = safeText(String(item));
    }
  }
  return headers;
}

function headerText(shape: Shape, value: unknown): string {
  switch (shape.kind) {
    case "timestamp": {
      assert(value instanceof Date, `a ${shape.name} is a Date`);
      const format: TimestampFormat = shape.format ?? "rfc822";
      return formatTimestamp(value, format);
    }
    case "blob":
      assert(value instanceof Uint8Array, `a ${shape.name} is bytes`);
      return encodeBase64(value);
    case "list":
      assert(Array.isArray(value), `a ${shape.name} is a list`);
      return value.map((item) => headerText(shape.member.shape, item)).join(",");
    default:
      return safeText(String(value));
  }
}

/** Text that cannot end a header: bytes of UTF-8 as they stand on the wire, control characters gone. */
function safeText(text: string): string {
  if (/^[\u0020-\u007e]*$/.test(text)) return text;
  const wire = /^[\u0020-\u00ff]*$/.test(text) ? text : Buffer.from(text).toString("latin1");
  return wire.replace(/\p{Cc}/gu, (char) => (char >= "\u0080" ? char : " "));
}

/** The body of an output's payload that is not a structure. */
export function writePayload(member: Member, value: unknown): Buffer | AsyncIterable<Buffer> {
  if (typeof value === "string") return Buffer.from(value, "utf8");
  if (value instanceof Uint8Array) return asBuffer(value);
  const streams = typeof value === "object" && value !== null && Symbol.asyncIterator in value;
  assert(streams, `the payload ${member.name} is text, bytes or a stream of bytes`);
  return value as AsyncIterable<Buffer>;
}
