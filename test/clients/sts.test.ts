import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import {
  AttachUserPolicyCommand,
  CreateAccessKeyCommand,
  CreateRoleCommand,
  CreateUserCommand,
  DeleteRoleCommand,
  IAMClient,
  ListUsersCommand,
} from "@aws-sdk/client-iam";
import {
  AssumeRoleCommand,
  type Credentials,
  GetAccessKeyInfoCommand,
  GetCallerIdentityCommand,
  GetSessionTokenCommand,
  MalformedPolicyDocumentException,
  STSClient,
} from "@aws-sdk/client-sts";
import { startBondstore } from "../support/bondstore.ts";

const keysOf = (given: Credentials | undefined) => ({
  accessKeyId: given?.AccessKeyId ?? "",
  secretAccessKey: given?.SecretAccessKey ?? "",
  sessionToken: given?.SessionToken ?? "",
});

/** An account with alice, who may do everything, and a role that trusts her. */
async function start(t: TestContext) {
  const running = await startBondstore(t);
  const { account, root } = await running.tenant("acme");
  const iam = new IAMClient(running.client(root));
  const user = { UserName: "alice" };
  const { User } = await iam.send(new CreateUserCommand(user));
  const PolicyArn = "arn:aws:iam::aws:policy/AdministratorAccess";
  await iam.send(new AttachUserPolicyCommand({ ...user, PolicyArn }));
  const { AccessKey } = await iam.send(new CreateAccessKeyCommand(user));
  const alice = {
    accessKeyId: AccessKey?.AccessKeyId ?? "",
    secretAccessKey: AccessKey?.SecretAccessKey ?? "",
  };
  const AssumeRolePolicyDocument = JSON.stringify({
    Version: "2012-10-17",
    Statement: {
      Effect: "Allow",
      Principal: { AWS: User?.Arn },
      Action: ["sts:AssumeRole", "sts:TagSession"],
      Condition: { StringEquals: { "sts:ExternalId": "vendor-7" } },
    },
  });
  const { Role } = await iam.send(
    new CreateRoleCommand({ RoleName: "runner", AssumeRolePolicyDocument }),
  );
  const sts = new STSClient(running.client(alice));
  return { running, account, iam, alice, sts, role: Role?.Arn };
}

test("the AWS SDK assumes a role, and its credentials end with the role", async (t) => {
  const { running, account, iam, sts, role } = await start(t);
  const wanted = {
    RoleArn: role,
    RoleSessionName: "one",
    ExternalId: "vendor-7",
    Tags: [{ Key: "team", Value: "orders" }],
  };
  await assert.rejects(sts.send(new AssumeRoleCommand({ ...wanted, ExternalId: "vendor-8" })), {
    name: "AccessDenied",
  });
  await assert.rejects(
    sts.send(new AssumeRoleCommand({ ...wanted, Policy: "{}" })),
    MalformedPolicyDocumentException,
  );
  const { Credentials, AssumedRoleUser } = await sts.send(new AssumeRoleCommand(wanted));
  const Arn = `arn:aws:sts::${account}:assumed-role/runner/one`;
  assert.equal(AssumedRoleUser?.Arn, Arn);
  assert.ok(Credentials?.Expiration instanceof Date);

  const session = new STSClient(running.client(keysOf(Credentials)));
  assert.equal((await session.send(new GetCallerIdentityCommand({}))).Arn, Arn);
  const { sessionToken: _, ...bare } = keysOf(Credentials);
  await assert.rejects(new STSClient(running.client(bare)).send(new GetCallerIdentityCommand({})), {
    name: "InvalidClientTokenId",
  });
  await iam.send(new DeleteRoleCommand({ RoleName: "runner" }));
  await assert.rejects(session.send(new GetCallerIdentityCommand({})), {
    name: "InvalidClientTokenId",
  });
});

test("the AWS SDK takes temporary credentials of a user, which do not reach IAM", async (t) => {
  const { running, account, sts, alice } = await start(t);
  const { Credentials } = await sts.send(new GetSessionTokenCommand({ DurationSeconds: 900 }));
  const client = running.client(keysOf(Credentials));
  const identity = await new STSClient(client).send(new GetCallerIdentityCommand({}));
  assert.equal(identity.Arn, `arn:aws:iam::${account}:user/alice`);
  await assert.rejects(new IAMClient(client).send(new ListUsersCommand({})), {
    name: "AccessDenied",
  });
  const { Account } = await sts.send(
    new GetAccessKeyInfoCommand({ AccessKeyId: alice.accessKeyId }),
  );
  assert.equal(Account, account);
});
