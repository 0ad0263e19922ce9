import { ServiceError } from "../lib/service-error.ts";
import { compilePolicy } from "../policy/policy.ts";
import type { Applied, Fact } from "../policy/question.ts";
import type { GrantBook } from "./grants.ts";
import type { KeyRecord } from "./key-record.ts";
import { quotaOf } from "./quotas.ts";

/** A KMS key in memory, as it was when it was found: its policy compiled, its grants at hand. */
export interface KmsKey {
  readonly account: string;
  readonly arn: string;
  readonly record: KeyRecord;
  readonly policy: Applied;
  readonly grants: GrantBook;
  /** Condition keys that say what kind of key it is. */
  readonly facts: Readonly<Record<string, Fact>>;
  /** How often it may be used. */
  readonly usesPerSecond: number;
}

/** Puts together what judging and using a key needs, once per change of it. */
export function toKmsKey(
  region: string,
  account: string,
  record: KeyRecord,
  grants: GrantBook,
): KmsKey {
  const arn = keyArn(region, account, record.id);
  return {
    account,
    arn,
    record,
    grants,
    usesPerSecond: quotaOf(record),
    policy: {
      name: `key policy of ${arn}`,
      policy: compilePolicy(record.policy, "resource"),
    },
    facts: {
      ...kindFacts(record),
      "kms:multiregionkeytype": multiRegionType(record, region),
      "kms:resourcealiases": record.aliases.length === 0 ? undefined : record.aliases,
    },
  };
}

/** Condition keys of what kind of key it is, for a key and for one that is to be made. */
export const kindFacts = (
  kind: Pick<KeyRecord, "origin" | "spec" | "usage" | "multiRegion">,
): Record<string, Fact> => ({
  "kms:keyorigin": kind.origin,
  "kms:keyspec": kind.spec,
  "kms:keyusage": kind.usage,
  "kms:multiregion": String(kind.multiRegion !== undefined),
});

/** What a key is among its related ones; undefined for a key of one Region. */
export function multiRegionType(
  { multiRegion }: Pick<KeyRecord, "multiRegion">,
  region: string,
): "PRIMARY" | "REPLICA" | undefined {
  if (!multiRegion) return undefined;
  return multiRegion.primaryRegion === region ? "PRIMARY" : "REPLICA";
}

export const keyArn = (region: string, account: string, id: string) =>
  `arn:aws:kms:${region}:${account}:key/${id}`;

export const aliasArn = (region: string, account: string, name: string) =>
  `arn:aws:kms:${region}:${account}:${name}`;

export const rootArn = (account: string) => `arn:aws:iam::${account}:root`;

/** KMS's refusal of an alias that somebody else has just set. */
export const aliasTaken = (region: string, account: string, name: string) =>
  new ServiceError(
    "AlreadyExistsException",
    `An alias with the name ${aliasArn(region, account, name)} already exists`,
  );

/** The policy of a key that was made without one: the account decides by its IAM policies. */
export function defaultKeyPolicy(account: string): string {
  return JSON.stringify(
    {
      Version: "2012-10-17",
      Id: "key-default-1",
      Statement: [
        {
          Sid: "Enable IAM User Permissions",
          Effect: "Allow",
          Principal: { AWS: rootArn(account) },
          Action: "kms:*",
          Resource: "*",
        },
      ],
    },
    null,
    2,
  );
}
