import { serviceName } from "../access/user-identity.ts";
import type { Principal } from "../identity/principal.ts";
import type { Fact } from "../policy/question.ts";
import type { Grant } from "./key-record.ts";
import type { Context } from "./keys.ts";
import type { KmsKey } from "./kms-key.ts";

/** From where a key is used: what the condition keys of KMS are filled from. */
export interface UseFacts {
  readonly principal: Principal;
  readonly region: string;
  /** The service that calls for the principal. */
  readonly via?: string;
  /** The alias that named the key. */
  readonly alias?: string;
  readonly context?: Context;
}

/** KMS's condition keys for one use of a key, names in lower case. */
export function keyFacts(
  key: KmsKey | undefined,
  { principal, region, via, alias, context }: UseFacts,
): Record<string, Fact> {
  const facts: Record<string, Fact> = key ? { ...key.facts } : {};
  const serves = principal.kind === "service" || principal.kind === "anonymous";
  if (!serves) facts["kms:calleraccount"] = principal.account;
  // A service that acts by itself is known by aws:SourceArn and aws:SourceAccount, not as a go-between.
  if (via !== undefined && !serves) facts["kms:viaservice"] = viaService(via, region);
  if (alias !== undefined) facts["kms:requestalias"] = alias;
  if (context) addContext(facts, context);
  return facts;
}

function addContext(facts: Record<string, Fact>, context: Context): void {
  const names = Object.keys(context);
  if (names.length > 0) facts["kms:encryptioncontextkeys"] = names;
  for (const name of names) addValue(facts, name, context[name] ?? "");
}

/** Condition keys know no letter case: names that differ by it only give one key several values. */
function addValue(facts: Record<string, Fact>, name: string, value: string): void {
  const fact = `kms:encryptioncontext:${name.toLowerCase()}`;
  const before = facts[fact];
  facts[fact] = before === undefined ? value : [before, value].flat();
}

/** KMS's condition keys for a grant that is to be made. */
export function grantFacts(
  grant: Pick<Grant, "grantee" | "retiring" | "operations" | "constraints">,
  forService: boolean,
): Record<string, Fact> {
  return {
    ...constraintFacts(grant.constraints),
    "kms:grantoperations": grant.operations,
    [isService(grant.grantee) ? "kms:granteeserviceprincipal" : "kms:granteeprincipal"]:
      grant.grantee,
    [isService(grant.retiring) ? "kms:retiringserviceprincipal" : "kms:retiringprincipal"]:
      grant.retiring,
    "kms:grantconstraintsourcearn": grant.constraints?.sourceArn,
    "kms:grantisforawsresource": String(forService),
  };
}

/** KMS's condition keys for the constraints of a grant: what encryption context it is for. */
export function constraintFacts(constraints: Grant["constraints"] = {}): Record<string, Fact> {
  const { equals, subset } = constraints;
  const facts: Record<string, Fact> = {};
  addContext(facts, equals ?? subset ?? {});
  if (equals) facts["kms:grantconstrainttype"] = "EncryptionContextEquals";
  else if (subset) facts["kms:grantconstrainttype"] = "EncryptionContextSubset";
  return facts;
}

const isService = (principal: string | undefined): boolean => principal?.includes("/") === false;

/** `kms:ViaService` has the region: `s3.us-east-1.amazonaws.com`. */
function viaService(via: string, region: string): string {
  return serviceName(via).replace(/\.amazonaws\.com$/, `.${region}.amazonaws.com`);
}
