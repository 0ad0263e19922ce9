import type { Operation } from "../../pipeline/operation.ts";
import * as accessKeys from "./access-keys.ts";
import * as account from "./account.ts";
import { attachmentOperations } from "./attachments.ts";
import * as authorizationDetails from "./authorization-details.ts";
import { boundaryOperations } from "./boundaries.ts";
import * as groups from "./groups.ts";
import { inlinePolicyOperations } from "./inline-policies.ts";
import * as policies from "./policies.ts";
import * as policyVersions from "./policy-versions.ts";
import * as roles from "./roles.ts";
import * as simulation from "./simulation.ts";
import { tagOperations } from "./tags.ts";
import * as users from "./users.ts";

/** The operations that a module of a noun exports, beside what it shares with other nouns. */
const exportedBy = (noun: Readonly<Record<string, unknown>>): Operation[] =>
  Object.values(noun).filter(isOperation);

const isOperation = (value: unknown): value is Operation =>
  typeof value === "object" && value !== null && "name" in value && "parts" in value;

/** Every operation of IAM that is built, noun by noun. */
export const iamOperations: readonly Operation[] = [
  ...exportedBy(users),
  ...exportedBy(groups),
  ...exportedBy(roles),
  ...exportedBy(policies),
  ...exportedBy(policyVersions),
  ...attachmentOperations,
  ...inlinePolicyOperations,
  ...boundaryOperations,
  ...tagOperations,
  ...exportedBy(accessKeys),
  ...exportedBy(account),
  ...exportedBy(authorizationDetails),
  ...exportedBy(simulation),
];
