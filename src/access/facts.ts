import type { Principal, Session } from "../identity/principal.ts";
import { isoSeconds } from "../lib/clock.ts";
import type { Fact } from "../policy/question.ts";
import type { AccessDemand, RequestFacts } from "./authorize.ts";
import { serviceName } from "./user-identity.ts";

/** What one demand is judged in the light of. */
export interface Light {
  readonly principal: Principal;
  readonly demand: AccessDemand;
  readonly request: RequestFacts;
  /** The condition keys of the service, since one of them was asked for. */
  context?: Record<string, Fact>;
}

const yesOrNo = (yes: boolean): string => (yes ? "true" : "false");

const address = /^(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9a-f:]*:[0-9a-f:.]*)$/i;

/** The caller's own address. A call that a service makes has none: the service's would mean nothing. */
function sourceIp({ ip, via }: RequestFacts): Fact {
  if (via !== undefined || !address.test(ip)) return undefined;
  return ip.replace(/^::ffff:(?=\d+\.)/i, "");
}

const sessionOf = (principal: Principal): Session | undefined =>
  principal.kind === "service" || principal.kind === "anonymous" ? undefined : principal.session;

const principalTypes: Readonly<Record<Principal["kind"], Fact>> = {
  root: "Account",
  user: "User",
  session: "AssumedRole",
  anonymous: "Anonymous",
  service: undefined,
};

/** A fact about a principal of an account; services and anonymous have none. */
function known<Field extends "arn" | "account" | "id">(principal: Principal, field: Field): Fact {
  return principal.kind === "service" || principal.kind === "anonymous"
    ? undefined
    : principal[field];
}

/** The global condition keys, each computed when a policy asks for it. No header of the client's fills any but the user agent. */
const globalKeys: Readonly<Record<string, (light: Light) => Fact>> = {
  "aws:principalarn": ({ principal }) => known(principal, "arn"),
  "aws:principalaccount": ({ principal }) => known(principal, "account"),
  "aws:principaltype": ({ principal }) => principalTypes[principal.kind],
  "aws:userid": ({ principal }) =>
    principal.kind === "anonymous" ? "anonymous" : known(principal, "id"),
  "aws:username": ({ principal }) => (principal.kind === "user" ? principal.name : undefined),
  "aws:principalisawsservice": ({ principal }) => yesOrNo(principal.kind === "service"),
  "aws:principalservicename": ({ principal }) =>
    principal.kind === "service" ? principal.name : undefined,
  "aws:principalservicenameslist": ({ principal }) =>
    principal.kind === "service" ? [principal.name] : undefined,
  "aws:sourceip": ({ request }) => sourceIp(request),
  "aws:securetransport": ({ request }) => yesOrNo(request.secure),
  "aws:currenttime": ({ request }) => isoSeconds(request.timeMs),
  "aws:epochtime": ({ request }) => String(Math.floor(request.timeMs / 1000)),
  "aws:requestedregion": ({ demand, request }) => demand.region ?? request.region,
  "aws:useragent": ({ request }) => request.userAgent || undefined,
  "aws:resourceaccount": ({ demand }) => demand.target.account,
  "aws:sourcearn": ({ request }) => request.sourceArn,
  "aws:sourceaccount": ({ request }) => request.sourceAccount,
  "aws:viaawsservice": ({ request, principal }) =>
    yesOrNo(request.via !== undefined && principal.kind !== "service"),
  "aws:calledvia": ({ request }) =>
    request.via === undefined ? undefined : [serviceName(request.via)],
  "aws:calledviafirst": ({ request }) =>
    request.via === undefined ? undefined : serviceName(request.via),
  "aws:calledvialast": ({ request }) =>
    request.via === undefined ? undefined : serviceName(request.via),
  "aws:multifactorauthpresent": ({ principal }) => {
    const session = sessionOf(principal);
    return session && yesOrNo(session.mfa);
  },
  "aws:multifactorauthage": ({ principal, request }) => {
    const session = sessionOf(principal);
    if (!session?.mfa) return undefined;
    return String(Math.max(0, Math.floor((request.timeMs - session.issuedAtMs) / 1000)));
  },
  "aws:tokenissuetime": ({ principal }) => {
    const session = sessionOf(principal);
    return session && isoSeconds(session.issuedAtMs);
  },
  "aws:sourceidentity": ({ principal }) => sessionOf(principal)?.sourceIdentity,
  "kinesisanalytics:sourceapplicationarn": ({ principal }) => sessionOf(principal)?.application,
};

type Tags = Readonly<Record<string, string>>;

const loweredTags = new WeakMap<Tags, ReadonlyMap<string, string>>();

/** The value of a tag; condition keys tell no cases apart, and neither do the tag keys in them. */
function tag(tags: Tags | undefined, key: string): Fact {
  if (!tags) return undefined;
  let lowered = loweredTags.get(tags);
  if (!lowered) {
    lowered = new Map(Object.entries(tags).map(([name, value]) => [name.toLowerCase(), value]));
    loweredTags.set(tags, lowered);
  }
  return lowered.get(key);
}

/** Keys about the request itself that only its service can read out of the input. */
const requestTags = /^aws:(?:requesttag\/|tagkeys$)/;

function contextOf(light: Light): Record<string, Fact> | undefined {
  const { context } = light.demand;
  if (typeof context !== "function") return context;
  light.context ??= context();
  return light.context;
}

/** The value of a condition key, by its name in lower case. No service can fill a global key, but for request tags. */
export function findFact(light: Light, key: string): Fact {
  const global = Object.hasOwn(globalKeys, key) ? globalKeys[key] : undefined;
  if (global) return global(light);
  const { demand, principal } = light;
  const context = contextOf(light);
  const named = context && Object.hasOwn(context, key) && context[key];
  if (named && (!key.startsWith("aws:") || requestTags.test(key))) return named;
  const slash = key.indexOf("/");
  if (slash < 0) return undefined;
  // `aws:ResourceTag/team`, and the same under the prefix of a service: `iam:ResourceTag/team`.
  if (key.slice(0, slash).endsWith(":resourcetag"))
    return tag(demand.target.tags, key.slice(slash + 1));
  if (!key.startsWith("aws:principaltag/")) return undefined;
  return principal.kind === "service" || principal.kind === "anonymous"
    ? undefined
    : tag(principal.tags, key.slice(slash + 1));
}
