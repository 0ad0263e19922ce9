import { ServiceError } from "../lib/service-error.ts";
import { compilePolicy } from "../policy/policy.ts";
import type { Applied, Fact } from "../policy/question.ts";
import type { GrantBook } from "./grants.ts";
import type { KeyRecord } from "./key-record.ts";

/** A KMS key in memory, as it was when it was found: its policy compiled, its grants at hand. */
export interface KmsKey {
  readonly account: string;
  readonly arn: string;
  readonly record: KeyRecord;
  readonly policy: Applied;
  readonly grants: GrantBook;
  /** Condition keys that say what kind of key it is. */
  readonly facts: Readonly<Record<string, Fact>>;
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
    policy: {
      name: `key policy of ${arn}`,
      policy: compilePolicy(record.policy, "resource"),
    },
    facts: {
      "kms:keyorigin": "AWS_KMS",
      "kms:keyspec": "SYMMETRIC_DEFAULT",
      "kms:keyusage": "ENCRYPT_DECRYPT",
      "kms:multiregion": "false",
      "kms:resourcealiases": record.aliases.length === 0 ? undefined : record.aliases,
    },
  };
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
