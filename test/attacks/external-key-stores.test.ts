import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import {
  ConnectCustomKeyStoreCommand,
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
import { startKmsClient } from "../support/kms-client.ts";
import { until } from "../support/until.ts";
import { verdict } from "../support/verdict.ts";
import {
  addExternalKey,
  connectedStore,
  externalStore,
  type ProxyMood,
  startXksProxy,
  type TestProxy,
} from "../support/xks-proxy.ts";

const kmsOf = (running: Running, keys: { accessKeyId: string; secretAccessKey: string }) =>
  new KMSClient(running.client(keys));

test("a proxy is reached where the operator admits it, over TLS that holds for its name, and nowhere else", async (t) => {
  const proxy = await startXksProxy(t);
  const { kms } = await startKmsClient(t, { xks: proxy.config });
  const at = (endpoint: string) => verdict(kms.send(externalStore({ ...proxy, endpoint })));
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
  assert.equal(await verdict(kms.send(externalStore(proxy, vpc))), "UnsupportedOperationException");
  const XksProxyUriPath = "/other/kms/xks/v1";
  const lost = externalStore(proxy, { XksProxyUriPath });
  assert.equal(await verdict(kms.send(lost)), "XksProxyInvalidConfigurationException");
  const RawSecretAccessKey = "B".repeat(44);
  const forged = { ...proxy.credential, RawSecretAccessKey };
  const wrong = externalStore(proxy, { XksProxyAuthenticationCredential: forged });
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
    assert.equal(await verdict(kmsOf(there, their).send(externalStore(other))), unreachable, why);
    assert.deepEqual(other.asked, [], why);
  }
});

/** Each ends in its time, and costs the one request alone: what it is called at creation, and in use. */
const moods: readonly (readonly [ProxyMood, created: string, used: string])[] = [
  ["silent", "XksProxyUriUnreachableException", "KMSInvalidStateException"],
  ["drips", "XksProxyUriUnreachableException", "KMSInvalidStateException"],
  ["nonsense", "XksProxyInvalidResponseException", "KMSInvalidStateException"],
  ["endless", "XksProxyInvalidResponseException", "KMSInvalidStateException"],
  ["redirects", "XksProxyInvalidResponseException", "KMSInvalidStateException"],
  ["denies", "XksProxyIncorrectAuthenticationCredentialException", "KMSInvalidStateException"],
  ["swaps", "XksProxyInvalidConfigurationException", "InvalidCiphertextException"],
];

/** A Bondstore that waits so long for a proxy, and a key of it behind that. */
async function startUse(t: TestContext, proxy: TestProxy, answerWithinMs: number) {
  const { kms, crowd } = await startKmsClient(t, { xks: { ...proxy.config, answerWithinMs } });
  const key = `within-${answerWithinMs}`;
  const { KeyId, CustomKeyStoreId } = await connectedStore(kms, proxy, { key });
  const Plaintext = Buffer.from("a secret of the owner's, longer than a block");
  const decrypt = (CiphertextBlob: Uint8Array, by = kms) =>
    by.send(new DecryptCommand({ CiphertextBlob }));
  return {
    ...{ kms, crowd, key, CustomKeyStoreId, decrypt },
    async encrypt() {
      const { CiphertextBlob } = await kms.send(new EncryptCommand({ KeyId, Plaintext }));
      return CiphertextBlob ?? new Uint8Array();
    },
    /** Who does not wait long may find a busy machine too slow: the next request goes, or a later one. */
    goes: (blob: Uint8Array) =>
      until("a decryption", async () => (await verdict(decrypt(blob))) === "goes"),
  };
}

test("whatever a proxy does, nothing hangs, nothing of it is passed on, and the next request goes", async (t) => {
  const proxy = await startXksProxy(t);
  const patient = await startUse(t, proxy, proxy.config.answerWithinMs);
  const hasty = await startUse(t, proxy, 4_000);
  const { kms, CustomKeyStoreId, encrypt, decrypt } = patient;
  const CiphertextBlob = await encrypt();

  for (const [mood, created, used] of moods) {
    const isAnswered = mood !== "silent" && mood !== "drips";
    const one = isAnswered ? patient : hasty;
    const blob = isAnswered ? CiphertextBlob : await one.encrypt();
    proxy.mood = mood;
    const path = `/${mood}/kms/xks/v1`;
    // The same path would be in use.
    const more = { CustomKeyStoreName: mood };
    const make = one.kms.send(externalStore({ ...proxy, path }, more));
    const told = await Promise.all([verdict(make), verdict(one.decrypt(blob))]);
    assert.deepEqual(told, [created, used], mood);
    proxy.mood = "works";
    if (isAnswered) assert.equal(await verdict(decrypt(CiphertextBlob)), "goes", mood);
    else await hasty.goes(blob);
  }
  // A connection that is kept may end as it is used again: that costs nothing.
  proxy.mood = "hangs-up";
  for (let times = 0; times < 3; times += 1) {
    assert.equal(await verdict(decrypt(CiphertextBlob)), "goes");
  }
  proxy.mood = "short-tag";
  assert.equal(await verdict(encrypt()), "KMSInvalidStateException");
  proxy.mood = "works";
  const hers = await hasty.encrypt();
  proxy.mood = "silent";
  const many = await Promise.all(hasty.crowd(150, (by) => verdict(hasty.decrypt(hers, by))));
  assert.deepEqual([...new Set(many)].sort(), ["KMSInvalidStateException"]);
  proxy.mood = "works";
  await hasty.goes(hers);

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
  const key = proxy.keys.get(patient.key) ?? assert.fail();
  key.status = "DISABLED";
  assert.equal(await verdict(decrypt(CiphertextBlob)), "KMSInvalidStateException");
  key.status = "ENABLED";
  await proxy.close();
  assert.equal(await verdict(decrypt(CiphertextBlob)), "KMSInvalidStateException");
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
  const { kms, running, acme } = await startKmsClient(t, { xks: proxy.config });
  const { account } = acme;
  const { KeyId, CustomKeyStoreId, wanted } = await connectedStore(kms, proxy);
  const { CiphertextBlob } = await kms.send(
    new EncryptCommand({ KeyId, Plaintext: Buffer.from("ours") }),
  );
  assert.equal(
    await verdict(kms.send(externalStore(proxy, { CustomKeyStoreName: "more" }))),
    "XksProxyUriInUseException",
  );
  const shouted = { ...proxy, endpoint: "https://XKS.acme.EXAMPLE" };
  const again = externalStore(shouted, { CustomKeyStoreName: "more" });
  assert.equal(await verdict(kms.send(again)), "XksProxyUriInUseException");
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
  proxy.mood = "holds";
  const late = verdict(kms.send(new DecryptCommand({ CiphertextBlob })));
  await proxy.holding();
  await kms.send(new DisableKeyCommand({ KeyId }));
  proxy.release();
  assert.equal(await late, "DisabledException");
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
