import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import {
  DescribeApplicationCommand,
  type KeyType,
  ListApplicationSnapshotsCommand,
  type RunConfiguration,
  StartApplicationCommand,
  StopApplicationCommand,
  UpdateApplicationCommand,
} from "@aws-sdk/client-kinesis-analytics-v2";
import {
  ListGrantsCommand,
  PutKeyPolicyCommand,
  RotateKeyOnDemandCommand,
} from "@aws-sdk/client-kms";
import { HeadObjectCommand, ListObjectsV2Command } from "@aws-sdk/client-s3";
import { startBondstore } from "../support/bondstore.ts";
import { contentsBelow, filesBelow, scanFor } from "../support/files-below.ts";
import {
  awaitStatus,
  awaitSums,
  clientsOf,
  events,
  prepare,
  putOrders,
  sqlApplication,
  statusOf,
  sumsScript,
} from "../support/flink.ts";
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
  without,
} from "../support/flink-operator.ts";
import { sendSigned } from "../support/send.ts";
import { volumesOf } from "../support/volumes.ts";

const ApplicationName = "MyCmkApplication";
const named = { ApplicationName };
/** In the script, so in what lies in the running storage. */
const mark = "a-comment-that-nobody-else-writes";

interface Materials {
  readonly KeyType: string;
  readonly KeyId?: string;
  readonly DurableStorageKeyMaterialId?: string;
  readonly RunningStorageKeyMaterialId?: string;
}

test("key management of Managed Flink: an application that runs", async (t) => {
  const bondstore = await startBondstore(t);
  const acme = await bondstore.tenant("acme");
  const { account } = acme;
  const place = { ...bondstore, account, credentials: acme.root };
  const clients = clientsOf(place);
  const { kms } = clients;
  await prepare(clients, place);
  await makeOperator(clients, account);
  const application = `arn:aws:kinesisanalytics:us-east-1:${account}:application/${ApplicationName}`;
  const policy = keyPolicyOf({ account, application });
  const [first, second] = [await makeKey(clients, policy), await makeKey(clients, policy)];
  await allowOperator(clients, operatorPolicyOf({ account, application }, [first, second]));
  const operator = await operatorOf(place, clients);
  const { flink } = operator;

  const start = async (run: RunConfiguration = {}) => {
    await flink.send(new StartApplicationCommand({ ...named, RunConfiguration: run }));
    await awaitStatus(operator, ApplicationName, "RUNNING");
  };
  const stop = async () => {
    await flink.send(new StopApplicationCommand(named));
    await awaitStatus(operator, ApplicationName, "READY");
  };
  const sealWith = async (KeyTypeUpdate: KeyType, KeyIdUpdate?: string) => {
    const { ApplicationDetail } = await flink.send(new DescribeApplicationCommand(named));
    const update = { KeyTypeUpdate, ...(KeyIdUpdate !== undefined && { KeyIdUpdate }) };
    await flink.send(
      new UpdateApplicationCommand({
        ...named,
        CurrentApplicationVersionId: ApplicationDetail?.ApplicationVersionId,
        ApplicationConfigurationUpdate: { ApplicationEncryptionConfigurationUpdate: update },
      }),
    );
  };
  const snapshots = async () => {
    const listed = await flink.send(new ListApplicationSnapshotsCommand(named));
    return (listed.SnapshotSummaries ?? []).toReversed().map((one) => ({
      name: one.SnapshotName ?? "",
      key: one.ApplicationEncryptionConfigurationDescription?.KeyId ?? "owned",
    }));
  };
  const from = (SnapshotName: string): RunConfiguration => ({
    ApplicationRestoreConfiguration: {
      ApplicationRestoreType: "RESTORE_FROM_CUSTOM_SNAPSHOT",
      SnapshotName,
    },
  });
  const grantsOf = async (KeyId: string) =>
    (await kms.send(new ListGrantsCommand({ KeyId }))).Grants ?? [];
  /** The extension is not in the SDK's model: the answer is read as it came. */
  const materials = async (): Promise<Materials> => {
    const answer = await sendSigned(
      bondstore,
      "kinesisanalytics",
      {
        ...{ method: "POST", path: "/", query: {}, body: Buffer.from(JSON.stringify(named)) },
        headers: {
          "content-type": "application/x-amz-json-1.1",
          "x-amz-target": "KinesisAnalytics_20180523.DescribeApplication",
        },
      },
      acme.root,
    );
    assert.equal(answer.status, 200, answer.text);
    return JSON.parse(answer.text).ApplicationDetail.ApplicationConfigurationDescription
      .ApplicationEncryptionConfigurationDescription;
  };

  const script = `-- ${mark}\n${sumsScript()}`;
  await flink.send(sqlApplication(ApplicationName, account, script));

  await t.test("by default, AOKs encrypt running and durable storage", async () => {
    await putOrders(clients, 0, 2000);
    await start();
    await awaitSums(clients, 2000);
    const [volume = ""] = volumesOf(bondstore.data);
    const clear = [...contentsBelow(volume)].filter(({ bytes }) => bytes.includes(mark));
    assert.ok(clear.length > 0, "the running storage holds the code");
    const sealed = filesBelow(join(bondstore.data, "volumes"));
    assert.ok(sealed.length > clear.length);
    assert.deepEqual(scanFor(bondstore.data, [mark]).found, []);
    assert.deepEqual(await materials(), { KeyType: "AWS_OWNED_KEY" });
    await stop();
    assert.deepEqual(volumesOf(bondstore.data), []);
    assert.deepEqual(readdirSync(join(bondstore.data, "volumes")), []);
  });

  await t.test("an application starts from a snapshot under an AOK once it has a CMK", async () => {
    await sealWith("CUSTOMER_MANAGED_KEY", first);
    await start();
    await putOrders(clients, 2000, 3000);
    await awaitSums(clients, 3000);
  });

  await t.test(
    "the grant allows Decrypt alone, with a constraint of type EncryptionContextSubset",
    async () => {
      const grants = await grantsOf(first);
      assert.deepEqual(
        grants.map(({ Operations, Constraints, GranteeServicePrincipal }) => ({
          ...{ Operations, Constraints, GranteeServicePrincipal },
        })),
        [
          {
            Operations: ["Decrypt"],
            Constraints: { EncryptionContextSubset: { "aws:kinesisanalytics:arn": application } },
            GranteeServicePrincipal: running,
          },
        ],
      );
      const [made] = (await events(clients, "CreateGrant")).filter(({ errorCode }) => !errorCode);
      assert.equal(made?.userIdentity.type, "AssumedRole");
      assert.match(made?.userIdentity.arn ?? "", /Operator/);
      assert.equal(made?.userIdentity.invokedBy, durable);
    },
  );

  await t.test("the CMK encrypts both storages, with its context each time", async () => {
    const wanted = [
      ["GenerateDataKeyWithoutPlaintext", running],
      ["Decrypt", running],
      ["GenerateDataKey", durable],
    ] as const;
    for (const [name, who] of wanted) {
      const used = (await events(clients, name)).filter(
        (event) =>
          event.errorCode === undefined &&
          event.requestParameters?.keyId === first &&
          event.userIdentity.invokedBy === who,
      );
      assert.ok(used.length > 0, `${name} by ${who}`);
      for (const { requestParameters } of used) {
        assert.deepEqual(requestParameters?.encryptionContext, {
          "aws:kinesisanalytics:arn": application,
        });
      }
    }
  });

  await t.test("sources and sinks are not encrypted by the application's CMK", async () => {
    const listed = await clients.s3.send(new ListObjectsV2Command({ Bucket: "results" }));
    for (const { Key } of listed.Contents ?? []) {
      const head = await clients.s3.send(new HeadObjectCommand({ Bucket: "results", Key }));
      assert.equal(head.ServerSideEncryption, "AES256");
    }
  });

  await t.test("logs are not encrypted by the CMK: they are on no disk", async () => {
    assert.ok(bondstore.bondstore.logs.lines(application).length > 0);
  });

  await t.test(
    "rotated: durable storage has the new material at once, running storage after a restart",
    async () => {
      const before = await materials();
      assert.equal(before.DurableStorageKeyMaterialId, before.RunningStorageKeyMaterialId);
      await kms.send(new RotateKeyOnDemandCommand({ KeyId: first }));
      const rotated = await materials();
      assert.equal(rotated.RunningStorageKeyMaterialId, before.RunningStorageKeyMaterialId);
      assert.notEqual(rotated.DurableStorageKeyMaterialId, before.DurableStorageKeyMaterialId);
      await putOrders(clients, 3000, 4000);
      await awaitSums(clients, 4000);
      const byMaterial = async (name: string, who: string) =>
        (await events(clients, name)).find(
          ({ errorCode, userIdentity }) => !errorCode && userIdentity.invokedBy === who,
        )?.additionalEventData?.keyMaterialId;
      assert.equal(
        await byMaterial("GenerateDataKey", durable),
        rotated.DurableStorageKeyMaterialId,
      );
      await stop();
      await start();
      const restarted = await materials();
      assert.equal(restarted.RunningStorageKeyMaterialId, rotated.DurableStorageKeyMaterialId);
      assert.equal(
        await byMaterial("Decrypt", running),
        restarted.RunningStorageKeyMaterialId,
        "the volume is opened under the new material",
      );
    },
  );

  await t.test("another key needs UpdateApplication, and permissions for both keys", async () => {
    const operatorIs = (name: string) => name === operatorArn(account);
    const withoutOld = without(policy, "kms:Decrypt", operatorIs);
    await kms.send(new PutKeyPolicyCommand({ KeyId: first, Policy: policyText(withoutOld) }));
    await assert.rejects(sealWith("CUSTOMER_MANAGED_KEY", second), /kms:Decrypt/);
    await assert.rejects(sealWith("AWS_OWNED_KEY"), /kms:Decrypt/);
    assert.equal(await statusOf(operator, ApplicationName), "RUNNING");
    assert.equal((await grantsOf(second)).length, 0, "no grant of what was refused is left");
    await kms.send(new PutKeyPolicyCommand({ KeyId: first, Policy: policyText(policy) }));
  });

  await t.test("UpdateApplication restarts the application under the other key", async () => {
    const [volume] = volumesOf(bondstore.data);
    await sealWith("CUSTOMER_MANAGED_KEY", second);
    assert.equal(await statusOf(operator, ApplicationName), "UPDATING");
    await awaitStatus(operator, ApplicationName, "RUNNING");
    assert.notDeepEqual(volumesOf(bondstore.data), [volume]);
    assert.equal(volumesOf(bondstore.data).length, 1);
    assert.ok(volume !== undefined && !existsSync(volume));
    assert.deepEqual([(await grantsOf(first)).length, (await grantsOf(second)).length], [0, 1]);
    assert.equal((await materials()).KeyId, second);
    await putOrders(clients, 4000, 5000);
    await awaitSums(clients, 5000);
    await stop();
    assert.deepEqual([(await grantsOf(first)).length, (await grantsOf(second)).length], [0, 0]);
  });

  await t.test("CMKs are not applied retroactively to snapshots that exist", async () => {
    assert.deepEqual(
      (await snapshots()).map(({ key }) => key),
      ["owned", first, first, second],
    );
  });

  await t.test(
    "back to the AOK, from a snapshot under an older CMK; its permissions are needed",
    async () => {
      await sealWith("AWS_OWNED_KEY");
      const last = (await snapshots()).at(-1)?.name ?? "";
      const operatorIs = (name: string) => name === operatorArn(account);
      const denied = without(policy, "kms:Decrypt", operatorIs);
      await kms.send(new PutKeyPolicyCommand({ KeyId: second, Policy: policyText(denied) }));
      await assert.rejects(start(from(last)), /kms:Decrypt/);
      await kms.send(new PutKeyPolicyCommand({ KeyId: second, Policy: policyText(policy) }));
      await start(from(last));
      await putOrders(clients, 5000, 6000);
      await awaitSums(clients, 6000);
      assert.deepEqual(await materials(), { KeyType: "AWS_OWNED_KEY" });
      await flink.send(new StopApplicationCommand({ ...named, Force: true }));
      await awaitStatus(operator, ApplicationName, "READY");
    },
  );
});
