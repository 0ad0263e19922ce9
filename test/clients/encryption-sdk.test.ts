import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import {
  buildClient,
  CommitmentPolicy,
  getLocalCryptographicMaterialsCache,
  KmsKeyringNode,
  NodeCachingMaterialsManager,
} from "@aws-crypto/client-node";
import {
  CreateAliasCommand,
  CreateGrantCommand,
  DisableKeyCommand,
  EnableKeyCommand,
  KMS,
  RotateKeyOnDemandCommand,
} from "@aws-sdk/client-kms";
import type { Keys, Running } from "../support/bondstore.ts";
import { type EncryptionPlace, startEncryption } from "../support/encryption.ts";

const { encrypt, decrypt } = buildClient(CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT);
const text = Buffer.from("four windows of June".repeat(1000));
const encryptionContext = { tenant: "acme", order: "4711" };

/** The KMS of Bondstore, as one caller's keyrings reach it. The libraries spell an absent member differently. */
const kmsOf = (running: Running, keys: Keys) => (() => new KMS(running.client(keys))) as never;

/** A keyring that encrypts under the first key and wraps for the rest. */
function keyring({ running, root }: EncryptionPlace, keys: readonly string[], who: Keys = root) {
  const [generatorKeyId = "", ...keyIds] = keys;
  return new KmsKeyringNode({ generatorKeyId, keyIds, clientProvider: kmsOf(running, who) });
}

async function start(t: TestContext) {
  const place = await startEncryption(t);
  const ring = keyring(place, [place.key]);
  const { result } = await encrypt(ring, text, { encryptionContext });
  const opens = async (with_ = ring, message = result) => {
    const { plaintext, messageHeader } = await decrypt(with_, message);
    assert.deepEqual(Buffer.from(plaintext), text);
    return messageHeader.encryptionContext;
  };
  return { place, ring, result, opens };
}

test("the Encryption SDK opens what it sealed, in the context that it was sealed in", async (t) => {
  const { place, ring, result, opens } = await start(t);
  const shown = await opens();
  assert.deepEqual({ ...shown }, { ...shown, ...encryptionContext });
  // The context is in the header in clear, and the key is asked with it.
  const moved = Buffer.from(result);
  moved.write("evil", moved.indexOf("acme"));
  await assert.rejects(decrypt(ring, moved), /InvalidCiphertextException/);
  assert.deepEqual(await place.events("Decrypt"), ["root:InvalidCiphertextException", "root:ok"]);
  const altered = Buffer.from(result);
  altered[altered.length - 1] = (altered.at(-1) ?? 0) ^ 1;
  await assert.rejects(decrypt(ring, altered));
});

test("the Encryption SDK opens nothing under a disabled key, and everything after a rotation", async (t) => {
  const { place, ring, result, opens } = await start(t);
  const { kms, key: KeyId } = place;
  await kms.send(new DisableKeyCommand({ KeyId }));
  await assert.rejects(decrypt(ring, result), /DisabledException|is disabled/);
  await assert.rejects(encrypt(ring, text), /DisabledException|is disabled/);
  await kms.send(new EnableKeyCommand({ KeyId }));
  await kms.send(new RotateKeyOnDemandCommand({ KeyId }));
  await opens();
  await opens(ring, (await encrypt(ring, text, { encryptionContext })).result);
});

test("the Encryption SDK serves nobody whom the key does not, until a grant says so", async (t) => {
  const { place, result, opens } = await start(t);
  const theirs = keyring(place, [place.key], place.nobody);
  await assert.rejects(decrypt(theirs, result), /AccessDeniedException|not authorized/);
  await assert.rejects(encrypt(theirs, text), /AccessDeniedException|not authorized/);
  const { GrantToken = "" } = await place.kms.send(
    new CreateGrantCommand({
      KeyId: place.key,
      GranteePrincipal: place.nobody.arn,
      Operations: ["Decrypt"],
      Constraints: { EncryptionContextSubset: { tenant: "acme" } },
    }),
  );
  const granted = new KmsKeyringNode({
    keyIds: [place.key],
    grantTokens: [GrantToken],
    clientProvider: kmsOf(place.running, place.nobody),
  });
  await opens(granted);
  const foreign = { encryptionContext: { tenant: "other" } };
  const other = await encrypt(keyring(place, [place.key]), text, foreign);
  await assert.rejects(decrypt(granted, other.result), /AccessDeniedException|not authorized/);
});

test("the Encryption SDK wraps for several keys, and any of them opens", async (t) => {
  const { place, opens } = await start(t);
  const both = keyring(place, [place.key, place.other]);
  const { result } = await encrypt(both, text, { encryptionContext });
  await place.kms.send(new DisableKeyCommand({ KeyId: place.key }));
  await opens(both, result);
  await opens(keyring(place, [place.other]), result);
  await assert.rejects(decrypt(keyring(place, [place.key]), result), /is disabled/);
  const accountIDs = [place.key.split(":")[4] ?? ""];
  const discovery = (who: Keys, accounts = accountIDs) =>
    new KmsKeyringNode({
      discovery: true,
      discoveryFilter: { accountIDs: accounts, partition: "aws" },
      clientProvider: kmsOf(place.running, who),
    });
  await opens(discovery(place.root), result);
  await assert.rejects(decrypt(discovery(place.root, ["999999999999"]), result));
  const eve = await place.running.tenant("eve");
  await assert.rejects(
    decrypt(discovery(eve.root), result),
    /AccessDeniedException|not authorized/,
  );
});

test("the Encryption SDK finds a key by its alias, and asks a cache before it asks the key", async (t) => {
  const { place, opens } = await start(t);
  const alias = place.key.replace(/key\/.*/, "alias/orders");
  await place.kms.send(
    new CreateAliasCommand({ AliasName: "alias/orders", TargetKeyId: place.key }),
  );
  const before = await place.events("GenerateDataKey");
  const backingMaterials = keyring(place, [alias]);
  const cache = getLocalCryptographicMaterialsCache(10);
  const cached = new NodeCachingMaterialsManager({
    backingMaterials,
    cache,
    maxAge: 600_000,
    maxMessagesEncrypted: 2,
  });
  for (const expected of [1, 1, 2]) {
    const { result } = await encrypt(cached, text, { encryptionContext, plaintextLength: 20_000 });
    const asked = await place.events("GenerateDataKey");
    assert.equal(asked.length - before.length, expected);
    await opens(undefined, result);
  }
});
