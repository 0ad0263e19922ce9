import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { CloudTrailClient, LookupEventsCommand } from "@aws-sdk/client-cloudtrail";
import { CreateAccessKeyCommand, CreateUserCommand, IAMClient } from "@aws-sdk/client-iam";
import { CreateKeyCommand, KMSClient } from "@aws-sdk/client-kms";
import { type Keys, type Running, startBondstore } from "./bondstore.ts";

/** What the tests of every encryption client start from. */
export interface EncryptionPlace {
  readonly running: Running;
  readonly root: Keys;
  readonly kms: KMSClient;
  /** ARNs of two keys whose policy lets the account decide. */
  readonly key: string;
  readonly other: string;
  /** A user of the account whom nothing allows anything. */
  readonly nobody: Keys & { readonly arn: string };
  /** Events of the account's trail with this name, newest first, as `user:code`. */
  events(name: string): Promise<readonly string[]>;
}

/** Starts a Bondstore with a tenant, two keys and a user without permissions. */
export async function startEncryption(t: TestContext): Promise<EncryptionPlace> {
  const running = await startBondstore(t);
  const { root } = await running.tenant("acme");
  const [kms, iam] = [new KMSClient(running.client(root)), new IAMClient(running.client(root))];
  const trail = new CloudTrailClient(running.client(root));
  t.after(() => {
    for (const client of [kms, iam, trail]) client.destroy();
  });
  const makeKey = async () => {
    const { KeyMetadata } = await kms.send(new CreateKeyCommand({}));
    assert.ok(KeyMetadata?.Arn);
    return KeyMetadata.Arn;
  };
  const [key, other] = [await makeKey(), await makeKey()];
  const { User } = await iam.send(new CreateUserCommand({ UserName: "nobody" }));
  const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName: "nobody" }));
  assert.ok(User?.Arn && AccessKey?.AccessKeyId && AccessKey.SecretAccessKey);
  const { AccessKeyId: accessKeyId, SecretAccessKey: secretAccessKey } = AccessKey;
  const nobody = { accessKeyId, secretAccessKey, arn: User.Arn };
  return {
    running,
    root,
    kms,
    key,
    other,
    nobody,
    async events(AttributeValue) {
      const LookupAttributes = [{ AttributeKey: "EventName" as const, AttributeValue }];
      const { Events = [] } = await trail.send(new LookupEventsCommand({ LookupAttributes }));
      return Events.map(({ CloudTrailEvent = "" }) => {
        const { userIdentity, errorCode } = JSON.parse(CloudTrailEvent);
        return `${userIdentity.userName ?? "root"}:${errorCode ?? "ok"}`;
      });
    },
  };
}

/** What a script of another language is told about the place. */
export const told = ({ key, other, nobody, running }: EncryptionPlace): string =>
  JSON.stringify({ key, other, nobody, region: running.region });
