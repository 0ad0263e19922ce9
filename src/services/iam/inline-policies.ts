import { noSuchInline } from "../../identity/holder-policies.ts";
import { pageOf } from "../../identity/pages.ts";
import type { HolderKind } from "../../identity/records.ts";
import type { Call } from "../../pipeline/call.ts";
import { type Operation, operation } from "../../pipeline/operation.ts";
import { encodeDocument, pageEnd, pageRequest } from "./answers.ts";
import { findHolder, holderKinds, holderWords, type NamesHolder } from "./holders.ts";

interface Naming extends NamesHolder {
  readonly PolicyName: string;
}

interface Putting extends Naming {
  readonly PolicyDocument: string;
}

interface Listing extends NamesHolder {
  readonly Marker?: string | undefined;
  readonly MaxItems?: number | undefined;
}

function inlinePolicies(kind: HolderKind): Operation[] {
  const noun = holderWords[kind];
  const resolve = (input: NamesHolder, call: Call) => findHolder(kind, input, call);
  const context = (_input: unknown, { boundary }: { readonly boundary?: string }) => ({
    "iam:permissionsboundary": boundary,
  });

  return [
    operation(`Put${noun}Policy`, {
      resolve,
      context,
      handle: ({ home, record }, { PolicyName, PolicyDocument }: Putting) =>
        home.policiesOf[kind].putInline(record, PolicyName, PolicyDocument),
    }),

    operation(`Get${noun}Policy`, {
      resolve,
      handle({ record }, { PolicyName }: Naming) {
        const text = Object.hasOwn(record.inline, PolicyName) && record.inline[PolicyName];
        if (!text) throw noSuchInline(kind, PolicyName);
        return {
          [`${noun}Name`]: record.name,
          PolicyName,
          PolicyDocument: encodeDocument(text),
        };
      },
    }),

    operation(`Delete${noun}Policy`, {
      resolve,
      context,
      handle: ({ home, record }, { PolicyName }: Naming) =>
        home.policiesOf[kind].removeInline(record, PolicyName),
    }),

    operation(`List${noun}Policies`, {
      resolve: (input: Listing, call: Call) => resolve(input, call),
      handle({ record }, input) {
        const page = pageOf(Object.keys(record.inline).sort(), pageRequest(input));
        return { PolicyNames: [...page.items], ...pageEnd(page) };
      },
    }),
  ];
}

/** Policies written into users, groups and roles: put, get, list, delete. */
export const inlinePolicyOperations: readonly Operation[] = holderKinds.flatMap(inlinePolicies);
