import { ServiceError } from "../lib/service-error.ts";
import { current, keyOf, tableOf, without } from "./holders.ts";
import { dropUse, findUsable, noteUse } from "./policy-uses.ts";
import type { RoleRecord, Tags, UserRecord } from "./records.ts";
import type { AccountScope } from "./tables.ts";

/** What users and roles have in common: tags, and a boundary around what they may do. */
export interface Identities {
  tag(of: UserRecord | RoleRecord, next: (tags: Tags) => Tags): Promise<void>;
  /** Bounds it by a managed policy, in place of another one. */
  bound(of: UserRecord | RoleRecord, arn: string): Promise<void>;
  unbound(of: UserRecord | RoleRecord): Promise<void>;
}

export function createIdentities(scope: AccountScope): Identities {
  type Identity = UserRecord | RoleRecord;
  const now = ({ kind, id, name }: Identity): Identity => current(scope, kind, { id, name });
  const write = (next: Identity): void =>
    tableOf(scope, next.kind).put([keyOf(next.name)], next as never);

  return {
    tag: (of, next) =>
      scope.change(() => {
        const identity = now(of);
        write({ ...identity, tags: next(identity.tags) });
      }),

    bound: (of, arn) =>
      scope.change(() => {
        const identity = now(of);
        findUsable(scope, arn);
        const use = `${identity.kind}-boundary` as const;
        if (identity.boundary !== undefined) dropUse(scope, identity.boundary, use, identity.name);
        noteUse(scope, arn, use, identity.name);
        write({ ...identity, boundary: arn });
      }),

    unbound: (of) =>
      scope.change(() => {
        const identity = now(of);
        const { kind, name, boundary } = identity;
        if (boundary === undefined) {
          throw new ServiceError(
            "NoSuchEntity",
            `The ${kind} ${name} has no permissions boundary.`,
          );
        }
        dropUse(scope, boundary, `${kind}-boundary`, name);
        write(
          identity.kind === "user" ? without(identity, "boundary") : without(identity, "boundary"),
        );
      }),
  };
}
