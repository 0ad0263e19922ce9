import assert from "node:assert/strict";
import { test } from "node:test";
import {
  CreateApplicationCommand,
  DeleteApplicationCommand,
  DescribeApplicationCommand,
  UpdateApplicationCommand,
} from "@aws-sdk/client-kinesis-analytics-v2";
import {
  CreateAliasCommand,
  CreateKeyCommand,
  GetKeyRotationStatusCommand,
  type KeySpec,
  PutKeyPolicyCommand,
} from "@aws-sdk/client-kms";
import { startBondstore } from "../support/bondstore.ts";
import { type Clients, clientsOf, events, makeRole } from "../support/flink.ts";
import { redacted, tried } from "../support/flink-events.ts";
import {
  allowOperator,
  durable,
  keyPolicyOf,
  makeKey,
  makeOperator,
  operatorArn,
  operatorOf,
  operatorPolicyOf,
  policyText,
  running,
  type Statement,
  without,
} from "../support/flink-operator.ts";

const ApplicationName = "MyCmkApplication";
const arnOf = (account: string) =>
  `arn:aws:kinesisanalytics:us-east-1:${account}:application/${ApplicationName}`;

const creation = (account: string, KeyId?: string) =>
  new CreateApplicationCommand({
    ApplicationName,
    RuntimeEnvironment: "FLINK-1_20",
    ServiceExecutionRole: `arn:aws:iam::${account}:role/flink`,
    ApplicationConfiguration: {
      ApplicationCodeConfiguration: {
        CodeContentType: "PLAINTEXT",
        CodeContent: { TextContent: "SELECT 1;" },
      },
      ...(KeyId !== undefined && {
        ApplicationEncryptionConfiguration: { KeyType: "CUSTOMER_MANAGED_KEY", KeyId },
      }),
    },
  });

const sealing = async ({ flink }: Clients) => {
  const { ApplicationDetail } = await flink.send(
    new DescribeApplicationCommand({ ApplicationName }),
  );
  return {
    created: ApplicationDetail?.CreateTimestamp,
    version: ApplicationDetail?.ApplicationVersionId ?? 0,
    key: ApplicationDetail?.ApplicationConfigurationDescription
      ?.ApplicationEncryptionConfigurationDescription,
  };
};

async function remove(clients: Clients): Promise<void> {
  const CreateTimestamp = (await sealing(clients)).created;
  await clients.flink.send(new DeleteApplicationCommand({ ApplicationName, CreateTimestamp }));
}

const toKey = (KeyIdUpdate: string, CurrentApplicationVersionId: number) =>
  new UpdateApplicationCommand({
    ...{ ApplicationName, CurrentApplicationVersionId },
    ApplicationConfigurationUpdate: {
      ApplicationEncryptionConfigurationUpdate: {
        ...{ KeyTypeUpdate: "CUSTOMER_MANAGED_KEY" as const, KeyIdUpdate },
      },
    },
  });

test("key management of Managed Flink: what is tried before an application runs", async (t) => {
  const bondstore = await startBondstore(t);
  const acme = await bondstore.tenant("acme");
  const { account } = acme;
  const place = { ...bondstore, account, credentials: acme.root };
  const clients = clientsOf(place);
  const { kms } = clients;
  await makeRole(clients, "flink");
  await makeOperator(clients, account);
  const named = { account, application: arnOf(account) };
  const policy = keyPolicyOf(named);
  const KeyId = await makeKey(clients, policy);
  await allowOperator(clients, operatorPolicyOf(named, [KeyId]));
  const operator = await operatorOf(place, clients);
  const setPolicy = (statements: readonly Statement[]) =>
    kms.send(new PutKeyPolicyCommand({ KeyId, Policy: policyText(statements) }));

  await t.test("AOKs are the default, and no additional set-up is required", async () => {
    await operator.flink.send(creation(account));
    assert.deepEqual((await sealing(operator)).key, { KeyType: "AWS_OWNED_KEY" });
    await remove(operator);
  });

  await t.test("the least-privilege policies of the documentation work as they stand", async () => {
    await operator.flink.send(creation(account, KeyId));
    assert.equal((await sealing(operator)).key?.KeyId, KeyId);
  });

  await t.test(
    "example 1: a test of Decrypt by an assumed role, invoked by the service",
    async () => {
      const [event] = (await events(clients, "Decrypt")).filter(
        ({ userIdentity, errorCode }) =>
          userIdentity.type === "AssumedRole" && errorCode === "DryRunOperationException",
      );
      assert.ok(event);
      assert.deepEqual(redacted(event), {
        ...tried({ ...named, keyAccount: account, KeyId }),
        userIdentity: {
          type: "AssumedRole",
          principalId: "REDACTED",
          arn: `arn:aws:sts::${account}:assumed-role/Operator/CmkTestingSession`,
          accountId: account,
          accessKeyId: "REDACTED",
          sessionContext: {
            sessionIssuer: {
              type: "Role",
              principalId: "REDACTED",
              arn: operatorArn(account),
              accountId: account,
              userName: "Operator",
            },
            attributes: { creationDate: "REDACTED", mfaAuthenticated: "false" },
          },
          invokedBy: durable,
        },
      });
    },
  );

  await t.test(
    "every call of KMS is in the trail: service, key, action and time, and no data",
    async () => {
      const wanted = [
        ["DescribeKey", ["AssumedRole", durable, running]],
        ["Decrypt", ["AssumedRole", durable, running]],
        ["GenerateDataKey", ["AssumedRole", durable]],
        ["GenerateDataKeyWithoutPlaintext", ["AssumedRole", running]],
        ["CreateGrant", ["AssumedRole", running]],
      ] as const;
      for (const [name, expected] of wanted) {
        const found = (await events(clients, name)).filter(
          ({ resources }) => resources?.[0]?.ARN === KeyId,
        );
        const who = found.map(({ userIdentity: { type, invokedBy } }) =>
          type === "AWSService" ? invokedBy : type,
        );
        assert.deepEqual([...new Set(who)].sort(), [...expected].sort(), name);
        for (const { errorCode } of found) {
          assert.equal(errorCode, name === "DescribeKey" ? undefined : "DryRunOperationException");
        }
      }
      const [grant] = await events(clients, "CreateGrant");
      const { constraints, operations, granteePrincipal } = (grant?.requestParameters ??
        {}) as Readonly<Record<string, unknown>>;
      assert.deepEqual(
        { constraints, operations, granteePrincipal },
        {
          constraints: { encryptionContextSubset: { "aws:kinesisanalytics:arn": arnOf(account) } },
          operations: ["Decrypt"],
          granteePrincipal: running,
        },
      );
    },
  );
  await remove(operator);

  await t.test("an alias, or an alias ARN, is resolved, and the key ARN is kept", async () => {
    const AliasName = "alias/state";
    await kms.send(new CreateAliasCommand({ AliasName, TargetKeyId: KeyId }));
    for (const name of [AliasName, `arn:aws:kms:us-east-1:${account}:${AliasName}`]) {
      await operator.flink.send(creation(account, name));
      assert.equal((await sealing(operator)).key?.KeyId, KeyId);
      await remove(operator);
    }
  });

  const needed = [
    ["kms:DescribeKey", [durable, running]],
    ["kms:Decrypt", [durable, running]],
    ["kms:GenerateDataKey", [durable]],
    ["kms:GenerateDataKeyWithoutPlaintext", [running]],
    ["kms:CreateGrant", [running]],
  ] as const;
  const lacking = needed.flatMap(([action, services]) =>
    [operatorArn(account), ...services].map((who) => [action, who] as const),
  );
  for (const [action, who] of lacking) {
    const whom = who.startsWith("arn:") ? "the operator" : who;
    await t.test(`the permission ${action} is required of ${whom}`, async () => {
      await setPolicy(without(policy, action, (name) => name === who));
      const named = who.startsWith("arn:") ? "assumed-role/Operator/CmkTestingSession" : who;
      const refusal = (error: Error) => {
        assert.equal(error.name, "InvalidArgumentException");
        const [, user, denied] =
          /User: (\S+) is not authorized to perform: (\S+)/.exec(error.message) ?? [];
        assert.ok(user?.endsWith(named), error.message);
        assert.equal(denied, action);
        return true;
      };
      await assert.rejects(operator.flink.send(creation(account, KeyId)), refusal);
      await operator.flink.send(creation(account));
      await assert.rejects(operator.flink.send(toKey(KeyId, 1)), refusal);
      assert.deepEqual((await sealing(operator)).key, { KeyType: "AWS_OWNED_KEY" });
      await remove(operator);
    });
  }

  await t.test("the source context is provided with the encryption context", async () => {
    const elsewhere = policy.map((statement) =>
      statement.Sid === "AllowMSFServiceToGenerateDataKeyForDurableState"
        ? { ...statement, Condition: { StringEquals: { "aws:SourceArn": `${arnOf(account)}2` } } }
        : statement,
    );
    await setPolicy(elsewhere);
    await assert.rejects(operator.flink.send(creation(account, KeyId)), /kms:GenerateDataKey/);
    const byContext = keyPolicyOf({ account, application: `${arnOf(account)}2` });
    await setPolicy([...policy.slice(0, 4), ...byContext.slice(4)]);
    await assert.rejects(operator.flink.send(creation(account, KeyId)), /not authorized/);
    await setPolicy(policy);
  });

  await t.test("the operator uses the key through the service only", async () => {
    await operator.flink.send(creation(account, KeyId));
    const direct = new CreateAliasCommand({ AliasName: "alias/mine", TargetKeyId: KeyId });
    await assert.rejects(operator.kms.send(direct), { name: "AccessDeniedException" });
    await remove(operator);
  });

  await t.test("CMK supports symmetric keys", async () => {
    const kinds = [
      ["RSA_2048", "ENCRYPT_DECRYPT"],
      ["ECC_NIST_P256", "SIGN_VERIFY"],
      ["HMAC_256", "GENERATE_VERIFY_MAC"],
    ] as const;
    for (const [KeySpec, KeyUsage] of kinds) {
      const made = await kms.send(
        new CreateKeyCommand({ KeySpec: KeySpec as KeySpec, KeyUsage, Policy: policyText(policy) }),
      );
      const other = made.KeyMetadata?.Arn ?? "";
      await allowOperator(clients, operatorPolicyOf(named, [KeyId, other]));
      await assert.rejects(operator.flink.send(creation(account, other)), {
        name: "InvalidArgumentException",
        message: `The key must be a symmetric encryption key (SYMMETRIC_DEFAULT); ${other} is ${KeySpec}.`,
      });
    }
  });

  await t.test("data in transit is encrypted by TLS by default, and by no CMK", async () => {
    const secure = await startBondstore(t, { plainHttp: false });
    assert.match(secure.endpoint, /^https:/);
    await assert.rejects(fetch(secure.endpoint.replace("https:", "http:")));
  });

  await t.test("the rotation policy of the key is its owner's, not the service's", async () => {
    await operator.flink.send(creation(account, KeyId));
    const status = await kms.send(new GetKeyRotationStatusCommand({ KeyId }));
    assert.equal(status.KeyRotationEnabled, false);
    await remove(operator);
  });

  await t.test(
    "example 2: by the service itself, shared where the key is another account's",
    async () => {
      const vault = await bondstore.tenant("vault");
      const keyClients = clientsOf({
        ...bondstore,
        account: vault.account,
        credentials: vault.root,
      });
      const other = await makeKey(keyClients, keyPolicyOf(named, vault.account));
      await allowOperator(clients, operatorPolicyOf(named, [other]));
      await operator.flink.send(creation(account, other));
      const byService = async (who: Clients) =>
        (await events(who, "Decrypt")).find(
          ({ userIdentity, resources }) =>
            userIdentity.invokedBy === durable &&
            userIdentity.type === "AWSService" &&
            resources?.[0]?.ARN === other,
        );
      const [own, owners] = [await byService(clients), await byService(keyClients)];
      assert.ok(own && owners);
      const expected = {
        ...tried({ ...named, keyAccount: vault.account, KeyId: other }),
        userIdentity: { type: "AWSService", invokedBy: durable },
        sharedEventID: "REDACTED",
      };
      assert.deepEqual(redacted(own), expected);
      assert.deepEqual(redacted(owners), { ...expected, recipientAccountId: vault.account });
      const ids = [own, owners].map((event) => event as unknown as Record<string, string>);
      assert.equal(ids[0]?.["sharedEventID"], ids[1]?.["sharedEventID"]);
      assert.notEqual(ids[0]?.["eventID"], ids[1]?.["eventID"]);
    },
  );
});
