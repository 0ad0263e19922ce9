import type { CreateGrantRequest, GrantListEntry } from "@aws-sdk/client-kms";
import type { Directory } from "../../identity/directory.ts";
import { grantOperations } from "../../keys/grants.ts";
import type { Grant } from "../../keys/key-record.ts";
import { type KmsKey, rootArn } from "../../keys/kms-key.ts";
import { type Checked, ServiceError } from "../../pipeline/operation.ts";

/** What a grant that is to be made says. */
export type NewGrant = Pick<
  Grant,
  "name" | "grantee" | "granteeId" | "retiring" | "operations" | "constraints"
>;

const principalArn =
  /^arn:aws:(?:iam::\d{12}:(?:root|user\/.+|role\/.+|federated-user\/.+)|sts::\d{12}:(?:assumed-role|federated-user)\/.+)$/;
const service = /^[a-z0-9.-]+\.amazonaws\.com$/;

/** Reads and checks what a grant is to say. Throws KMS's refusals. */
export function readGrant(input: Checked<CreateGrantRequest>): NewGrant {
  const grantee = principalOf("grantee", input.GranteePrincipal, input.GranteeServicePrincipal);
  if (grantee === undefined) {
    throw new ServiceError("ValidationException", "A grantee principal must be given");
  }
  const retiring = principalOf("retiring", input.RetiringPrincipal, input.RetiringServicePrincipal);
  const constraints = constraintsOf(input);
  return {
    grantee,
    operations: [...new Set(input.Operations)],
    ...(input.Name !== undefined && { name: input.Name }),
    ...(retiring !== undefined && { retiring }),
    ...(constraints && { constraints }),
  };
}

/** Refuses operations that a key of this kind does not have, and constraints where there is no context to bind. */
export function checkGrant({ record }: KmsKey, { operations, constraints }: NewGrant): void {
  const possible = grantOperations(record);
  const unknown = operations.find((name) => !possible.includes(name));
  if (unknown !== undefined) {
    throw new ServiceError(
      "ValidationException",
      `Grant operation ${unknown} is not supported for key spec ${record.spec} and key usage ${record.usage}`,
    );
  }
  if (record.spec !== "SYMMETRIC_DEFAULT" && (constraints?.equals || constraints?.subset)) {
    throw new ServiceError(
      "ValidationException",
      "Encryption context constraints are for grants on symmetric encryption keys",
    );
  }
}

function principalOf(
  what: string,
  arn: string | undefined,
  name: string | undefined,
): string | undefined {
  if (arn !== undefined && name !== undefined) {
    throw new ServiceError("ValidationException", `Only one ${what} principal may be given`);
  }
  const given = arn ?? name;
  const right = arn !== undefined ? principalArn : service;
  if (given !== undefined && !right.test(given)) {
    throw new ServiceError(
      "InvalidArnException",
      `ARN does not refer to a valid principal: ${given}`,
    );
  }
  return given;
}

function constraintsOf({ Constraints }: Checked<CreateGrantRequest>): Grant["constraints"] {
  const { EncryptionContextEquals: equals, EncryptionContextSubset: subset } = Constraints ?? {};
  const sourceArn = Constraints?.SourceArn;
  if (!equals && !subset && sourceArn === undefined) return undefined;
  return {
    ...(equals && { equals }),
    ...(subset && { subset }),
    ...(sourceArn !== undefined && { sourceArn }),
  };
}

/** The unique id of the user or role that an ARN names now; undefined where there is none, as for a service. */
export function granteeIdOf(
  arn: string,
  directory: Pick<Directory, "findAccount" | "findRole" | "inAccount">,
): string | undefined {
  const [, account = "", kind, rest = ""] =
    /^arn:aws:(?:iam|sts)::(\d{12}):(user|role|assumed-role)\/(.+)$/.exec(arn) ?? [];
  if (kind === undefined || directory.findAccount(account)?.id !== account) return undefined;
  if (kind === "role") return directory.findRole(arn)?.id;
  const { users, roles } = directory.inAccount(account);
  if (kind === "assumed-role") return roles.find(rest.split("/", 1)[0] ?? "")?.id;
  const user = users.find(rest.slice(rest.lastIndexOf("/") + 1));
  return user?.arn === arn ? user.id : undefined;
}

/** A grant as the lists show it. */
export function entryOf(grant: Grant, key: Pick<KmsKey, "arn">): GrantListEntry {
  const { constraints, grantee, retiring } = grant;
  return {
    KeyId: key.arn,
    GrantId: grant.id,
    Name: grant.name ?? "",
    CreationDate: new Date(grant.createdAtMs),
    ...(service.test(grantee)
      ? { GranteeServicePrincipal: grantee }
      : { GranteePrincipal: grantee }),
    ...(retiring !== undefined &&
      (service.test(retiring)
        ? { RetiringServicePrincipal: retiring }
        : { RetiringPrincipal: retiring })),
    IssuingAccount: grant.issuer,
    Operations: grant.operations as NonNullable<GrantListEntry["Operations"]>,
    ...(constraints && {
      Constraints: {
        ...(constraints.equals && { EncryptionContextEquals: constraints.equals }),
        ...(constraints.subset && { EncryptionContextSubset: constraints.subset }),
        ...(constraints.sourceArn !== undefined && { SourceArn: constraints.sourceArn }),
      },
    }),
  };
}

/** A named grant that says the same already: CreateGrant may be repeated safely. */
export function findSame(key: KmsKey, wanted: NewGrant, account: string): Grant | undefined {
  if (wanted.name === undefined) return undefined;
  const text = saying({ ...wanted, issuer: rootArn(account) });
  return key.grants.all().find((grant) => saying(grant) === text);
}

function saying(grant: NewGrant & { readonly issuer: string }): string {
  const { name, grantee, granteeId, retiring, operations, constraints, issuer } = grant;
  const sorted = (pairs?: Readonly<Record<string, string>>) =>
    pairs && Object.entries(pairs).sort();
  return JSON.stringify([
    name,
    grantee,
    granteeId,
    retiring,
    operations.toSorted(),
    sorted(constraints?.equals),
    sorted(constraints?.subset),
    constraints?.sourceArn,
    issuer,
  ]);
}
