import type { AssumeRoleRequest, AssumeRoleResponse } from "@aws-sdk/client-sts";
import { requestTags } from "../../access/request-tags.ts";
import type { RoleFacts } from "../../identity/directory.ts";
import { assert } from "../../lib/assert.ts";
import type { Call } from "../../pipeline/call.ts";
import { type Checked, operation, ServiceError, type Target } from "../../pipeline/operation.ts";
import { shownCredentials, toCredentials } from "./credentials.ts";
import { readSessionPolicies } from "./session-policies.ts";
import { readSessionTags, type SessionTags } from "./session-tags.ts";

type Input = Checked<AssumeRoleRequest>;

/** The role as found and all that the session would have; without a role nothing allows it. */
interface Assumption extends Target {
  readonly role?: RoleFacts;
  readonly given: SessionTags;
  readonly sourceIdentity?: string;
}

const chainedSecondsMax = 3600;
const secondsDefault = 3600;

const roleForm = /^arn:aws:iam::(\d{12}):role\/[\w+=,.@/-]+$/;

function resolve(input: Input, call: Call): Assumption {
  const { principal, parts } = call;
  const [, account] = roleForm.exec(input.RoleArn) ?? [];
  if (account === undefined)
    throw new ServiceError("ValidationError", `${input.RoleArn} is invalid`);
  if (principal.kind === "root") {
    throw new ServiceError("AccessDenied", "Roles may not be assumed by root accounts.");
  }
  const session =
    principal.kind === "service" || principal.kind === "anonymous" ? undefined : principal.session;
  const inherited = session?.sourceIdentity;
  if (inherited !== undefined && (input.SourceIdentity ?? inherited) !== inherited) {
    throw new ServiceError("AccessDenied", "The source identity of a session cannot be changed.");
  }
  const sourceIdentity = input.SourceIdentity ?? inherited;
  const found = {
    arn: input.RoleArn,
    account,
    authority: "resource" as const,
    type: "AWS::IAM::Role",
    given: readSessionTags(input, principal),
    ...(sourceIdentity !== undefined && { sourceIdentity }),
  };
  const role = parts.directory.findRole(input.RoleArn);
  // A role that is not there has no trust policy, so it is refused like one that trusts somebody else.
  return role ? { ...found, role, policy: role.trust, tags: role.tags } : found;
}

/** Temporary credentials of a role, for whom its trust policy names. */
export const assumeRole = operation("AssumeRole", {
  resolve,

  also(input, target) {
    const { given, sourceIdentity } = target;
    const further: string[] = [];
    if (Object.keys(given.tags).length > 0) further.push("sts:TagSession");
    if (sourceIdentity !== undefined) further.push("sts:SetSourceIdentity");
    return further.map((action) => ({ action, target, context: contextOf(input, target) }));
  },

  context: contextOf,

  async handle({ role, given, sourceIdentity }, input, call): Promise<AssumeRoleResponse> {
    assert(role, "a role that is not there allows nobody");
    const { directory } = call.parts;
    const policies = readSessionPolicies(input, given, directory.inAccount(role.account));
    const seconds = sessionSeconds(input, role, call);
    const made = await directory.startRoleSession(
      role,
      input.RoleSessionName,
      {
        expiresAtMs: call.timeMs + seconds * 1000,
        policies: policies.texts,
        mfa: false,
        ...(sourceIdentity !== undefined && { sourceIdentity }),
        ...applicationOf(call),
        ...(given.transitive.length > 0 && { transitiveTags: given.transitive }),
      },
      given.tags,
    );
    const session = input.RoleSessionName;
    return {
      Credentials: toCredentials(made),
      AssumedRoleUser: {
        AssumedRoleId: `${role.id}:${session}`,
        Arn: `arn:aws:sts::${role.account}:assumed-role/${role.name}/${session}`,
      },
      ...(policies.packedPercent > 0 && { PackedPolicySize: policies.packedPercent }),
      ...(sourceIdentity !== undefined && { SourceIdentity: sourceIdentity }),
    };
  },

  responseElements: ({ Credentials, AssumedRoleUser }) => ({
    credentials: shownCredentials(Credentials),
    assumedRoleUser: {
      assumedRoleId: AssumedRoleUser?.AssumedRoleId ?? "",
      arn: AssumedRoleUser?.Arn ?? "",
    },
  }),
});

/** A session that a service begins for a resource of its own stays bound to that resource. */
function applicationOf({ principal, source }: Call): { readonly application?: string } {
  if (principal.kind !== "service" || source.sourceArn === undefined) return {};
  return { application: source.sourceArn };
}

function contextOf(input: Input, { given, sourceIdentity }: Assumption) {
  return {
    ...requestTags(Object.entries(given.tags)),
    "sts:rolesessionname": input.RoleSessionName,
    "sts:externalid": input.ExternalId,
    "sts:sourceidentity": sourceIdentity,
    ...(given.transitive.length > 0 && { "sts:transitivetagkeys": given.transitive }),
  };
}

function sessionSeconds(input: Input, role: RoleFacts, { principal }: Call): number {
  const seconds = input.DurationSeconds ?? secondsDefault;
  if (principal.kind === "session" && seconds > chainedSecondsMax) {
    throw new ServiceError(
      "ValidationError",
      "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.",
    );
  }
  if (seconds > role.maxSessionSeconds) {
    throw new ServiceError(
      "ValidationError",
      "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
    );
  }
  return seconds;
}
