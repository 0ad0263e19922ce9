import assert from "node:assert/strict";
import { test } from "node:test";
import {
  AttachUserPolicyCommand,
  CreateAccessKeyCommand,
  CreateRoleCommand,
  CreateUserCommand,
  DeleteAccessKeyCommand,
  DeleteRoleCommand,
  DeleteUserCommand,
  DetachUserPolicyCommand,
  IAMClient,
  PutRolePolicyCommand,
  PutUserPolicyCommand,
} from "@aws-sdk/client-iam";
import {
  CreateGrantCommand,
  CreateKeyCommand,
  EncryptCommand,
  KMSClient,
} from "@aws-sdk/client-kms";
import {
  AssumeRoleCommand,
  GetCallerIdentityCommand,
  GetSessionTokenCommand,
  STSClient,
} from "@aws-sdk/client-sts";
import { type Keys, startBondstore } from "../support/bondstore.ts";

const administrator = "arn:aws:iam::aws:policy/AdministratorAccess";

interface Given {
  readonly AccessKeyId?: string | undefined;
  readonly SecretAccessKey?: string | undefined;
  readonly SessionToken?: string | undefined;
}

const keysOf = (given: Given | undefined): Keys => ({
  accessKeyId: given?.AccessKeyId ?? "",
  secretAccessKey: given?.SecretAccessKey ?? "",
  ...(given?.SessionToken !== undefined && { sessionToken: given.SessionToken }),
});

const trust = (arn: string | undefined) =>
  JSON.stringify({
    Version: "2012-10-17",
    Statement: { Effect: "Allow", Principal: { AWS: arn }, Action: "sts:AssumeRole" },
  });

test("stolen credentials are worth nothing once what they hang on is gone", async (t) => {
  const running = await startBondstore(t);
  const { root } = await running.tenant("acme");
  const iam = new IAMClient(running.client(root));
  const user = { UserName: "alice", PolicyArn: administrator };
  const { User } = await iam.send(new CreateUserCommand(user));
  await iam.send(new AttachUserPolicyCommand(user));
  const { AccessKey } = await iam.send(new CreateAccessKeyCommand(user));
  const sts = new STSClient(running.client(keysOf(AccessKey)));
  const own = await sts.send(new GetSessionTokenCommand({}));
  const role = { RoleName: "runner" };
  const AssumeRolePolicyDocument = trust(User?.Arn);
  const { Role } = await iam.send(new CreateRoleCommand({ ...role, AssumeRolePolicyDocument }));
  const wanted = { RoleArn: Role?.Arn, RoleSessionName: "one" };
  const assumed = await sts.send(new AssumeRoleCommand(wanted));

  const alive = async (keys: Keys): Promise<boolean> => {
    const client = new STSClient(running.client(keys));
    return client.send(new GetCallerIdentityCommand({})).then(
      () => true,
      (error: Error) => {
        assert.match(error.name, /InvalidClientTokenId/);
        return false;
      },
    );
  };
  assert.ok((await alive(keysOf(own.Credentials))) && (await alive(keysOf(assumed.Credentials))));

  await iam.send(new DeleteRoleCommand(role));
  await iam.send(new CreateRoleCommand({ ...role, AssumeRolePolicyDocument }));
  assert.equal(await alive(keysOf(assumed.Credentials)), false, "a new role of the old name");

  const AccessKeyId = AccessKey?.AccessKeyId;
  await iam.send(new DeleteAccessKeyCommand({ ...user, AccessKeyId }));
  assert.equal(await alive(keysOf(AccessKey)), false);
  assert.equal(await alive(keysOf(own.Credentials)), false, "made by the key that is gone");

  await iam.send(new DetachUserPolicyCommand(user));
  await iam.send(new DeleteUserCommand(user));
});

test("the token of one session does not serve another", async (t) => {
  const running = await startBondstore(t);
  const { root } = await running.tenant("acme");
  const sts = new STSClient(running.client(root));
  const [one, two] = [
    (await sts.send(new GetSessionTokenCommand({}))).Credentials,
    (await sts.send(new GetSessionTokenCommand({}))).Credentials,
  ];
  const mixed = { ...keysOf(one), sessionToken: two?.SessionToken ?? "" };
  await assert.rejects(
    new STSClient(running.client(mixed)).send(new GetCallerIdentityCommand({})),
    { name: "InvalidClientTokenId" },
  );
});

test("who may do little cannot give itself more", async (t) => {
  const running = await startBondstore(t);
  const { root, account } = await running.tenant("acme");
  const iam = new IAMClient(running.client(root));
  const bob = { UserName: "bob" };
  await iam.send(new CreateUserCommand(bob));
  await iam.send(new CreateUserCommand({ UserName: "admin" }));
  await iam.send(new AttachUserPolicyCommand({ UserName: "admin", PolicyArn: administrator }));
  const RoleArn = `arn:aws:iam::${account}:role/power`;
  await iam.send(
    new CreateRoleCommand({
      RoleName: "power",
      AssumeRolePolicyDocument: trust(`arn:aws:iam::${account}:user/admin`),
    }),
  );
  const { AccessKey } = await iam.send(new CreateAccessKeyCommand(bob));
  const client = running.client(keysOf(AccessKey));
  const [mine, sts] = [new IAMClient(client), new STSClient(client)];
  const PolicyDocument = JSON.stringify({
    Version: "2012-10-17",
    Statement: { Effect: "Allow", Action: "*", Resource: "*" },
  });
  const attempts: readonly (() => Promise<unknown>)[] = [
    () => mine.send(new AttachUserPolicyCommand({ ...bob, PolicyArn: administrator })),
    () => mine.send(new PutUserPolicyCommand({ ...bob, PolicyName: "p", PolicyDocument })),
    () => mine.send(new CreateAccessKeyCommand({ UserName: "admin" })),
    () =>
      mine.send(new PutRolePolicyCommand({ RoleName: "power", PolicyName: "p", PolicyDocument })),
    () => sts.send(new AssumeRoleCommand({ RoleArn, RoleSessionName: "one" })),
  ];
  for (const attempt of attempts) await assert.rejects(attempt(), { name: "AccessDenied" });
});

test("who is made later under the name of somebody who is gone has none of the old grants", async (t) => {
  const running = await startBondstore(t);
  const { account, root } = await running.tenant("acme");
  const iam = new IAMClient(running.client(root));
  const kms = new KMSClient(running.client(root));
  const { KeyMetadata } = await kms.send(new CreateKeyCommand({}));
  const KeyId = KeyMetadata?.Arn;

  async function bob() {
    await iam.send(new CreateUserCommand({ UserName: "bob" }));
    const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName: "bob" }));
    assert.ok(AccessKey?.AccessKeyId && AccessKey.SecretAccessKey);
    const { AccessKeyId: accessKeyId, SecretAccessKey: secretAccessKey } = AccessKey;
    return { accessKeyId, client: new KMSClient(running.client({ accessKeyId, secretAccessKey })) };
  }
  const encrypt = () => new EncryptCommand({ KeyId, Plaintext: Buffer.from("order") });
  const grant = () =>
    kms.send(
      new CreateGrantCommand({
        KeyId,
        Name: "orders",
        GranteePrincipal: `arn:aws:iam::${account}:user/bob`,
        Operations: ["Encrypt"],
      }),
    );

  const first = await bob();
  await grant();
  await first.client.send(encrypt());
  await iam.send(new DeleteAccessKeyCommand({ UserName: "bob", AccessKeyId: first.accessKeyId }));
  await iam.send(new DeleteUserCommand({ UserName: "bob" }));
  const second = await bob();
  await assert.rejects(second.client.send(encrypt()), { name: "AccessDeniedException" });
  await grant();
  await second.client.send(encrypt());
});
