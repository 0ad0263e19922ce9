import assert from "node:assert/strict";
import { test } from "node:test";
import {
  ConnectCustomKeyStoreCommand,
  CreateCustomKeyStoreCommand,
  type CreateCustomKeyStoreCommandInput,
  CreateKeyCommand,
  DecryptCommand,
  DescribeCustomKeyStoresCommand,
  DisableKeyCommand,
  DisconnectCustomKeyStoreCommand,
  EncryptCommand,
  KMSClient,
  UpdateCustomKeyStoreCommand,
} from "@aws-sdk/client-kms";
import { type Running, startBondstore } from "../support/bondstore.ts";
import {
  addExternalKey,
  type ProxyMood,
  startXksProxy,
  type TestProxy,
} from "../support/xks-proxy.ts";

const external = (
  proxy: Pick<TestProxy, "endpoint" | "path" | "credential">,
  more: Partial<CreateCustomKeyStoreCommandInput> = {},
) =>
  new CreateCustomKeyStoreCommand({
    CustomKeyStoreName: "outside",
    CustomKeyStoreType: "EXTERNAL_KEY_STORE",
    XksProxyConnectivity: "PUBLIC_ENDPOINT",
    XksProxyUriEndpoint: proxy.endpoint,
    XksProxyUriPath: proxy.path,
    XksProxyAuthenticationCredential: proxy.credential,
    ...more,
  });

const verdict = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => "goes",
    ({ name }: Error) => name,
  );

/** A store that is connected, with one key. */
async function storeOf(running: Running, kms: KMSClient, proxy: TestProxy, name = "outside") {
  const made = await kms.send(external(proxy, { CustomKeyStoreName: name }));
  const { CustomKeyStoreId } = made;
  await kms.send(new ConnectCustomKeyStoreCommand({ CustomKeyStoreId }));
  const XksKeyId = addExternalKey(proxy);
  const wanted = { Origin: "EXTERNAL_KEY_STORE", CustomKeyStoreId, XksKeyId } as const;
  const { KeyMetadata } = await kms.send(new CreateKeyCommand(wanted));
  assert.ok(running.endpoint);
  return { CustomKeyStoreId, KeyId: KeyMetadata?.KeyId ?? "", wanted };
}

const kmsOf = (running: Running, keys: { accessKeyId: string; secretAccessKey: string }) =>
  new KMSClient(running.client(keys));

test("a proxy is reached where the operator admits it, over TLS that holds for its name, and nowhere else", async (t) => {
  const proxy = await startXksProxy(t);
  const running = await startBondstore(t, { xks: proxy.config });
  const { root } = await running.tenant("acme");
  const kms = kmsOf(running, root);
  const at = (endpoint: string) => verdict(kms.send(external({ ...proxy, endpoint })));
  const unreachable = "XksProxyUriUnreachableException";
  // Addresses of this machine, of its networks and of what clouds keep beside them, however they are written.
  for (const inward of [
    ...["127.0.0.1", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "0.0.0.0", "localhost"],
    ...["10.0.0.1", "169.254.169.254", "192.168.1.1", "172.16.0.1", "100.64.0.1", "198.18.0.1"],
  ]) {
    assert.equal(await at(`https://${inward}`), unreachable, inward);
  }
  assert.deepEqual(proxy.asked, []);
  assert.equal(await at(`${proxy.endpoint}:1`), "ValidationException", "AWS has no ports here");
  assert.equal(await at("http://xks.acme.example"), "ValidationException");
  const vpc = { XksProxyConnectivity: "VPC_ENDPOINT_SERVICE" } as const;
  assert.equal(await verdict(kms.send(external(proxy, vpc))), "UnsupportedOperationException");
  const XksProxyUriPath = "/other/kms/xks/v1";
  const lost = external(proxy, { XksProxyUriPath });
  assert.equal(await verdict(kms.send(lost)), "XksProxyInvalidConfigurationException");
  const RawSecretAccessKey = "B".repeat(44);
  const forged = { ...proxy.credential, RawSecretAccessKey };
  const wrong = external(proxy, { XksProxyAuthenticationCredential: forged });
  assert.equal(
    await verdict(kms.send(wrong)),
    "XksProxyIncorrectAuthenticationCredentialException",
  );

  for (const [why, options] of [
    ["nobody vouches", { trusted: false }],
    ["another name", { certified: "xks.other.example" }],
  ] as const) {
    const other = await startXksProxy(t, options);
    const there = await startBondstore(t, { xks: other.config });
    const { root: their } = await there.tenant("acme");
    assert.equal(await verdict(kmsOf(there, their).send(external(other))), unreachable, why);
    assert.deepEqual(other.asked, [], why);
  }
});

/** Each ends in its time, and costs the one request alone: what it is called at creation, and in use. */
const moods: readonly (readonly [ProxyMood, created: string, used: string])[] = [
  ["silent", "XksProxyUriUnreachableException", "KMSInvalidStateException"],
  ["slow", "XksProxyUriUnreachableException", "KMSInvalidStateException"],
  ["nonsense", "XksProxyInvalidResponseException", "KMSInvalidStateException"],
  ["endless", "XksProxyInvalidResponseException", "KMSInvalidStateException"],
  ["redirects", "XksProxyInvalidResponseException", "KMSInvalidStateException"],
  ["denies", "XksProxyIncorrectAuthenticationCredentialException", "KMSInvalidStateException"],
  ["swaps", "XksProxyInvalidConfigurationException", "InvalidCiphertextException"],
];

test("whatever a proxy does, nothing hangs, nothing of it is passed on, and the next request goes", async (t) => {
  const proxy = await startXksProxy(t);
  const running = await startBondstore(t, { xks: proxy.config });
  const { root } = await running.tenant("acme");
  const kms = kmsOf(running, root);
  const { KeyId, CustomKeyStoreId } = await storeOf(running, kms, proxy);
  const Plaintext = Buffer.from("a secret of the owner's, longer than a block");
  const encrypt = () => kms.send(new EncryptCommand({ KeyId, Plaintext }));
  const { CiphertextBlob = new Uint8Array() } = await encrypt();
  const decrypt = (blob = CiphertextBlob) => kms.send(new DecryptCommand({ CiphertextBlob: blob }));

  for (const [mood, created, used] of moods) {
    proxy.mood = mood;
    const path = `/${mood}/kms/xks/v1`;
    // The same path would be in use.
    const more = { CustomKeyStoreName: mood };
    assert.equal(await verdict(kms.send(external({ ...proxy, path }, more))), created, mood);
    assert.equal(await verdict(decrypt()), used, mood);
    proxy.mood = "works";
    assert.equal(await verdict(decrypt()), "goes", mood);
  }
  proxy.mood = "short-tag";
  assert.equal(await verdict(encrypt()), "KMSInvalidStateException");
  proxy.mood = "silent";
  const many = await Promise.all(Array.from({ length: 150 }, () => verdict(decrypt())));
  assert.deepEqual([...new Set(many)].sort(), ["KMSInvalidStateException"]);
  proxy.mood = "works";
  assert.equal(await verdict(decrypt()), "goes");

  // No byte of a ciphertext may differ, and none may be missing.
  const bytes = Buffer.from(CiphertextBlob);
  for (let at = 0; at < bytes.length; at += 1) {
    const changed = Buffer.from(bytes);
    changed[at] = (changed[at] ?? 0) ^ 1;
    assert.equal(await verdict(decrypt(changed)), "InvalidCiphertextException", `byte ${at}`);
  }
  for (const length of [1, 33, 34, 50, 80, 100, bytes.length - 1]) {
    const cut = await verdict(decrypt(bytes.subarray(0, length)));
    assert.equal(cut, "InvalidCiphertextException", `cut at ${length}`);
  }

  // What its owner does there counts here at once.
  const key = proxy.keys.get("first") ?? assert.fail();
  key.status = "DISABLED";
  assert.equal(await verdict(decrypt()), "KMSInvalidStateException");
  key.status = "ENABLED";
  await proxy.close();
  assert.equal(await verdict(decrypt()), "KMSInvalidStateException");
  await kms.send(new DisconnectCustomKeyStoreCommand({ CustomKeyStoreId }));
  await kms.send(new ConnectCustomKeyStoreCommand({ CustomKeyStoreId }));
  const { CustomKeyStores } = await kms.send(new DescribeCustomKeyStoresCommand({}));
  const [shown] = CustomKeyStores ?? [];
  assert.deepEqual(
    [shown?.ConnectionState, shown?.ConnectionErrorCode],
    ["FAILED", "XKS_PROXY_NOT_REACHABLE"],
  );
});

test("an external key store is its account's, its credential nobody's, and an external key one KMS key's", async (t) => {
  const proxy = await startXksProxy(t);
  const running = await startBondstore(t, { xks: proxy.config });
  const { root, account } = await running.tenant("acme");
  const kms = kmsOf(running, root);
  const { KeyId, CustomKeyStoreId, wanted } = await storeOf(running, kms, proxy);
  const { CiphertextBlob } = await kms.send(
    new EncryptCommand({ KeyId, Plaintext: Buffer.from("ours") }),
  );
  assert.equal(
    await verdict(kms.send(external(proxy, { CustomKeyStoreName: "more" }))),
    "XksProxyUriInUseException",
  );
  const hsm = { Origin: "AWS_CLOUDHSM", CustomKeyStoreId } as const;
  assert.equal(await verdict(kms.send(new CreateKeyCommand(hsm))), "UnsupportedOperationException");
  for (const XksKeyId of [".", "..", "a/b", "%2e%2e"]) {
    const step = new CreateKeyCommand({ ...wanted, XksKeyId });
    assert.equal(await verdict(kms.send(step)), "ValidationException", XksKeyId);
  }
  addExternalKey(proxy, "rsa", "RSA_2048");
  const rsa = new CreateKeyCommand({ ...wanted, XksKeyId: "rsa" });
  assert.equal(await verdict(kms.send(rsa)), "XksKeyInvalidConfigurationException");
  // Of several at once one has it.
  addExternalKey(proxy, "second");
  const race = Array.from({ length: 5 }, () =>
    verdict(kms.send(new CreateKeyCommand({ ...wanted, XksKeyId: "second" }))),
  );
  const won = await Promise.all(race);
  assert.deepEqual(won.filter((one) => one === "goes").length, 1);
  assert.ok(won.every((one) => one === "goes" || one === "XksKeyAlreadyInUseException"));

  // Strangers, and users without the permission, neither see nor change nor use it.
  const stranger = kmsOf(running, (await running.tenant("stranger")).root);
  const { users, accessKeys } = running.bondstore.opened.parts.directory.inAccount(account);
  const made = await accessKeys.create(await users.create({ name: "ann" }));
  const ann = kmsOf(running, { accessKeyId: made.id, secretAccessKey: made.secret });
  const before = proxy.asked.length;
  for (const [who, missing] of [
    [stranger, "CustomKeyStoreNotFoundException"],
    [ann, "AccessDeniedException"],
  ] as const) {
    const ask = (work: Promise<unknown>) => verdict(work);
    assert.equal(
      await ask(who.send(new ConnectCustomKeyStoreCommand({ CustomKeyStoreId }))),
      missing,
    );
    const update = { CustomKeyStoreId, XksProxyAuthenticationCredential: proxy.credential };
    assert.equal(await ask(who.send(new UpdateCustomKeyStoreCommand(update))), missing);
    assert.notEqual(
      await ask(who.send(new CreateKeyCommand({ ...wanted, XksKeyId: "third" }))),
      "goes",
    );
    assert.equal(
      await ask(who.send(new DecryptCommand({ CiphertextBlob }))),
      "AccessDeniedException",
    );
  }
  assert.equal(proxy.asked.length, before, "nobody's refused request reaches the proxy");

  // A key that is disabled while the proxy works tells nothing.
  proxy.mood = "slow";
  const late = verdict(kms.send(new DecryptCommand({ CiphertextBlob })));
  await kms.send(new DisableKeyCommand({ KeyId }));
  assert.notEqual(await late, "goes");
  proxy.mood = "works";
  assert.equal(
    await verdict(kms.send(new DecryptCommand({ CiphertextBlob }))),
    "DisabledException",
  );

  // A store that is connected is not led to another proxy, and one that is not only to one that answers.
  const move = { CustomKeyStoreId, XksProxyUriPath: "/new/kms/xks/v1" };
  const update = () => verdict(kms.send(new UpdateCustomKeyStoreCommand(move)));
  assert.equal(await update(), "CustomKeyStoreInvalidStateException");
  await kms.send(new DisconnectCustomKeyStoreCommand({ CustomKeyStoreId }));
  assert.equal(await update(), "XksProxyInvalidConfigurationException");

  const { trail } = running.bondstore.opened;
  const events = JSON.stringify(
    await trail.find({
      account,
      attribute: { key: "EventSource", value: "kms.amazonaws.com" },
      limit: 1_000,
    }),
  );
  assert.match(events, /CreateCustomKeyStore/);
  assert.ok(!events.includes(proxy.credential.RawSecretAccessKey));
  const { CustomKeyStores } = await kms.send(new DescribeCustomKeyStoresCommand({}));
  assert.ok(!JSON.stringify(CustomKeyStores).includes(proxy.credential.RawSecretAccessKey));
});
