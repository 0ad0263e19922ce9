import { sha256Hex } from "../../lib/hash.ts";
import type { SignedRequest } from "./request.ts";

/** Header values by lower-case name, several of one name joined by a comma, spaces collapsed. */
export type HeaderValues = ReadonlyMap<string, string>;

/** The headers in the form that signatures see. */
export function headerValues(headers: SignedRequest["headers"]): HeaderValues {
  const values = new Map<string, string>();
  for (const [name, raw] of headers) {
    const value = collapse(raw);
    const before = values.get(name);
    values.set(name, before === undefined ? value : `${before},${value}`);
  }
  return values;
}

const folded = /[ \t\r\n]{2,}|[\t\r\n]/;

function collapse(value: string): string {
  const trimmed = value.trim();
  return folded.test(trimmed) ? trimmed.replace(/[ \t\r\n]+/g, " ") : trimmed;
}

/** What of a request is hashed and signed. */
export interface CanonicalParts {
  readonly request: SignedRequest;
  readonly headers: HeaderValues;
  readonly signedHeaders: readonly string[];
  readonly payloadHash: string;
  /** S3 takes paths as they are; every other service normalises them and encodes once more. */
  readonly s3: boolean;
  /** The query parameter that holds the signature itself. */
  readonly without?: string | undefined;
}

/** The hash of the canonical request. */
export function canonicalHash(parts: CanonicalParts): string {
  return sha256Hex(canonicalRequest(parts));
}

/** The request in the one form that both sides compute; exported for the published vectors. */
export function canonicalRequest(parts: CanonicalParts): string {
  const { request, headers, signedHeaders } = parts;
  const path = parts.s3 ? recode(request.path, true) : canonicalPath(request.path);
  let text = `${request.method}\n${path}\n${canonicalQuery(request.query, parts.without)}\n`;
  for (const name of signedHeaders) text += `${name}:${headers.get(name) ?? ""}\n`;
  return `${text}\n${signedHeaders.join(";")}\n${parts.payloadHash}`;
}

const plainPath = /^[A-Za-z0-9\-._~/]*$/;

function canonicalPath(path: string): string {
  if (path === "/" || path === "") return "/";
  return encode(normalise(path), true);
}

/** Removes `.`, `..` and empty segments; a slash at the end stays. */
function normalise(path: string): string {
  if (!path.includes("//") && !path.includes("/.")) return path;
  const kept: string[] = [];
  const segments = path.split("/");
  for (const segment of segments) {
    if (segment === "..") kept.pop();
    else if (segment !== "" && segment !== ".") kept.push(segment);
  }
  const last = segments.at(-1);
  const open = kept.length > 0 && (last === "" || last === "." || last === "..");
  return `/${kept.join("/")}${open ? "/" : ""}`;
}

/** Parameters encoded in the one way that signatures know, sorted by name, then by value. */
export function canonicalQuery(query: string, without?: string): string {
  if (query === "") return "";
  const parameters: (readonly [string, string])[] = [];
  // A plus is a space to who reads the parameters: signed as one, it cannot stand for a signed %2B.
  for (const part of query.replaceAll("+", "%20").split("&")) {
    if (part === "") continue;
    const at = part.indexOf("=");
    const name = recode(at < 0 ? part : part.slice(0, at), false);
    if (name === without) continue;
    parameters.push([name, at < 0 ? "" : recode(part.slice(at + 1), false)]);
  }
  if (parameters.length > 1) parameters.sort(byNameThenValue);
  return parameters.map(([name, value]) => `${name}=${value}`).join("&");
}

type Parameter = readonly [name: string, value: string];

function byNameThenValue([name, value]: Parameter, [otherName, otherValue]: Parameter): number {
  if (name !== otherName) return name < otherName ? -1 : 1;
  return value === otherValue ? 0 : value < otherValue ? -1 : 1;
}

const wellEncoded = /^(?:[A-Za-z0-9\-._~]|%[0-9A-F]{2})*$/;
const overEncoded = /%(?:2D|2E|5F|7E|3[0-9]|4[1-9A-F]|5[0-9A]|6[1-9A-F]|7[0-9A])/;
const escapes = /%[0-9A-Fa-f]{2}/g;

/** Text as sent → every byte but the unreserved ones as %XX; `%XX` that is there already is kept as that byte. */
function recode(text: string, slashes: boolean): string {
  if (slashes ? plainPath.test(text) : wellEncoded.test(text) && !overEncoded.test(text)) {
    return text;
  }
  let out = "";
  let from = 0;
  for (const match of text.matchAll(escapes)) {
    out += encode(text.slice(from, match.index), slashes) + recodeByte(match[0]);
    from = match.index + 3;
  }
  return out + encode(text.slice(from), slashes);
}

function recodeByte(code: string): string {
  const upper = code.toUpperCase();
  return overEncoded.test(upper) ? String.fromCharCode(Number.parseInt(upper.slice(1), 16)) : upper;
}

/** Percent-encodes all but the unreserved characters of RFC 3986. */
function encode(text: string, slashes: boolean): string {
  if (plainPath.test(text) && (slashes || !text.includes("/"))) return text;
  const encoded = encodeURIComponent(Buffer.from(text).toString()).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return slashes ? encoded.replaceAll("%2F", "/") : encoded;
}
