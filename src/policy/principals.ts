import type { Asker } from "./asked.ts";
import { PolicyError } from "./policy-error.ts";

/**
 * How a statement names who asks. `direct`: the user, the session, the service, or everyone: it grants by itself.
 * `role`: the role of the session, so what limits the role limits the grant.
 * `account`: the asker's account, which leaves it to that account's identity policies.
 */
export type Naming = "direct" | "role" | "account";

/** A compiled `Principal` or `NotPrincipal`. */
export interface Principals {
  readonly negated: boolean;
  /** `*` is among them. */
  readonly everyone: boolean;
  /** Accounts named as a whole, by 12 digits. */
  readonly accounts: ReadonlySet<string>;
  /** ARNs of users, roles and sessions. */
  readonly arns: ReadonlySet<string>;
  readonly services: ReadonlySet<string>;
  readonly federated: ReadonlySet<string>;
}

const rootArn = /^arn:aws(?:-[a-z]+)*:iam::(\d{12}):root$/;
const principalArn =
  /^arn:aws(?:-[a-z]+)*:(?:iam::\d{12}:(?:user|role)\/[\w+=,.@/-]+|sts::\d{12}:(?:assumed-role\/[\w+=,.@-]+\/[\w+=,.@-]+|federated-user\/[\w+=,.@-]+))$/;
const serviceName = /^[a-z0-9.-]+\.(?:amazonaws\.com|aws\.internal|amazon\.com)(?:\.cn)?$/;
const federatedName =
  /^(?:arn:aws(?:-[a-z]+)*:iam::\d{12}:(?:saml-provider|oidc-provider)\/\S+|[a-z0-9-]+(?:\.[a-z0-9-]+)+(?:\/\S*)?)$/;

/** Most principals in one statement. */
const principalsMax = 1000;

/** Reads a `Principal` or `NotPrincipal`. Throws `PolicyError`. */
export function compilePrincipals(source: unknown, negated: boolean): Principals {
  const found = {
    negated,
    everyone: source === "*",
    accounts: new Set<string>(),
    arns: new Set<string>(),
    services: new Set<string>(),
    federated: new Set<string>(),
  };
  if (source === "*") return found;
  if (typeof source !== "object" || source === null || Array.isArray(source))
    throw new PolicyError("Invalid principal in policy.");
  const kinds = Object.entries(source);
  if (kinds.length === 0) throw new PolicyError("Missing required field Principal");
  for (const [kind, value] of kinds) {
    const names: unknown[] = Array.isArray(value) ? value : [value];
    if (names.length === 0 || names.length > principalsMax)
      throw new PolicyError("Invalid principal in policy.");
    for (const name of names) {
      if (typeof name !== "string" || !addName(found, kind, name)) throw invalid(kind, name);
    }
  }
  return found;
}

interface Growing {
  everyone: boolean;
  readonly accounts: Set<string>;
  readonly arns: Set<string>;
  readonly services: Set<string>;
  readonly federated: Set<string>;
}

function addName(found: Growing, kind: string, name: string): boolean {
  switch (kind) {
    case "AWS":
      if (name === "*") found.everyone = true;
      else if (/^\d{12}$/.test(name)) found.accounts.add(name);
      else if (rootArn.test(name)) found.accounts.add(rootArn.exec(name)?.[1] ?? "");
      else if (principalArn.test(name)) found.arns.add(name);
      else return false;
      return true;
    case "Service":
      found.services.add(name);
      return serviceName.test(name);
    case "Federated":
      found.federated.add(name);
      return federatedName.test(name);
    case "CanonicalUser":
      // Accepted for S3's sake; nobody here has a canonical user id, so it names nobody.
      return /^[0-9a-f]{64}$/.test(name);
    default:
      return false;
  }
}

const invalid = (kind: string, name: unknown): PolicyError =>
  new PolicyError(`Invalid principal in policy: ${JSON.stringify(kind)}:${JSON.stringify(name)}`);

/** How the statement names the asker; undefined when it does not. */
export function findNaming(
  principals: Principals,
  asker: Asker,
  effect: "allow" | "deny",
): Naming | undefined {
  if (!principals.negated) return findNamed(principals, asker);
  if (effect === "allow") return findNamed(principals, asker) === undefined ? "direct" : undefined;
  return isSpared(principals, asker) ? undefined : "direct";
}

function findNamed(principals: Principals, asker: Asker): Naming | undefined {
  if (principals.everyone) return "direct";
  if (asker.kind === "service") return principals.services.has(asker.arn) ? "direct" : undefined;
  if (asker.federated !== undefined && principals.federated.has(asker.federated)) return "direct";
  if (asker.kind === "anonymous") return undefined;
  if (asker.sessionArn !== undefined && principals.arns.has(asker.sessionArn)) return "direct";
  if (principals.arns.has(asker.arn)) return asker.kind === "session" ? "role" : "direct";
  if (principals.accounts.has(asker.account)) return asker.kind === "root" ? "direct" : "account";
  return undefined;
}

/** A deny with NotPrincipal spares only whom it lists in full: the account, the user or role, and the session. */
function isSpared(principals: Principals, asker: Asker): boolean {
  if (principals.everyone) return true;
  switch (asker.kind) {
    case "service":
    case "anonymous":
      return findNamed(principals, asker) !== undefined;
    case "root":
      return principals.accounts.has(asker.account);
    case "user":
      return principals.accounts.has(asker.account) && principals.arns.has(asker.arn);
    case "session":
      return (
        principals.accounts.has(asker.account) &&
        principals.arns.has(asker.arn) &&
        asker.sessionArn !== undefined &&
        principals.arns.has(asker.sessionArn)
      );
  }
}
