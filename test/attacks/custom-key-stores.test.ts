import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type {
  CreateCustomKeyStoreResponse,
  CreateKeyResponse,
  DescribeCustomKeyStoresResponse,
  DisableKeyRequest,
} from "@aws-sdk/client-kms";
import type { KeyUse } from "../../src/keys/keys.ts";
import { ServiceError } from "../../src/lib/service-error.ts";
import { type As, acme, type KmsBench, startKms } from "../support/kms.ts";
import { type MemoryToken, memoryCluster, memoryToken } from "../support/memory-token.ts";

interface Scene {
  readonly token: MemoryToken;
  readonly kms: KmsBench;
  readonly root: As;
  readonly CustomKeyStoreId: string;
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** A custom key store of a token in memory, not connected yet. */
async function scene(t: TestContext, password = "kmsPassword1"): Promise<Scene> {
  const token = memoryToken(acme);
  const kms = await startKms(t, { tokens: token });
  const root = kms.as(kms.root());
  const made = await root<CreateCustomKeyStoreResponse>("CreateCustomKeyStore", {
    CustomKeyStoreName: "ours",
    CloudHsmClusterId: memoryCluster,
    KeyStorePassword: password,
    TrustAnchorCertificate: "a certificate",
  });
  return { token, kms, root, CustomKeyStoreId: made.CustomKeyStoreId ?? "" };
}

async function connect({ root, CustomKeyStoreId }: Scene): Promise<void> {
  await root("ConnectCustomKeyStore", { CustomKeyStoreId });
  for (let state = "CONNECTING"; state === "CONNECTING"; await turn()) {
    const { CustomKeyStores: [entry] = [] } = await root<DescribeCustomKeyStoresResponse>(
      "DescribeCustomKeyStores",
      { CustomKeyStoreId },
    );
    state = entry?.ConnectionState ?? "";
    assert.notEqual(state, "FAILED");
  }
}

async function makeKey({ root, CustomKeyStoreId }: Scene): Promise<string> {
  const input = { Origin: "AWS_CLOUDHSM", CustomKeyStoreId };
  const { KeyMetadata } = await root<CreateKeyResponse>("CreateKey", input);
  return KeyMetadata?.KeyId ?? "";
}

const useBy = (kms: KmsBench): KeyUse => ({
  principal: kms.root(),
  via: "s3.us-east-1.amazonaws.com",
  account: acme,
  requestId: "56764d19-1eb1-48f1-8044-594aa7dd05c4",
  sourceIp: "192.0.2.7",
  userAgent: "aws-cli/2",
});

test("connecting many times at once costs one login, also with a wrong password", async (t) => {
  for (const password of ["kmsPassword1", "anotherOne"]) {
    const { root, token, CustomKeyStoreId } = await scene(t, password);
    const calls = Array.from({ length: 20 }, () =>
      root("ConnectCustomKeyStore", { CustomKeyStoreId }).then(
        () => "begun",
        (error: ServiceError) => error.code,
      ),
    );
    const answers = await Promise.all(calls);
    await turn();
    assert.equal(answers.filter((answer) => answer === "begun").length, 1);
    assert.ok(answers.includes("CustomKeyStoreInvalidStateException"));
    assert.equal(token.logins, 1);
  }
});

test("a data key in memory seals and opens no more once its key store is disconnected", async (t) => {
  const here = await scene(t);
  const { kms, root, CustomKeyStoreId } = here;
  await connect(here);
  const KeyId = await makeKey(here);
  const context = { "aws:s3:arn": "arn:aws:s3:::bucket" };
  const { wrapped } = await kms.keys.sharedDataKey(KeyId, context, useBy(kms));
  await kms.keys.openSharedDataKey(wrapped, context, useBy(kms));
  await root("DisconnectCustomKeyStore", { CustomKeyStoreId });
  const refused = (error: unknown) =>
    error instanceof ServiceError && error.code === "CustomKeyStoreInvalidStateException";
  await assert.rejects(kms.keys.sharedDataKey(KeyId, context, useBy(kms)), refused);
  await assert.rejects(kms.keys.openSharedDataKey(wrapped, context, useBy(kms)), refused);
});

test("a key that is disabled while its token works answers nothing of that work", async (t) => {
  const here = await scene(t);
  const { root, token } = here;
  await connect(here);
  const KeyId = await makeKey(here);
  let go = (): void => undefined;
  token.pause = new Promise((resolve) => {
    go = resolve;
  });
  const encrypted = root("Encrypt", { KeyId, Plaintext: Buffer.from("a secret") });
  await turn();
  await root("DisableKey", { KeyId } satisfies DisableKeyRequest);
  go();
  await assert.rejects(encrypted, { name: "DisabledException" });
});

test("a store whose token still has secrets of deleted keys stays until they are destroyed", async (t) => {
  const here = await scene(t);
  const { root, kms, token, CustomKeyStoreId } = here;
  const remove = () => root("DeleteCustomKeyStore", { CustomKeyStoreId });
  await connect(here);
  const KeyId = await makeKey(here);
  await root("ScheduleKeyDeletion", { KeyId, PendingWindowInDays: 7 });
  await root("DisconnectCustomKeyStore", { CustomKeyStoreId });
  await assert.rejects(remove(), { name: "CustomKeyStoreHasCMKsException" });
  kms.clock.nowMs += 8 * 86_400_000;
  const due = kms.keys.store.findDue({ account: acme, keyId: KeyId });
  assert.ok(due);
  await kms.keys.store.destroy(due);
  await assert.rejects(remove(), { name: "CustomKeyStoreHasCMKsException" });
  assert.equal(token.secrets.size, 1);
  token.find = () => undefined;
  await remove();
});
