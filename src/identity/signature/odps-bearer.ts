import type { Clock } from "../../lib/clock.ts";
import { equalSecrets, hmacSha256 } from "../../lib/hash.ts";
import { ServiceError } from "../../lib/service-error.ts";
import type { Credentials } from "../directory.ts";
import type { Principal } from "../principal.ts";
import { nobody } from "./check-token.ts";

/** What a bearer token says: whoever has it may do what its policy allows, as far as its maker may. */
interface Bearer {
  readonly accessKeyId: string;
  /** A policy of MaxCompute, as its maker wrote it. */
  readonly policy: string;
  readonly expiresAtMs: number;
}

/** A token may be in an address that is looked at later, and is passed on: it holds no secret but itself. */
const tokenMax = 16 * 1024;
const form = /^bst\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]{43})$/;

const macOf = (secret: string, text: string): Buffer =>
  hmacSha256(secret, `bondstore odps bearer token\n${text}`);

/** Makes a token that ends with the key of its maker. */
export function signBearer(
  { secret, accessKeyId }: Pick<Credentials, "secret" | "accessKeyId">,
  bearer: Omit<Bearer, "accessKeyId">,
): string {
  const text = Buffer.from(JSON.stringify({ accessKeyId, ...bearer })).toString("base64url");
  return `bst.${text}.${macOf(secret, text).toString("base64url")}`;
}

/** Whose token it is, bound to its policy. Refuses a forged or expired one, and one whose key is not active any more. */
export function verifyBearer(
  token: string,
  find: (accessKeyId: string) => Credentials | undefined,
  clock: Clock,
): Principal {
  const [, text = "", mac = ""] = token.length <= tokenMax ? (form.exec(token) ?? []) : [];
  const told = read(text);
  const known = told && find(told.accessKeyId);
  const credentials = known?.active ? known : nobody;
  const fits = equalSecrets(macOf(credentials.secret, text), Buffer.from(mac, "base64url"));
  const nowMs = clock.now();
  const { principal, expiresAtMs = Number.POSITIVE_INFINITY } = credentials;
  const over = !told || nowMs >= told.expiresAtMs || nowMs >= expiresAtMs;
  if (!fits || !known?.active || over || !("account" in principal)) {
    throw new ServiceError(
      "ODPS-0410051",
      "Invalid credentials - the bearer token is wrong or expired",
    );
  }
  const session = principal.session ?? {
    ...{ issuedAtMs: nowMs, expiresAtMs: told.expiresAtMs, policies: [], mfa: false },
  };
  const bound = { ...principal, session: { ...session, bearerPolicy: told.policy } };
  return bound as Principal;
}

/** The access key that a token names, not believed. */
export const bearerKey = (token: string): string | undefined =>
  read(token.slice(0, tokenMax).split(".")[1] ?? "")?.accessKeyId;

function read(text: string): Bearer | undefined {
  let told: unknown;
  try {
    told = JSON.parse(Buffer.from(text, "base64url").toString("utf8"));
  } catch {
    return undefined;
  }
  if (typeof told !== "object" || told === null) return undefined;
  const { accessKeyId, policy, expiresAtMs } = told as Partial<Record<keyof Bearer, unknown>>;
  if (typeof accessKeyId !== "string" || typeof policy !== "string") return undefined;
  return typeof expiresAtMs === "number" ? { accessKeyId, policy, expiresAtMs } : undefined;
}
