import type { Json } from "../audit/trail.ts";
import type { Principal, Session } from "../identity/principal.ts";
import { isoSeconds } from "../lib/clock.ts";

type Fields = { readonly [key: string]: Json };

/** The name of a service without its region: `s3.us-east-1.amazonaws.com` is `s3.amazonaws.com` to the trail. */
export function serviceName(via: string): string {
  return via.replace(/^([^.]+)\.[a-z]{2}(?:-[a-z]+)+-\d+\.amazonaws\.com$/, "$1.amazonaws.com");
}

const identities = new WeakMap<Principal, Fields>();

/** CloudTrail's userIdentity: who acted, and the service that made the call for them, if one did. */
export function userIdentity(principal: Principal, via?: string): Fields {
  if (via !== undefined) return identityOf(principal, { invokedBy: serviceName(via) });
  const known = identities.get(principal);
  if (known) return known;
  const identity = identityOf(principal, {});
  identities.set(principal, identity);
  return identity;
}

function identityOf(principal: Principal, invokedBy: Fields): Fields {
  switch (principal.kind) {
    case "anonymous":
      return {
        type: "AWSAccount",
        principalId: "",
        accountId: "ANONYMOUS_PRINCIPAL",
        ...invokedBy,
      };
    case "service":
      return { type: "AWSService", invokedBy: principal.name };
    case "root":
      return {
        ...known("Root", principal, principal.arn),
        ...temporary(principal.session),
        ...invokedBy,
      };
    case "user":
      return {
        ...known("IAMUser", principal, principal.arn),
        userName: principal.name,
        ...temporary(principal.session),
        ...invokedBy,
      };
    case "session":
      return {
        ...known("AssumedRole", principal, principal.sessionArn),
        ...temporary(principal.session, {
          type: "Role",
          principalId: principal.roleId,
          arn: principal.arn,
          accountId: principal.account,
          userName: principal.roleName,
        }),
        ...invokedBy,
      };
  }
}

function known(
  type: string,
  principal: Exclude<Principal, { kind: "service" | "anonymous" }>,
  arn: string,
): Fields {
  const { id, account, accessKeyId } = principal;
  return {
    type,
    principalId: id,
    arn,
    accountId: account,
    ...(accessKeyId !== undefined && { accessKeyId }),
  };
}

function temporary(session: Session | undefined, sessionIssuer?: Fields): Fields {
  if (!session) return {};
  return {
    sessionContext: {
      ...(sessionIssuer && { sessionIssuer }),
      attributes: {
        creationDate: isoSeconds(session.issuedAtMs),
        mfaAuthenticated: String(session.mfa),
      },
      ...(session.sourceIdentity !== undefined && { sourceIdentity: session.sourceIdentity }),
    },
  };
}

/** Who acts, as one name: an ARN, or that of a service. */
export function principalArn(principal: Principal): string {
  switch (principal.kind) {
    case "anonymous":
      return "anonymous";
    case "service":
      return principal.name;
    case "session":
      return principal.sessionArn;
    case "root":
    case "user":
      return principal.arn;
  }
}

/** A principal as another account sees it in its trail: by its id and account alone. */
export function strangerIdentity(principal: Principal, shown: Fields): Fields {
  if (principal.kind === "service" || principal.kind === "anonymous") return shown;
  return { type: "AWSAccount", principalId: principal.id, accountId: principal.account };
}
