import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type {
  CreateCustomKeyStoreResponse,
  CreateKeyResponse,
  DecryptResponse,
  DescribeCustomKeyStoresResponse,
  DescribeKeyResponse,
  EncryptResponse,
} from "@aws-sdk/client-kms";
import { type As, acme, openKms, other, startKms } from "../../../test/support/kms.ts";
import {
  type MemoryToken,
  memoryCluster,
  memoryToken,
} from "../../../test/support/memory-token.ts";
import { until } from "../../../test/support/until.ts";

const wanted = {
  CustomKeyStoreName: "ours",
  CloudHsmClusterId: memoryCluster,
  KeyStorePassword: "kmsPassword1",
  TrustAnchorCertificate: "a certificate",
};
const context = { order: "7" };

/** The state of a store once it is no longer connecting, which takes as long as the disk does. */
function stateOf(root: As, id: string): Promise<string> {
  return until("the end of the connecting", async () => {
    const { CustomKeyStores: [entry] = [] } = await root<DescribeCustomKeyStoresResponse>(
      "DescribeCustomKeyStores",
      { CustomKeyStoreId: id },
    );
    const { ConnectionState: state = "", ConnectionErrorCode: fault } = entry ?? {};
    return state !== "CONNECTING" && (fault ? `${state} ${fault}` : state);
  });
}

async function connected(root: As): Promise<string> {
  const made = await root<CreateCustomKeyStoreResponse>("CreateCustomKeyStore", wanted);
  const id = made.CustomKeyStoreId ?? "";
  await root("ConnectCustomKeyStore", { CustomKeyStoreId: id });
  assert.equal(await stateOf(root, id), "CONNECTED");
  return id;
}

const makeKey = async (root: As, CustomKeyStoreId: string): Promise<string> => {
  const input = { Origin: "AWS_CLOUDHSM", CustomKeyStoreId };
  const { KeyMetadata } = await root<CreateKeyResponse>("CreateKey", input);
  return KeyMetadata?.KeyId ?? "";
};

async function scene(t: TestContext) {
  const token = memoryToken(acme);
  const kms = await startKms(t, { tokens: token });
  const root = kms.as(kms.root());
  const store = await connected(root);
  return { token, kms, root, store, KeyId: await makeKey(root, store) };
}

const encrypt = (root: As, KeyId: string) =>
  root<EncryptResponse>("Encrypt", {
    KeyId,
    Plaintext: Buffer.from("a secret"),
    EncryptionContext: context,
  });
const decrypt = async (root: As, CiphertextBlob: Uint8Array | undefined): Promise<string> => {
  const input = { CiphertextBlob, EncryptionContext: context };
  const { Plaintext } = await root<DecryptResponse>("Decrypt", input);
  return Buffer.from(Plaintext ?? []).toString();
};

test("a key of a custom key store is made in the token, works, and says where it is", async (t) => {
  const { root, token, store, KeyId } = await scene(t);
  assert.deepEqual([...token.secrets.keys()], [KeyId]);
  const { CiphertextBlob } = await encrypt(root, KeyId);
  assert.equal(await decrypt(root, CiphertextBlob), "a secret");
  const { KeyMetadata } = await root<DescribeKeyResponse>("DescribeKey", { KeyId });
  assert.deepEqual(
    [KeyMetadata?.Origin, KeyMetadata?.CustomKeyStoreId, KeyMetadata?.CloudHsmClusterId],
    ["AWS_CLOUDHSM", store, memoryCluster],
  );
  const altered = Buffer.from(CiphertextBlob ?? []);
  altered[altered.length - 1] = (altered.at(-1) ?? 0) ^ 1;
  await assert.rejects(decrypt(root, altered), { name: "InvalidCiphertextException" });
  token.secrets.set(KeyId, Buffer.alloc(32));
  await assert.rejects(decrypt(root, CiphertextBlob), { name: "InvalidCiphertextException" });
});

test("without the connection the keys are unavailable, and with it they are back", async (t) => {
  const { root, token, store, KeyId } = await scene(t);
  const { CiphertextBlob } = await encrypt(root, KeyId);
  await root("DisconnectCustomKeyStore", { CustomKeyStoreId: store });
  assert.equal(token.opened, 0);
  const { KeyMetadata } = await root<DescribeKeyResponse>("DescribeKey", { KeyId });
  assert.deepEqual([KeyMetadata?.KeyState, KeyMetadata?.Enabled], ["Unavailable", false]);
  const invalid = { name: "CustomKeyStoreInvalidStateException" };
  await assert.rejects(decrypt(root, CiphertextBlob), invalid);
  await assert.rejects(makeKey(root, store), invalid);
  await root("ConnectCustomKeyStore", { CustomKeyStoreId: store });
  assert.equal(await stateOf(root, store), "CONNECTED");
  assert.equal(await decrypt(root, CiphertextBlob), "a secret");
});

test("a wrong password costs one attempt and is told; another attempt is a decision", async (t) => {
  const token = memoryToken(acme);
  const kms = await startKms(t, { tokens: token });
  const root = kms.as(kms.root());
  const made = await root<CreateCustomKeyStoreResponse>("CreateCustomKeyStore", {
    ...wanted,
    KeyStorePassword: "anotherOne",
  });
  const CustomKeyStoreId = made.CustomKeyStoreId ?? "";
  await root("ConnectCustomKeyStore", { CustomKeyStoreId });
  assert.equal(await stateOf(root, CustomKeyStoreId), "FAILED INVALID_CREDENTIALS");
  const again = root("ConnectCustomKeyStore", { CustomKeyStoreId });
  await assert.rejects(again, { name: "CustomKeyStoreInvalidStateException" });
  await root("DisconnectCustomKeyStore", { CustomKeyStoreId });
  await root("UpdateCustomKeyStore", { CustomKeyStoreId, KeyStorePassword: token.password });
  await root("ConnectCustomKeyStore", { CustomKeyStoreId });
  assert.equal(await stateOf(root, CustomKeyStoreId), "CONNECTED");
});

type Refused = readonly [code: string, title: string, (token: MemoryToken) => object];
const refused: readonly Refused[] = [
  [
    "CloudHsmClusterNotFoundException",
    "a cluster that is not there",
    () => ({ CloudHsmClusterId: "cluster-22222222222" }),
  ],
  [
    "CloudHsmClusterNotActiveException",
    "a cluster without a partition",
    (token) => {
      token.cluster.active = false;
      return {};
    },
  ],
  [
    "IncorrectTrustAnchorException",
    "another trust anchor",
    (token) => {
      token.cluster.trustAnchor = "another certificate";
      return {};
    },
  ],
];
for (const [code, title, how] of refused) {
  test(`a custom key store is refused with ${code}: ${title}`, async (t) => {
    const token = memoryToken(acme);
    const kms = await startKms(t, { tokens: token });
    const made = kms.as(kms.root())("CreateCustomKeyStore", { ...wanted, ...how(token) });
    await assert.rejects(made, { name: code });
  });
}

test("a name and a cluster are of one store, and of one account", async (t) => {
  const { root, kms, store } = await scene(t);
  const same = root("CreateCustomKeyStore", wanted);
  await assert.rejects(same, { name: "CustomKeyStoreNameInUseException" });
  const cluster = root("CreateCustomKeyStore", { ...wanted, CustomKeyStoreName: "more" });
  await assert.rejects(cluster, { name: "CloudHsmClusterInUseException" });
  const stranger = kms.as(kms.root(other));
  const missing = { name: "CustomKeyStoreNotFoundException" };
  for (const name of ["Connect", "Disconnect", "Delete", "Update"]) {
    const call = stranger(`${name}CustomKeyStore`, { CustomKeyStoreId: store });
    await assert.rejects(call, missing, name);
  }
  await assert.rejects(makeKey(stranger, store), missing);
});

test("a cluster of one HSM has no keys made in it", async (t) => {
  const { root, token, store } = await scene(t);
  token.cluster.hsms = 1;
  const made = makeKey(root, store);
  await assert.rejects(made, { name: "CloudHsmClusterInvalidConfigurationException" });
});

test("what a token does not answer is unavailable; the store goes only when it is empty", async (t) => {
  const { root, kms, token, store, KeyId } = await scene(t);
  token.fault = "NETWORK_ERRORS";
  await assert.rejects(encrypt(root, KeyId), { name: "KeyUnavailableException" });
  token.fault = undefined;
  await encrypt(root, KeyId);
  const CustomKeyStoreId = store;
  const remove = () => root("DeleteCustomKeyStore", { CustomKeyStoreId });
  await assert.rejects(remove(), { name: "CustomKeyStoreInvalidStateException" });
  await root("DisconnectCustomKeyStore", { CustomKeyStoreId });
  await assert.rejects(remove(), { name: "CustomKeyStoreHasCMKsException" });
  await root("ScheduleKeyDeletion", { KeyId, PendingWindowInDays: 7 });
  kms.clock.nowMs += 8 * 86_400_000;
  await kms.keys.store.destroy(kms.keys.store.findDue({ account: acme, keyId: KeyId }) ?? never());
  assert.equal(token.secrets.size, 1, "nobody is connected");
  await root("ConnectCustomKeyStore", { CustomKeyStoreId });
  assert.equal(await stateOf(root, store), "CONNECTED");
  const waiting = () => kms.keys.store.customStores.find(acme, store)?.orphans.length;
  await until("the end of the orphans", async () => waiting() === 0);
  assert.equal(token.secrets.size, 0);
  await root("DisconnectCustomKeyStore", { CustomKeyStoreId });
  await remove();
  await assert.rejects(stateOf(root, store), { name: "CustomKeyStoreNotFoundException" });
});

test("a restart connects again when a key is used", async (t) => {
  const directory = mkdtempSync(join(tmpdir(), "bondstore-kms-"));
  t.after(() => rmSync(directory, { recursive: true }));
  const token = memoryToken(acme);
  const first = await openKms(directory, { tokens: token });
  const root = first.as(first.root());
  const KeyId = await makeKey(root, await connected(root));
  const { CiphertextBlob } = await encrypt(root, KeyId);
  await first.close();
  assert.equal(token.opened, 0);
  const second = await openKms(directory, { tokens: token });
  t.after(() => second.close());
  assert.equal(await decrypt(second.as(second.root()), CiphertextBlob), "a secret");
});

test("a login that was refused is not tried again by itself, after a restart neither", async (t) => {
  const directory = mkdtempSync(join(tmpdir(), "bondstore-kms-"));
  t.after(() => rmSync(directory, { recursive: true }));
  const token = memoryToken(acme);
  const first = await openKms(directory, { tokens: token });
  const root = first.as(first.root());
  const store = await connected(root);
  const KeyId = await makeKey(root, store);
  const { CiphertextBlob } = await encrypt(root, KeyId);
  await root("DisconnectCustomKeyStore", { CustomKeyStoreId: store });
  token.password = "another one now";
  await root("ConnectCustomKeyStore", { CustomKeyStoreId: store });
  assert.equal(await stateOf(root, store), "FAILED INVALID_CREDENTIALS");
  await first.close();
  const logins = token.logins;
  for (let restart = 0; restart < 3; restart += 1) {
    const again = await openKms(directory, { tokens: token });
    const invalid = { name: "CustomKeyStoreInvalidStateException" };
    await assert.rejects(decrypt(again.as(again.root()), CiphertextBlob), invalid);
    assert.equal(await stateOf(again.as(again.root()), store), "FAILED INVALID_CREDENTIALS");
    await again.close();
  }
  assert.equal(token.logins, logins);
});

test("clearing away what is gone leaves a key alone that is being made", async (t) => {
  const { kms, root, token, store } = await scene(t);
  const stores = kms.keys.store.customStores;
  const label = "being-made";
  await stores.makeSecret(acme, store, label, () => stores.clearOrphans(acme, store));
  assert.ok(token.secrets.has(label));
  await stores.clearOrphans(acme, store);
  assert.ok(!token.secrets.has(label), "nothing came of it");
  await makeKey(root, store);
});

const never = (): never => assert.fail("the key is due");
