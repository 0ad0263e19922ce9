import type {
  CreateGrantRequest,
  CreateGrantResponse,
  ListGrantsRequest,
  ListGrantsResponse,
  ListRetirableGrantsRequest,
  RetireGrantRequest,
  RevokeGrantRequest,
} from "@aws-sdk/client-kms";
import { constraintFacts, grantFacts } from "../../keys/facts.ts";
import { isGrantee, isWithin, namesOf } from "../../keys/grants.ts";
import type { Grant } from "../../keys/key-record.ts";
import { checkState } from "../../keys/key-states.ts";
import { rootArn } from "../../keys/kms-key.ts";
import { dryRun } from "../../keys/use-key.ts";
import { type Checked, operation, ServiceError, type Target } from "../../pipeline/operation.ts";
import { factsOf, findByIdOrArn, type KeyTarget, type KmsCall, keyOf } from "./find-key.ts";
import {
  checkGrant,
  entryOf,
  findSame,
  granteeIdOf,
  type NewGrant,
  readGrant,
} from "./grant-rules.ts";
import { afterMarker, pageOf, restAfter } from "./page.ts";

const grantsPerKeyMax = 50_000;

interface NewGrantTarget extends KeyTarget {
  readonly wanted: NewGrant;
}

/** Lets somebody use a key, for some operations and contexts, without a change of policy. */
export const createGrant = operation("CreateGrant", {
  resolve(input: Checked<CreateGrantRequest>, call: KmsCall): NewGrantTarget {
    const { grants: _, ...target } = findByIdOrArn(input.KeyId, call, "CreateGrant");
    const read = readGrant(input);
    const granteeId = granteeIdOf(read.grantee, call.parts.directory);
    const wanted = { ...read, ...(granteeId !== undefined && { granteeId }) };
    // INVARIANT: who makes a grant by the right of another one hands on no more than that allows.
    const parents = target.reference.key?.grants
      .allowing(call.principal, "CreateGrant", {}, call.source.sourceArn)
      .filter((parent) => isWithin(wanted, parent))
      .map(({ id }) => `grant ${id}`);
    return { ...target, wanted, ...(parents?.length && { grants: parents }) };
  },
  context: (_input, { reference, wanted }, call) => ({
    ...factsOf(reference, call),
    ...grantFacts(wanted, call.source.via !== undefined || call.principal.kind === "service"),
  }),
  async handle({ wanted, ...target }, { DryRun }, call): Promise<CreateGrantResponse> {
    const { own: keys, account } = call;
    const key = keyOf(target);
    checkState("CreateGrant", key);
    checkGrant(key, wanted);
    if (key.grants.size >= grantsPerKeyMax) {
      throw new ServiceError(
        "LimitExceededException",
        `${key.arn} has the maximum number of grants`,
      );
    }
    if (DryRun) throw dryRun();
    const same = findSame(key, wanted, account);
    const grant: Grant = same ?? {
      ...wanted,
      id: keys.random.bytes(32).toString("hex"),
      keyId: key.record.id,
      issuer: rootArn(account),
      createdAtMs: call.timeMs,
    };
    if (!same) await keys.grants.add(key, grant);
    return { GrantId: grant.id, GrantToken: keys.grants.token(key, grant) };
  },
  responseElements: ({ GrantId }) => ({ grantId: GrantId }),
});

/** Condition keys of a call that concerns grants which services make for what they keep. */
const forResourceFacts = (_input: unknown, { reference }: KeyTarget, call: KmsCall) => ({
  ...factsOf(reference, call),
  "kms:grantisforawsresource": String(call.source.via !== undefined),
});

/** Shows who may use a key by grants, and for what. */
export const listGrants = operation("ListGrants", {
  resolve: ({ KeyId }: Checked<ListGrantsRequest>, call: KmsCall) =>
    findByIdOrArn(KeyId, call, "ListGrants"),
  context: forResourceFacts,
  handle(target, input): ListGrantsResponse {
    const { Limit = 50, Marker, GrantId } = input;
    const key = keyOf(target);
    const grantee = input.GranteePrincipal ?? input.GranteeServicePrincipal;
    const wanted = key.grants
      .all()
      .filter((grant) => GrantId === undefined || grant.id === GrantId)
      .filter((grant) => grantee === undefined || grant.grantee === grantee);
    const rest = restAfter(wanted, afterMarker(Marker), idOf);
    const { items, ...page } = pageOf(rest, Limit, idOf);
    return { Grants: items.map((grant) => entryOf(grant, key)), ...page };
  },
});

/** Shows the grants that a principal of the caller's account may retire. */
export const listRetirableGrants = operation("ListRetirableGrants", {
  resolve(input: Checked<ListRetirableGrantsRequest>, { account }: KmsCall): Target {
    const principal = input.RetiringPrincipal ?? input.RetiringServicePrincipal;
    if (principal === undefined) {
      throw new ServiceError("ValidationException", "A retiring principal must be given");
    }
    if (principal.startsWith("arn:") && principal.split(":")[4] !== account) {
      throw new ServiceError("InvalidArnException", `${principal} is not in account ${account}`);
    }
    return { arn: "*", account };
  },
  handle(_account, input, { own: keys, account }): ListGrantsResponse {
    const { Limit = 50, Marker } = input;
    const principal = input.RetiringPrincipal ?? input.RetiringServicePrincipal ?? "";
    // A service is everybody's: its grants are shown to the owner of the key alone.
    const shown = principal.startsWith("arn:") ? undefined : account;
    const found = keys.grants.retirable(principal, shown, afterMarker(Marker));
    const { items, ...page } = pageOf(found, Limit, ({ grant }) => grant.id);
    return {
      Grants: items.map(({ grant, key }) => entryOf(grant, key)),
      ...page,
    };
  },
});

interface GrantTarget extends KeyTarget {
  readonly grant?: Grant;
}

/** Gives a grant back: by its retiring principal, by its grantee if it says so, or by permission. */
export const retireGrant = operation("RetireGrant", {
  resolve({ GrantToken, KeyId, GrantId }: Checked<RetireGrantRequest>, call: KmsCall): GrantTarget {
    if (GrantToken === undefined && (KeyId === undefined || GrantId === undefined)) {
      throw new ServiceError("ValidationException", "Give a grant token, or a key and a grant id");
    }
    const found = GrantToken === undefined ? undefined : call.own.grants.findByToken(GrantToken);
    if (GrantToken !== undefined && !found) {
      throw new ServiceError("InvalidGrantTokenException", "The grant token is not valid");
    }
    const keyId = found?.key.arn ?? KeyId ?? "";
    const { grants: _, ...target } = findByIdOrArn(keyId, call, "RetireGrant");
    const grant = found?.grant ?? target.reference.key?.grants.find(GrantId ?? "");
    const own = grant && mayRetire(grant, call);
    return { ...target, ...(grant && { grant }), ...(own && { grants: [`grant ${grant.id}`] }) };
  },
  context: (_input, { reference, grant }, call) => ({
    ...factsOf(reference, call),
    ...constraintFacts(grant?.constraints),
  }),
  async handle(target, { GrantId, DryRun }, { own: keys }): Promise<void> {
    if (!target.grant) throw noGrant(GrantId);
    if (DryRun) throw dryRun();
    await keys.grants.remove(keyOf(target), target.grant);
  },
});

/** Takes a grant back; data keys already handed out are not recalled. */
export const revokeGrant = operation("RevokeGrant", {
  resolve: ({ KeyId }: Checked<RevokeGrantRequest>, call: KmsCall) =>
    findByIdOrArn(KeyId, call, "RevokeGrant"),
  context: forResourceFacts,
  async handle(target, { GrantId, DryRun }, { own: keys }): Promise<void> {
    const key = keyOf(target);
    const grant = key.grants.find(GrantId);
    if (!grant) throw noGrant(GrantId);
    if (DryRun) throw dryRun();
    await keys.grants.remove(key, grant);
  },
});

const idOf = ({ id }: Grant) => id;

const noGrant = (id: string | undefined) =>
  new ServiceError("NotFoundException", `Grant ID ${id} not found`);

function mayRetire(grant: Grant, { principal }: KmsCall): boolean {
  const names = namesOf(principal);
  if (grant.retiring !== undefined && names.includes(grant.retiring)) return true;
  const { grantee, operations } = grant;
  return (
    names.includes(grantee) && isGrantee(principal, grant) && operations.includes("RetireGrant")
  );
}
