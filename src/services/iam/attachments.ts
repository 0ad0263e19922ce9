import type { AttachedPolicy } from "@aws-sdk/client-iam";
import type { AccountDirectory } from "../../identity/account-directory.ts";
import { pageOf } from "../../identity/pages.ts";
import type { HolderKind } from "../../identity/records.ts";
import type { Call } from "../../pipeline/call.ts";
import { type Operation, operation } from "../../pipeline/operation.ts";
import { pageEnd, pageRequest } from "./answers.ts";
import { checkPolicyArn } from "./find.ts";
import { findHolder, holderKinds, holderWords, type NamesHolder } from "./holders.ts";

interface Attaching extends NamesHolder {
  readonly PolicyArn: string;
}

interface Listing extends NamesHolder {
  readonly PathPrefix?: string | undefined;
  readonly Marker?: string | undefined;
  readonly MaxItems?: number | undefined;
}

/** Attached policies as IAM answers them. */
export function toAttached(
  arns: readonly string[],
  home: AccountDirectory,
  pathPrefix = "/",
): AttachedPolicy[] {
  return arns
    .flatMap((arn) => home.policies.find(arn) ?? [])
    .filter(({ path }) => path.startsWith(pathPrefix))
    .map(({ name, arn }) => ({ PolicyName: name, PolicyArn: arn }));
}

function attaching(kind: HolderKind): Operation[] {
  const noun = holderWords[kind];
  const resolve = (input: Attaching, call: Call) => {
    checkPolicyArn(input.PolicyArn);
    return findHolder(kind, input, call);
  };
  const context = ({ PolicyArn }: Attaching, { boundary }: { readonly boundary?: string }) => ({
    "iam:policyarn": PolicyArn,
    "iam:permissionsboundary": boundary,
  });

  return [
    operation(`Attach${noun}Policy`, {
      resolve,
      context,
      handle: ({ home, record }, { PolicyArn }) => home.policiesOf[kind].attach(record, PolicyArn),
    }),
    operation(`Detach${noun}Policy`, {
      resolve,
      context,
      handle: ({ home, record }, { PolicyArn }) => home.policiesOf[kind].detach(record, PolicyArn),
    }),
    operation(`ListAttached${noun}Policies`, {
      resolve: (input: Listing, call: Call) => findHolder(kind, input, call),
      handle({ home, record }, input) {
        const all = toAttached(record.attached, home, input.PathPrefix);
        const page = pageOf(all, pageRequest(input));
        return { AttachedPolicies: [...page.items], ...pageEnd(page) };
      },
    }),
  ];
}

/** Managed policies on users, groups and roles: attach, detach, list. */
export const attachmentOperations: readonly Operation[] = holderKinds.flatMap(attaching);
