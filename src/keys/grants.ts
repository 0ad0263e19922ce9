import type { Principal } from "../identity/principal.ts";
import type { Grant, GrantConstraints, KeyRecord } from "./key-record.ts";
import type { KeyUsage } from "./key-specs.ts";
import type { Context } from "./keys.ts";

/** Operations with an encryption context, which obey constraints. */
const withContext = new Set([
  "Decrypt",
  "Encrypt",
  "GenerateDataKey",
  "GenerateDataKeyWithoutPlaintext",
  "ReEncryptFrom",
  "ReEncryptTo",
  "GenerateDataKeyPair",
  "GenerateDataKeyPairWithoutPlaintext",
]);

const ofEveryKey = ["CreateGrant", "RetireGrant", "DescribeKey"];
const ofPairs: { readonly [Usage in KeyUsage]: readonly string[] } = {
  ENCRYPT_DECRYPT: ["Encrypt", "Decrypt", "ReEncryptFrom", "ReEncryptTo", "GetPublicKey"],
  SIGN_VERIFY: ["Sign", "Verify", "GetPublicKey"],
  GENERATE_VERIFY_MAC: ["GenerateMac", "VerifyMac"],
  KEY_AGREEMENT: ["DeriveSharedSecret", "GetPublicKey"],
  ENCAPSULATE_DECAPSULATE: ["Encapsulate", "Decapsulate", "GetPublicKey"],
};

/** Operations that a grant for such a key may allow (KMS Developer Guide, "Grant operations"). */
export const grantOperations = ({
  spec,
  usage,
}: Pick<KeyRecord, "spec" | "usage">): readonly string[] => [
  ...(spec === "SYMMETRIC_DEFAULT" ? withContext : ofPairs[usage]),
  ...ofEveryKey,
];

/** The grants of one key, by what they are looked up for. */
export class GrantBook {
  readonly #byId = new Map<string, Grant>();
  readonly #byGrantee = new Map<string, Set<Grant>>();

  constructor(grants: Iterable<Grant>) {
    for (const grant of grants) this.add(grant);
  }

  get size(): number {
    return this.#byId.size;
  }

  find(id: string): Grant | undefined {
    return this.#byId.get(id);
  }

  /** All grants, the oldest first. */
  all(): readonly Grant[] {
    return [...this.#byId.values()].sort(
      (left, right) => left.createdAtMs - right.createdAtMs || (left.id < right.id ? -1 : 1),
    );
  }

  /** Called by the key store once the change is on disk. */
  add(grant: Grant): void {
    if (this.#byId.has(grant.id)) return;
    this.#byId.set(grant.id, grant);
    const same = this.#byGrantee.get(grant.grantee);
    if (same) same.add(grant);
    else this.#byGrantee.set(grant.grantee, new Set([grant]));
  }

  /** Called by the key store once the change is on disk. */
  remove({ id, grantee }: Grant): void {
    const grant = this.#byId.get(id);
    if (!grant) return;
    this.#byId.delete(id);
    this.#byGrantee.get(grantee)?.delete(grant);
  }

  /** Grants that let a principal do this, with this encryption context. */
  allowing(
    principal: Principal,
    operation: string,
    context: Context = {},
    sourceArn?: string,
  ): readonly Grant[] {
    if (this.#byId.size === 0) return none;
    return namesOf(principal)
      .flatMap((name) => [...(this.#byGrantee.get(name) ?? [])])
      .filter(
        (grant) =>
          grant.operations.includes(operation) &&
          isGrantee(principal, grant) &&
          (!withContext.has(operation) || fits(grant.constraints, context)) &&
          (grant.constraints?.sourceArn === undefined || grant.constraints.sourceArn === sourceArn),
      );
  }
}

const none: readonly Grant[] = [];

/** By what a grant may name a principal: a role names all its sessions, a session itself. */
export function namesOf(principal: Principal): readonly string[] {
  switch (principal.kind) {
    case "anonymous":
      return [];
    case "service":
      return [principal.name];
    case "session":
      return [principal.arn, principal.sessionArn];
    default:
      return [principal.arn];
  }
}

/** Whether a principal that has the grantee's name is the one that it named when the grant was made. */
export function isGrantee(principal: Principal, { granteeId }: Pick<Grant, "granteeId">): boolean {
  if (granteeId === undefined) return true;
  if (principal.kind === "session") return principal.roleId === granteeId;
  return principal.kind === "user" && principal.id === granteeId;
}

/** Whether an encryption context meets a grant's constraints. Letter case counts. */
export function fits(constraints: GrantConstraints | undefined, context: Context): boolean {
  if (!constraints) return true;
  const { equals, subset } = constraints;
  if (equals && !(holds(context, equals) && holds(equals, context))) return false;
  return !subset || holds(context, subset);
}

function holds(whole: Context, part: Context): boolean {
  return Object.entries(part).every(
    ([key, value]) => Object.hasOwn(whole, key) && whole[key] === value,
  );
}

/**
 * Whether a grant that is made by the right of another stays within it: no further operation, and constraints that
 * are at least as tight.
 */
export function isWithin(child: Pick<Grant, "operations" | "constraints">, parent: Grant): boolean {
  if (!child.operations.every((operation) => parent.operations.includes(operation))) return false;
  const bounds = parent.constraints;
  if (bounds?.sourceArn !== undefined && bounds.sourceArn !== child.constraints?.sourceArn) {
    return false;
  }
  if (!bounds || !child.operations.some((operation) => withContext.has(operation))) return true;
  const { equals, subset } = child.constraints ?? {};
  if (equals) return fits(bounds, equals);
  return !bounds.equals && subset !== undefined && fits(bounds, subset);
}
