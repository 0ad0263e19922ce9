import { ServiceError } from "../lib/service-error.ts";
import { awsManagedPolicies } from "./aws-managed.ts";
import { checkPolicy, policySize } from "./compiled.ts";
import { countOf, keyOf } from "./holders.ts";
import { uniqueId } from "./ids.ts";
import { limits } from "./limits.ts";
import { type Page, type PageRequest, page, pageOf } from "./pages.ts";
import { findManaged, usesOf } from "./policy-uses.ts";
import type { PolicyRecord, PolicyVersion, Tags } from "./records.ts";
import { checkRoom, refuseWhile } from "./refusals.ts";
import type { AccountScope } from "./tables.ts";

export interface NewPolicy {
  readonly name: string;
  readonly document: string;
  readonly path?: string | undefined;
  readonly description?: string | undefined;
  readonly tags?: Tags;
}

/** Policies with a name and versions of their own, to attach to many. */
export interface ManagedPolicies {
  /** The policy of this ARN, AWS's or the account's own. */
  find(arn: string): PolicyRecord | undefined;
  list(which: "All" | "AWS" | "Local", wanted: Wanted, request: PageRequest): Page<PolicyRecord>;
  create(wanted: NewPolicy): Promise<PolicyRecord>;
  /** Refuses while it is attached, or has versions beside the default one. */
  remove(policy: PolicyRecord): Promise<void>;
  createVersion(policy: PolicyRecord, document: string, isDefault: boolean): Promise<PolicyVersion>;
  /** Refuses to remove the default version. */
  removeVersion(policy: PolicyRecord, id: string): Promise<void>;
  setDefault(policy: PolicyRecord, id: string): Promise<void>;
  /** Replaces the tags. */
  tag(policy: PolicyRecord, next: (tags: Tags) => Tags): Promise<void>;
}

type Wanted = (policy: PolicyRecord) => boolean;

/** ARN of a managed policy of an account, whether there is one or not. */
export const policyArn = (account: string, path: string, name: string): string =>
  `arn:aws:iam::${account}:policy${path}${name}`;

/** IAM's word for a version that the policy has not got. */
export const noSuchVersion = (arn: string, id: string): ServiceError =>
  new ServiceError("NoSuchEntity", `Policy ${arn} version ${id} does not exist.`);

function checkDocument(document: string): void {
  checkPolicy(document, "identity");
  if (policySize(document) <= limits.policySize) return;
  throw new ServiceError(
    "LimitExceeded",
    `Cannot exceed quota for PolicySize: ${limits.policySize}`,
  );
}

export function createManagedPolicies(scope: AccountScope): ManagedPolicies {
  const { policies } = scope.tables;

  async function create(wanted: NewPolicy): Promise<PolicyRecord> {
    const { name, document, path = "/", description, tags = {} } = wanted;
    checkDocument(document);
    const createdAtMs = scope.clock.now();
    const made: PolicyRecord = {
      id: uniqueId("ANPA", scope.random),
      name,
      arn: policyArn(scope.account, path, name),
      path,
      ...(description !== undefined && { description }),
      createdAtMs,
      updatedAtMs: createdAtMs,
      tags,
      defaultVersion: "v1",
      versions: [{ id: "v1", document, createdAtMs }],
      lastVersion: 1,
    };
    return scope.change(() => {
      if (policies.find([keyOf(name)])) {
        throw new ServiceError(
          "EntityAlreadyExists",
          `A policy called ${name} already exists. Duplicate names are not allowed.`,
        );
      }
      checkRoom(countOf(policies), limits.policiesPerAccount, "PoliciesPerAccount");
      policies.put([keyOf(name)], made);
      return made;
    });
  }

  /** The policy as it is now, inside a change: the very one that was judged. */
  function now(judged: PolicyRecord): PolicyRecord {
    const found = policies.find([keyOf(judged.name)]);
    if (found?.id === judged.id) return found;
    throw new ServiceError("NoSuchEntity", `Policy ${judged.arn} was not found.`);
  }

  const revise = (judged: PolicyRecord, next: (policy: PolicyRecord) => PolicyRecord) =>
    scope.change(() => {
      const changed = next(now(judged));
      policies.put([keyOf(changed.name)], changed);
    });

  async function createVersion(judged: PolicyRecord, document: string, isDefault: boolean) {
    checkDocument(document);
    const createdAtMs = scope.clock.now();
    return scope.change(() => {
      const policy = now(judged);
      if (policy.versions.length >= limits.versionsPerPolicy) {
        throw new ServiceError(
          "LimitExceeded",
          "A managed policy can have up to 5 versions. Before you create a new version, you must " +
            "delete an existing version.",
        );
      }
      const lastVersion = policy.lastVersion + 1;
      const version = { id: `v${lastVersion}`, document, createdAtMs };
      policies.put([keyOf(policy.name)], {
        ...policy,
        lastVersion,
        versions: [...policy.versions, version],
        defaultVersion: isDefault ? version.id : policy.defaultVersion,
        updatedAtMs: createdAtMs,
      });
      return version;
    });
  }

  const remove = (judged: PolicyRecord) =>
    scope.change(() => {
      const policy = now(judged);
      refuseWhile(
        usesOf(scope, policy.arn).length > 0,
        "Cannot delete a policy attached to entities.",
      );
      refuseWhile(
        policy.versions.length > 1,
        "This policy has more than one version. Before you delete a policy, you must delete the " +
          "policy's versions. The default version is deleted with the policy.",
      );
      policies.remove([keyOf(policy.name)]);
    });

  function check(policy: PolicyRecord, id: string): void {
    if (!policy.versions.some((version) => version.id === id)) throw noSuchVersion(policy.arn, id);
  }

  return {
    find: (arn) => findManaged(scope, arn),
    list(which, wanted, request) {
      if (which === "Local") return page(policies, request, wanted);
      const own = which === "All" ? [...policies.range()].map(({ value }) => value) : [];
      return pageOf([...own, ...awsManagedPolicies].filter(wanted), request);
    },
    create,
    remove,
    createVersion,
    removeVersion: (judged, id) =>
      revise(judged, (policy) => {
        check(policy, id);
        refuseWhile(id === policy.defaultVersion, "Cannot delete the default version of a policy.");
        return { ...policy, versions: policy.versions.filter((version) => version.id !== id) };
      }),
    setDefault: (judged, id) =>
      revise(judged, (policy) => {
        check(policy, id);
        return { ...policy, defaultVersion: id, updatedAtMs: scope.clock.now() };
      }),
    tag: (judged, next) => revise(judged, (policy) => ({ ...policy, tags: next(policy.tags) })),
  };
}
