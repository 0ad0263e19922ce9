import { serviceName } from "../access/user-identity.ts";
import type { Json } from "../audit/trail.ts";
import type { Fact } from "../policy/question.ts";
import { grantFacts } from "./facts.ts";
import type { Context, KeyAction, KeyUse } from "./keys.ts";

/** What an action on a key says besides its encryption context. */
export interface Particulars {
  /** Further condition keys. */
  readonly facts?: Record<string, Fact>;
  /** As the trail shows it. */
  readonly parameters?: { readonly [name: string]: Json };
}

/** How a permission is tried that a service will need. */
export function trial(action: KeyAction, context: Context, use: KeyUse): Particulars {
  if (action === "Decrypt") return { parameters: { encryptionAlgorithm: "SYMMETRIC_DEFAULT" } };
  if (action !== "CreateGrant") return { parameters: { keySpec: "AES_256" } };
  const grantee = serviceName(use.via);
  const operations = ["Decrypt"];
  return {
    facts: grantFacts({ grantee, operations, constraints: { subset: context } }, true),
    parameters: {
      granteePrincipal: grantee,
      operations,
      constraints: { encryptionContextSubset: context },
    },
  };
}
