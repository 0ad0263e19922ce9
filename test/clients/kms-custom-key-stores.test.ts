import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import {
  CloudHSMV2Client,
  CreateClusterCommand,
  CreateHsmCommand,
  DescribeClustersCommand,
  InitializeClusterCommand,
} from "@aws-sdk/client-cloudhsm-v2";
import {
  ConnectCustomKeyStoreCommand,
  CreateCustomKeyStoreCommand,
  CreateKeyCommand,
  DecryptCommand,
  DeleteCustomKeyStoreCommand,
  DescribeCustomKeyStoresCommand,
  DescribeKeyCommand,
  DisconnectCustomKeyStoreCommand,
  EncryptCommand,
  GenerateRandomCommand,
  KMSClient,
  UpdateCustomKeyStoreCommand,
} from "@aws-sdk/client-kms";
import { GetObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { adminOperations } from "../../src/cli/admin.ts";
import { type Running, startBondstore } from "../support/bondstore.ts";
import { makeOwner } from "../support/hsm-owner.ts";
import { clientModule, runProgram } from "../support/pkcs11-programs.ts";
import { makeSoftHsm } from "../support/softhsm.ts";
import { until } from "../support/until.ts";

const password = "kmsPassword1";
const soPin = "officer-pin";

/** A cluster with two HSMs and a partition in which KMS has a user, as its owner sets it up. */
async function makeCluster(t: TestContext, running: Running, options: object) {
  const hsm = new CloudHSMV2Client(options);
  t.after(() => hsm.destroy());
  const SubnetIds = ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"];
  const made = await hsm.send(new CreateClusterCommand({ HsmType: "hsm1.medium", SubnetIds }));
  const ClusterId = made.Cluster?.ClusterId ?? "";
  const Filters = { clusterIds: [ClusterId] };
  const { Clusters } = await hsm.send(new DescribeClustersCommand({ Filters }));
  const owner = makeOwner();
  const SignedCert = owner.sign(Clusters?.[0]?.Certificates?.ClusterCsr ?? "");
  await hsm.send(
    new InitializeClusterCommand({ ClusterId, SignedCert, TrustAnchor: owner.anchor }),
  );
  for (const AvailabilityZone of ["us-east-1a", "us-east-1a"]) {
    await hsm.send(new CreateHsmCommand({ ClusterId, AvailabilityZone }));
  }
  const path = await running.bondstore.hsmWays.socketOf(ClusterId);
  const tool = async (...words: readonly string[]): Promise<string> => {
    const env = { P11_KIT_SERVER_ADDRESS: `unix:path=${path}` };
    const given = ["--module", clientModule(), ...words];
    const { status, stdout, said } = await runProgram("pkcs11-tool", given, env, running.data);
    assert.equal(status, 0, `${words.join(" ")}: ${said}`);
    return stdout.toString();
  };
  const init = ["--init-token", "--slot", "0", "--label", "kms", "--so-pin", soPin];
  await tool(...init);
  const user = ["--init-pin", "--token-label", "kms", "--login", "--login-type", "so"];
  await tool(...user, "--so-pin", soPin, "--pin", `kmsuser:${password}`);
  return { ClusterId, anchor: owner.anchor, tool };
}

async function becomes(kms: KMSClient, CustomKeyStoreId: string, wanted: string): Promise<void> {
  await until(`a store that is ${wanted}`, async () => {
    const found = await kms.send(new DescribeCustomKeyStoresCommand({ CustomKeyStoreId }));
    const { ConnectionState, ConnectionErrorCode } = found.CustomKeyStores?.[0] ?? {};
    if (ConnectionState === wanted) return true;
    assert.equal(ConnectionState, "CONNECTING", ConnectionErrorCode);
    return false;
  });
}

test("keys of a custom key store are in the HSM, as any PKCS#11 program sees, and never leave it", async (t) => {
  const running = await startBondstore(t);
  const { root } = await running.tenant("acme");
  const options = running.client(root);
  const kms = new KMSClient(options);
  const s3 = new S3Client({ ...options, forcePathStyle: true });
  t.after(() => {
    kms.destroy();
    s3.destroy();
  });
  const { ClusterId, anchor, tool } = await makeCluster(t, running, options);

  const store = {
    CustomKeyStoreName: "ours",
    CloudHsmClusterId: ClusterId,
    KeyStorePassword: password,
    TrustAnchorCertificate: anchor,
  };
  const wrong = { ...store, TrustAnchorCertificate: makeOwner().anchor };
  await assert.rejects(kms.send(new CreateCustomKeyStoreCommand(wrong)), {
    name: "IncorrectTrustAnchorException",
  });
  const made = await kms.send(new CreateCustomKeyStoreCommand(store));
  const CustomKeyStoreId = made.CustomKeyStoreId ?? "";
  await kms.send(new ConnectCustomKeyStoreCommand({ CustomKeyStoreId }));
  await becomes(kms, CustomKeyStoreId, "CONNECTED");

  const created = await kms.send(
    new CreateKeyCommand({ Origin: "AWS_CLOUDHSM", CustomKeyStoreId }),
  );
  const KeyId = created.KeyMetadata?.KeyId ?? "";
  assert.equal(created.KeyMetadata?.CloudHsmClusterId, ClusterId);
  const login = ["--login", "--pin", `kmsuser:${password}`, "--token-label", "kms"];
  const listed = await tool(...login, "--list-objects", "--type", "secrkey");
  assert.ok(listed.includes(KeyId), listed);
  assert.match(listed, /sensitive/);
  assert.ok(!/VALUE:/.test(listed), "no value is shown");

  const Plaintext = Buffer.from("four windows of June");
  const EncryptionContext = { order: "7" };
  const sealed = await kms.send(new EncryptCommand({ KeyId, Plaintext, EncryptionContext }));
  const { CiphertextBlob } = sealed;
  const read = () => kms.send(new DecryptCommand({ CiphertextBlob, EncryptionContext }));
  assert.deepEqual(Buffer.from((await read()).Plaintext ?? []), Plaintext);
  const random = await kms.send(new GenerateRandomCommand({ NumberOfBytes: 32, CustomKeyStoreId }));
  assert.equal(random.Plaintext?.length, 32);

  // Services use it like any other key.
  const { CreateBucketCommand } = await import("@aws-sdk/client-s3");
  const object = { Bucket: "goods-of-acme", Key: "order" };
  await s3.send(new CreateBucketCommand({ Bucket: object.Bucket }));
  const sse = { ServerSideEncryption: "aws:kms", SSEKMSKeyId: KeyId } as const;
  await s3.send(new PutObjectCommand({ ...object, ...sse, Body: "an order" }));
  const got = await s3.send(new GetObjectCommand(object));
  assert.equal(await got.Body?.transformToString(), "an order");

  await kms.send(new DisconnectCustomKeyStoreCommand({ CustomKeyStoreId }));
  const { KeyMetadata } = await kms.send(new DescribeKeyCommand({ KeyId }));
  assert.equal(KeyMetadata?.KeyState, "Unavailable");
  await assert.rejects(read(), { name: "CustomKeyStoreInvalidStateException" });
  const renamed = { CustomKeyStoreId, NewCustomKeyStoreName: "still-ours" };
  await kms.send(new UpdateCustomKeyStoreCommand(renamed));
  const remove = new DeleteCustomKeyStoreCommand({ CustomKeyStoreId });
  await assert.rejects(kms.send(remove), { name: "CustomKeyStoreHasCMKsException" });
  await kms.send(new ConnectCustomKeyStoreCommand({ CustomKeyStoreId }));
  await becomes(kms, CustomKeyStoreId, "CONNECTED");
  assert.deepEqual(Buffer.from((await read()).Plaintext ?? []), Plaintext);
});

test("what is tampered with is destroyed, and the keys of the store with it", async (t) => {
  const running = await startBondstore(t);
  const { root } = await running.tenant("acme");
  const options = running.client(root);
  const kms = new KMSClient(options);
  t.after(() => kms.destroy());
  const { ClusterId, anchor } = await makeCluster(t, running, options);
  const made = await kms.send(
    new CreateCustomKeyStoreCommand({
      CustomKeyStoreName: "ours",
      CloudHsmClusterId: ClusterId,
      KeyStorePassword: password,
      TrustAnchorCertificate: anchor,
    }),
  );
  const CustomKeyStoreId = made.CustomKeyStoreId ?? "";
  await kms.send(new ConnectCustomKeyStoreCommand({ CustomKeyStoreId }));
  await becomes(kms, CustomKeyStoreId, "CONNECTED");
  const created = await kms.send(
    new CreateKeyCommand({ Origin: "AWS_CLOUDHSM", CustomKeyStoreId }),
  );
  const KeyId = created.KeyMetadata?.KeyId ?? "";
  const sealed = await kms.send(new EncryptCommand({ KeyId, Plaintext: Buffer.from("a secret") }));
  const told = await adminOperations["hsm-tamper"]?.(running.bondstore, { cluster: ClusterId });
  assert.deepEqual(told, { zeroized: ClusterId });
  const read = kms.send(new DecryptCommand({ CiphertextBlob: sealed.CiphertextBlob }));
  await assert.rejects(read, { name: /KeyUnavailableException|KMSInvalidStateException/ });
});

test("SoftHSM keeps the keys of a custom key store, for the account that it is attached to", async (t) => {
  const { modulePath, env, label, pin } = makeSoftHsm(t);
  const moduleEnv = { ...env, PATH: "/usr/local/bin:/usr/bin:/bin" };
  const running = await startBondstore(t, { moduleEnv });
  const [acme, eve] = [await running.tenant("acme"), await running.tenant("eve")];
  const [kms, other] = [acme, eve].map(({ root }) => new KMSClient(running.client(root)));
  assert.ok(kms && other);
  t.after(() => {
    kms.destroy();
    other.destroy();
  });
  const attached = { account: acme.account, module: modulePath, token: label };
  const { opened } = running.bondstore;
  const ask = async <Answer>(name: string, input: object = {}): Promise<Answer> =>
    (await adminOperations[`hsm-${name}`]?.({ opened }, { ...input })) as Answer;
  const missing = { name: "InvalidParameter", message: /the token cannot be used/ };
  await assert.rejects(ask("attach", { ...attached, token: "another" }), missing);
  await assert.rejects(ask("attach", { ...attached, module: `${modulePath}.not` }), missing);
  const first = await ask<{ cluster: string }>("attach", attached);
  await ask("detach", first);
  assert.deepEqual(await ask("attached"), []);
  const { cluster: CloudHsmClusterId } = await ask<{ cluster: string }>("attach", attached);
  await assert.rejects(ask("attach", attached), { name: "AlreadyExists" });
  assert.deepEqual(await ask("attached"), [{ cluster: CloudHsmClusterId, ...attached }]);
  const store = {
    CustomKeyStoreName: "theirs",
    CloudHsmClusterId,
    KeyStorePassword: pin,
    TrustAnchorCertificate: makeOwner().anchor,
  };
  await assert.rejects(other.send(new CreateCustomKeyStoreCommand(store)), {
    name: "CloudHsmClusterNotFoundException",
  });
  const made = await kms.send(new CreateCustomKeyStoreCommand(store));
  const CustomKeyStoreId = made.CustomKeyStoreId ?? "";
  await kms.send(new ConnectCustomKeyStoreCommand({ CustomKeyStoreId }));
  await becomes(kms, CustomKeyStoreId, "CONNECTED");
  const created = await kms.send(
    new CreateKeyCommand({ Origin: "AWS_CLOUDHSM", CustomKeyStoreId }),
  );
  const KeyId = created.KeyMetadata?.KeyId ?? "";
  const Plaintext = Buffer.from("four windows of June");
  const { CiphertextBlob } = await kms.send(new EncryptCommand({ KeyId, Plaintext }));
  const read = await kms.send(new DecryptCommand({ CiphertextBlob }));
  assert.deepEqual(Buffer.from(read.Plaintext ?? []), Plaintext);
  const words = ["--module", modulePath, "--token-label", label, "--login", "--pin", pin];
  const given = [...words, "--list-objects", "--type", "secrkey"];
  const { stdout } = await runProgram("pkcs11-tool", given, { ...env }, running.data);
  assert.ok(stdout.toString().includes(KeyId), "the secret is in SoftHSM's token");
  const detach = ask("detach", { cluster: CloudHsmClusterId });
  await assert.rejects(detach, { name: "InvalidState" });
});
