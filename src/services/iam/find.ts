import type { AccountDirectory } from "../../identity/account-directory.ts";
import { groupArn } from "../../identity/groups.ts";
import type { GroupRecord, PolicyRecord, RoleRecord, UserRecord } from "../../identity/records.ts";
import { noSuchEntity } from "../../identity/refusals.ts";
import { roleArn } from "../../identity/roles.ts";
import { userArn } from "../../identity/users.ts";
import { BrokenInvariant } from "../../lib/assert.ts";
import type { Call } from "../../pipeline/call.ts";
import { ServiceError, type Target } from "../../pipeline/operation.ts";

/** Something of an account, found once, with the account's directory that it is in. */
export interface Found<Record> extends Target {
  readonly home: AccountDirectory;
  readonly record: Record;
  /** ARN of the permissions boundary that the thing has. */
  readonly boundary?: string;
}

/** The account itself: for lists, and for what acts on no single thing. */
export interface Home extends Target {
  readonly home: AccountDirectory;
}

export const homeOf = (call: Call): AccountDirectory =>
  call.parts.directory.inAccount(call.account);

/** The caller's account as a target without a name. */
export const everything = (_input: unknown, call: Call): Home => ({
  arn: "*",
  account: call.account,
  home: homeOf(call),
});

/** A thing that is about to be made, as policies name it. */
export const making = (type: string, arn: string, call: Call): Home => ({
  type,
  arn,
  account: call.account,
  home: homeOf(call),
});

interface Named {
  readonly arn: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly boundary?: string;
}

function found<Kind extends Named>(
  type: string,
  call: Call,
  record: Kind | undefined,
  otherwise: { readonly arn: string; readonly refusal: ServiceError },
): Found<Kind> {
  const common = { type, account: call.account, home: homeOf(call) };
  if (!record) {
    const { arn, refusal } = otherwise;
    return {
      ...common,
      arn,
      absent: { refusal },
      get record(): Kind {
        throw new BrokenInvariant("nothing is done to what is not there");
      },
    };
  }
  const { arn, tags, boundary } = record;
  return {
    ...common,
    arn,
    record,
    ...(tags && { tags }),
    ...(boundary !== undefined && { boundary }),
  };
}

export function findUser(name: string, call: Call): Found<UserRecord> {
  return found("AWS::IAM::User", call, homeOf(call).users.find(name), {
    arn: userArn(call.account, "/", name),
    refusal: noSuchEntity("user", name),
  });
}

/** The user named, or the caller where none is named. */
export function findUserOrCaller(name: string | undefined, call: Call): Found<UserRecord> {
  if (name !== undefined) return findUser(name, call);
  if (call.principal.kind === "user") return findUser(call.principal.name, call);
  throw new ServiceError(
    "ValidationError",
    "Must specify userName when calling with non-User credentials",
  );
}

export function findGroup(name: string, call: Call): Found<GroupRecord> {
  return found("AWS::IAM::Group", call, homeOf(call).groups.find(name), {
    arn: groupArn(call.account, "/", name),
    refusal: noSuchEntity("group", name),
  });
}

export function findRole(name: string, call: Call): Found<RoleRecord> {
  return found("AWS::IAM::Role", call, homeOf(call).roles.find(name), {
    arn: roleArn(call.account, "/", name),
    refusal: noSuchEntity("role", name),
  });
}

const policyForm = /^arn:aws:iam::(?:\d{12}|aws):policy\/[\w+=,.@/-]+$/;

/** Refuses what cannot be the ARN of a managed policy. */
export function checkPolicyArn(arn: string): void {
  if (!policyForm.test(arn)) throw new ServiceError("InvalidInput", `ARN ${arn} is not valid.`);
}

/** The managed policy of this ARN: AWS's or the account's own. Another account's is not there. */
export function findPolicy(arn: string, call: Call): Found<PolicyRecord> {
  checkPolicyArn(arn);
  return found("AWS::IAM::ManagedPolicy", call, homeOf(call).policies.find(arn), {
    arn,
    refusal: new ServiceError("NoSuchEntity", `Policy ${arn} was not found.`),
  });
}

/** The account's own policy, to be changed: AWS's are everybody's. */
export function findOwnPolicy(arn: string, call: Call): Found<PolicyRecord> {
  const policy = findPolicy(arn, call);
  if (policy.absent || !arn.startsWith("arn:aws:iam::aws:")) return policy;
  const refusal = new ServiceError(
    "AccessDenied",
    `Policy ${arn} is AWS's own and stays as it is.`,
  );
  return { ...policy, absent: { refusal } };
}
