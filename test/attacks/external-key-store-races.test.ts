import assert from "node:assert/strict";
import { test } from "node:test";
import {
  CreateKeyCommand,
  DecryptCommand,
  DisconnectCustomKeyStoreCommand,
  EncryptCommand,
  KMSClient,
} from "@aws-sdk/client-kms";
import type { XksTransport } from "../../src/keys/external/xks-transport.ts";
import { acme, startKms } from "../support/kms.ts";
import { startKmsClient } from "../support/kms-client.ts";
import { verdict } from "../support/verdict.ts";
import { addExternalKey, connectedStore, startXksProxy } from "../support/xks-proxy.ts";

test("who fills the line to a proxy fills it for nobody else", async (t) => {
  const proxy = await startXksProxy(t);
  const { kms, running, crowd } = await startKmsClient(t, { xks: proxy.config });
  const tenant = await running.tenant("globex");
  const other = new KMSClient(running.client(tenant.root));
  t.after(() => other.destroy());
  const path = "/globex/kms/xks/v1";
  proxy.paths.set(path, "works");
  const Plaintext = Buffer.from("a secret");
  const decrypting = async (client: KMSClient, KeyId: string) => {
    const { CiphertextBlob } = await client.send(new EncryptCommand({ KeyId, Plaintext }));
    return (by: KMSClient) => verdict(by.send(new DecryptCommand({ CiphertextBlob })));
  };
  const full = await decrypting(kms, (await connectedStore(kms, proxy)).KeyId);
  const { KeyId } = await connectedStore(other, proxy, { path, key: "second" });
  const free = await decrypting(other, KeyId);
  proxy.mood = "silent";
  let over = 0;
  const many = crowd(150, (by) => full(by).finally(() => (over += 1)));
  // The first that is over is one that found no place.
  assert.equal(await Promise.race(many), "KMSInvalidStateException");
  assert.equal(await free(other), "goes");
  assert.ok(over <= 50, "a hundred wait still");
  await proxy.close();
  assert.deepEqual([...new Set(await Promise.all(many))], ["KMSInvalidStateException"]);
});

test("a store that is disconnected while its proxy is asked gets no key", async (t) => {
  const proxy = await startXksProxy(t);
  const { kms } = await startKmsClient(t, { xks: proxy.config });
  const { CustomKeyStoreId, wanted } = await connectedStore(kms, proxy);
  addExternalKey(proxy, "second");
  proxy.mood = "holds";
  const late = verdict(kms.send(new CreateKeyCommand({ ...wanted, XksKeyId: "second" })));
  await proxy.holding();
  await kms.send(new DisconnectCustomKeyStoreCommand({ CustomKeyStoreId }));
  proxy.release();
  assert.equal(await late, "CustomKeyStoreInvalidStateException");
});

/** A proxy that finds everything in order. */
const content: XksTransport = async ({ path }) => ({
  status: 200,
  body: Buffer.from(
    JSON.stringify(
      path.endsWith("/health")
        ? { ekmFleetDetails: [] }
        : { keySpec: "AES_256", keyUsage: ["ENCRYPT", "DECRYPT"], keyStatus: "ENABLED" },
    ),
  ),
});

test("whenever a store is deleted while a key is made in it, no key is left without its store", async (t) => {
  const ends = new Set<string>();
  for (let at = 0; ; at += 1) {
    let [steps, isMaking] = [0, false];
    let deleting: Promise<string> | undefined;
    let remove = async (): Promise<string> => assert.fail();
    // Whatever the making of the key would do next waits for the deletion.
    const step = async (): Promise<void> => {
      if (!isMaking || steps++ !== at) return;
      deleting = remove();
      await deleting;
    };
    const kms = await startKms(t, {
      proxies: (request) => step().then(() => content(request)),
      step: () => (isMaking && !deleting ? step() : undefined),
    });
    const as = kms.as(kms.root());
    const { CustomKeyStoreId } = await as<{ CustomKeyStoreId: string }>("CreateCustomKeyStore", {
      CustomKeyStoreName: "outside",
      CustomKeyStoreType: "EXTERNAL_KEY_STORE",
      XksProxyConnectivity: "PUBLIC_ENDPOINT",
      XksProxyUriEndpoint: "https://xks.acme.example",
      XksProxyUriPath: "/kms/xks/v1",
      XksProxyAuthenticationCredential: {
        AccessKeyId: "ABCDEFGHIJKLMNOPQRST",
        RawSecretAccessKey: "A".repeat(44),
      },
    });
    const store = { CustomKeyStoreId };
    await as("ConnectCustomKeyStore", store);
    remove = () => {
      const disconnected = as("DisconnectCustomKeyStore", store);
      return verdict(
        disconnected.then(() => as("DeleteCustomKeyStore", store)),
        (error) => ("code" in error ? String(error.code) : String(error)),
      );
    };
    isMaking = true;
    const made = { ...store, Origin: "EXTERNAL_KEY_STORE", XksKeyId: "first" };
    await verdict(as("CreateKey", made));
    if (!deleting) break;
    ends.add(await deleting);
    const keys = kms.keys.store;
    for (const keyId of keys.ids(acme)) {
      const { record } = keys.findDue({ account: acme, keyId }) ?? assert.fail();
      assert.ok(keys.externalStores.find(acme, record.customKeyStore ?? ""), `at step ${at}`);
    }
  }
  assert.deepEqual([...ends].sort(), ["CustomKeyStoreHasCMKsException", "goes"]);
});
