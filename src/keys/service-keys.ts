import { serviceName } from "../access/user-identity.ts";
import type { KeyStore } from "./key-store.ts";
import type { KeyUse } from "./keys.ts";
import { rootArn } from "./kms-key.ts";

const serviceAlias = /^(?:arn:aws:kms:[^:]*:(\d{12}):)?(alias\/aws\/([a-z0-9-]+))$/;
const making = new WeakMap<KeyStore, Map<string, Promise<unknown>>>();

/**
 * Makes an account's key of a service, such as `alias/aws/s3`, when that service asks for it first. Its policy lets
 * everybody in the account use it through that service, and nobody otherwise.
 */
export async function findOrMakeServiceKey(
  keys: KeyStore,
  keyId: string,
  { account, via }: KeyUse,
): Promise<void> {
  const [, owner = account, alias, service] = serviceAlias.exec(keyId) ?? [];
  if (alias === undefined || owner !== account) return;
  if (serviceName(via) !== `${service}.amazonaws.com`) return;
  if (keys.aliases.find(account, alias)) return;
  const place = `${account}/${alias}`;
  const running = making.get(keys) ?? new Map<string, Promise<unknown>>();
  making.set(keys, running);
  const made =
    running.get(place) ??
    keys.create(
      account,
      {
        description: `Default key that protects my ${service} data when no other key is defined`,
        policy: servicePolicy(account, `${service}.${keys.region}.amazonaws.com`),
        tags: {},
        manager: "AWS",
      },
      { alias },
    );
  running.set(place, made);
  try {
    await made;
  } finally {
    running.delete(place);
  }
}

function servicePolicy(account: string, via: string): string {
  return JSON.stringify({
    Version: "2012-10-17",
    Id: "auto-service-1",
    Statement: [
      {
        Sid: "Allow access through the service for all principals in the account",
        Effect: "Allow",
        Principal: { AWS: "*" },
        Action: [
          "kms:Encrypt",
          "kms:Decrypt",
          "kms:ReEncrypt*",
          "kms:GenerateDataKey*",
          "kms:CreateGrant",
          "kms:DescribeKey",
        ],
        Resource: "*",
        Condition: { StringEquals: { "kms:ViaService": via, "kms:CallerAccount": account } },
      },
      {
        Sid: "Allow direct access to key metadata to the account",
        Effect: "Allow",
        Principal: { AWS: rootArn(account) },
        Action: ["kms:Describe*", "kms:Get*", "kms:List*", "kms:RevokeGrant"],
        Resource: "*",
      },
    ],
  });
}
