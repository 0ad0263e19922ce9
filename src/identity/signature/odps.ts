import { createHmac } from "node:crypto";
import type { Clock } from "../../lib/clock.ts";
import { equalSecrets, hmacSha256 } from "../../lib/hash.ts";
import { ServiceError } from "../../lib/service-error.ts";
import type { Credentials } from "../directory.ts";
import { checkToken, nobody } from "./check-token.ts";
import type { SignedRequest } from "./request.ts";

const skewMs = 15 * 60_000;
/**
 * A client that asks the same twice in one second signs the same twice, and one that lost a connection sends again
 * what it had signed: for so long after its first use a signature still serves.
 */
const reuseMs = 10_000;
const rememberedMax = 500_000;

/** What an `Authorization: ODPS …` header says, not believed yet. */
export interface OdpsClaim {
  readonly accessKeyId: string;
  readonly signature: string;
  /** Version 4 only: what the key is derived with. */
  readonly scope?: { readonly date: string; readonly region: string; readonly prefix: string };
}

const version2 = /^ODPS ([\w-]{1,128}):([A-Za-z0-9+/=]{1,88})$/;
const version4 =
  /^ODPS ([\w-]{1,128})\/(\d{8})\/([\w-]{1,64})\/odps\/([\w-]{1,64})_request:([A-Za-z0-9+/=]{1,88})$/;

/** Reads the header of MaxCompute's own signature, version 2 or 4; undefined when it is something else. */
export function readOdpsClaim(authorization: string): OdpsClaim | undefined {
  const [, key2, signature2] = version2.exec(authorization) ?? [];
  if (key2 !== undefined && signature2 !== undefined) {
    return { accessKeyId: key2, signature: signature2 };
  }
  const [, accessKeyId, date, region, prefix, signature] = version4.exec(authorization) ?? [];
  if (accessKeyId === undefined || date === undefined || region === undefined) return undefined;
  if (prefix === undefined || signature === undefined) return undefined;
  return { accessKeyId, signature, scope: { date, region, prefix } };
}

/** The text that is signed; `path` is what follows the endpoint's own prefix, still encoded. */
export function odpsCanonical({ method, path, query, headers }: SignedRequest): string {
  const parameters = new Map(readParameters(query));
  const signed = new Map([
    ["content-md5", ""],
    ["content-type", ""],
    ["date", ""],
  ]);
  for (const [name, value] of headers) {
    if (signed.has(name) || name.startsWith("x-odps-")) signed.set(name, value);
  }
  for (const [name, value] of parameters) if (name.startsWith("x-odps-")) signed.set(name, value);
  const lines = [...signed]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, value]) => (name.startsWith("x-odps-") ? `${name}:${value}` : value));
  const sorted = [...parameters].sort(([one], [other]) => (one < other ? -1 : 1));
  const named = sorted.map(([name, value]) => (value === "" ? name : `${name}=${value}`));
  const resource = decodeUrl(path) + (named.length === 0 ? "" : `?${named.join("&")}`);
  return [method, ...lines, resource].join("\n");
}

/** Parameters of a query in the order sent: `+` is a space, and a bare name has the empty value. */
export function* readParameters(query: string): Iterable<readonly [name: string, value: string]> {
  for (const part of query.split("&")) {
    if (part === "") continue;
    const at = part.indexOf("=");
    const text = part.replaceAll("+", " ");
    yield at < 0
      ? [decodeUrl(text), ""]
      : [decodeUrl(text.slice(0, at)), decodeUrl(text.slice(at + 1))];
  }
}

/** Percent-decoded; refuses what is not UTF-8, and control characters: no answer in XML could hold them. */
export function decodeUrl(text: string): string {
  if (!text.includes("%")) return text;
  let decoded: string;
  try {
    decoded = decodeURIComponent(text);
  } catch {
    throw new ServiceError("InvalidArgument", "The URL is not percent-encoded UTF-8.");
  }
  if (/\p{Cc}/u.test(decoded)) {
    throw new ServiceError("InvalidArgument", "The URL holds a control character.");
  }
  return decoded;
}

/** Judges MaxCompute's signatures, and remembers them: they do not cover the body. */
export class OdpsSignatures {
  readonly #find: (accessKeyId: string) => Credentials | undefined;
  readonly #clock: Clock;
  /** When a signature was first used, oldest first. */
  readonly #used = new Map<string, number>();

  constructor(find: (accessKeyId: string) => Credentials | undefined, clock: Clock) {
    this.#find = find;
    this.#clock = clock;
  }

  /**
   * Says whose request it is. `token` is the `authorization-sts-token`. Refuses a wrong signature, a Date off by more
   * than a quarter of an hour, and one that was used before.
   */
  verify(request: SignedRequest, claim: OdpsClaim, token: string | undefined): Credentials {
    const nowMs = this.#clock.now();
    const known = this.#find(claim.accessKeyId);
    const credentials = known?.active ? known : nobody;
    const mac = createHmac("sha1", keyOf(credentials.secret, claim)).update(odpsCanonical(request));
    const fits = equalSecrets(mac.digest(), Buffer.from(claim.signature, "base64"));
    if (!known?.active) {
      throw new ServiceError(
        "ODPS-0410031",
        `Access id ${claim.accessKeyId} is not known or not active.`,
      );
    }
    if (!fits) {
      throw new ServiceError(
        "ODPS-0410042",
        `Invalid signature value - the request signature does not match the one calculated for ${claim.accessKeyId}`,
      );
    }
    this.#checkDate(request, claim, nowMs);
    checkSessionToken(credentials, token, nowMs);
    this.#checkFirstUse(`${claim.accessKeyId}:${claim.signature}`, nowMs);
    return credentials;
  }

  #checkDate({ headers }: SignedRequest, { scope }: OdpsClaim, nowMs: number): void {
    const date = headers.find(([name]) => name === "date")?.[1] ?? "";
    const form = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} [\d:]{8} GMT$/;
    const timeMs = form.test(date) ? Date.parse(date) : Number.NaN;
    if (!(Math.abs(timeMs - nowMs) <= skewMs)) {
      throw new ServiceError(
        "RequestTimeTooSkewed",
        `The Date \`${date.slice(0, 64)}\` is not within 15 minutes of the server's time.`,
      );
    }
    // A client derives its key with the day that it has, which may have changed since it wrote the Date.
    const days = [-skewMs, 0, skewMs].map((offMs) => dayOf(nowMs + offMs));
    if (scope && !days.includes(scope.date)) {
      throw new ServiceError(
        "RequestTimeTooSkewed",
        `The signature is of the day ${scope.date}, which is not today.`,
      );
    }
  }

  #checkFirstUse(signature: string, nowMs: number): void {
    for (const [old, usedMs] of this.#used) {
      if (nowMs - usedMs <= 2 * skewMs && this.#used.size < rememberedMax) break;
      this.#used.delete(old);
    }
    const firstMs = this.#used.get(signature);
    if (firstMs === undefined) this.#used.set(signature, nowMs);
    else if (nowMs - firstMs > reuseMs) {
      throw new ServiceError(
        "ODPS-0410042",
        "Invalid signature value - this signature was used before; sign each request anew",
      );
    }
  }
}

const dayOf = (timeMs: number): string =>
  new Date(timeMs).toISOString().slice(0, 10).replaceAll("-", "");

function keyOf(secret: string, { scope }: OdpsClaim): string | Buffer {
  if (!scope) return secret;
  const { date, region, prefix } = scope;
  let key: string | Buffer = prefix + secret;
  for (const part of [date, region, "odps", `${prefix}_request`]) key = hmacSha256(key, part);
  return key;
}

function checkSessionToken(credentials: Credentials, token: string | undefined, nowMs: number) {
  try {
    checkToken(credentials, token, nowMs);
  } catch {
    throw new ServiceError(
      "ODPS-0410051",
      "Invalid credentials - the security token is missing, wrong or expired",
    );
  }
}
