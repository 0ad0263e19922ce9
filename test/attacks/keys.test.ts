import assert from "node:assert/strict";
import { test } from "node:test";
import {
  CreateGrantCommand,
  CreateKeyCommand,
  DecryptCommand,
  DescribeKeyCommand,
  DisableKeyCommand,
  EncryptCommand,
  GenerateDataKeyCommand,
  KMSClient,
  PutKeyPolicyCommand,
  ReEncryptCommand,
  ScheduleKeyDeletionCommand,
} from "@aws-sdk/client-kms";
import { startBondstore } from "../support/bondstore.ts";
import { contentsBelow } from "../support/files-below.ts";

const marker = "PLAINTEXT-MARKER-4711";
const Plaintext = Buffer.from(marker);

test("plaintext and materials never reach the disk, the trail or the log", async (t) => {
  const running = await startBondstore(t);
  const acme = await running.tenant("acme");
  const kms = new KMSClient(running.client(acme.root));
  const { KeyMetadata } = await kms.send(new CreateKeyCommand({ Description: marker }));
  const KeyId = KeyMetadata?.Arn;
  const { CiphertextBlob } = await kms.send(new EncryptCommand({ KeyId, Plaintext }));
  await kms.send(new DecryptCommand({ CiphertextBlob }));
  const { Plaintext: dataKey } = await kms.send(
    new GenerateDataKeyCommand({ KeyId, KeySpec: "AES_256" }),
  );
  assert.ok(dataKey);
  const secrets = [Plaintext, Buffer.from(Plaintext.toString("base64")), Buffer.from(dataKey)];
  const key = Buffer.from(dataKey);
  secrets.push(Buffer.from(key.toString("base64")), Buffer.from(key.toString("hex")));
  let scanned = 0;
  for (const { path, bytes } of contentsBelow(running.data)) {
    for (const secret of secrets) assert.ok(!bytes.includes(secret), path);
    scanned += bytes.length;
  }
  assert.ok(scanned > 10_000, "an empty scan must not pass");
  for (const line of running.logged) assert.ok(!line.includes(marker), line);
});

test("another tenant cannot use, change, destroy or even recognise a key", async (t) => {
  const running = await startBondstore(t);
  const [acme, eve] = [await running.tenant("acme"), await running.tenant("eve")];
  const [kms, stranger] = [acme, eve].map(({ root }) => new KMSClient(running.client(root)));
  assert.ok(kms && stranger);
  const { KeyMetadata } = await kms.send(new CreateKeyCommand({}));
  const KeyId = KeyMetadata?.Arn ?? "";
  const { CiphertextBlob } = await kms.send(new EncryptCommand({ KeyId, Plaintext }));
  const own = (await stranger.send(new CreateKeyCommand({}))).KeyMetadata?.Arn;
  const missing = KeyId.replace(/[^/]+$/, "00000000-0000-0000-0000-000000000000");
  const Policy = JSON.stringify({
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Principal: "*", Action: "kms:*", Resource: "*" }],
  });
  const words = new Set<string>();
  for (const id of [KeyId, missing]) {
    for (const attempt of [
      () => stranger.send(new DescribeKeyCommand({ KeyId: id })),
      () => stranger.send(new EncryptCommand({ KeyId: id, Plaintext })),
      () => stranger.send(new DecryptCommand({ KeyId: id, CiphertextBlob })),
      () => stranger.send(new DisableKeyCommand({ KeyId: id })),
      () => stranger.send(new ScheduleKeyDeletionCommand({ KeyId: id })),
      () => stranger.send(new PutKeyPolicyCommand({ KeyId: id, Policy })),
      () =>
        stranger.send(
          new CreateGrantCommand({
            KeyId: id,
            GranteePrincipal: `arn:aws:iam::${eve.account}:root`,
            Operations: ["Decrypt"],
          }),
        ),
    ]) {
      await assert.rejects(attempt(), (error) => {
        assert.ok(error instanceof Error);
        assert.equal(error.name, "AccessDeniedException");
        words.add(error.message.replaceAll(id, "KEY").replace(/ \(Explain.*/, ""));
        return true;
      });
    }
  }
  assert.equal(words.size, 7, "a key that exists and one that does not are refused alike");
  const denied = { name: "AccessDeniedException" };
  await assert.rejects(stranger.send(new DecryptCommand({ CiphertextBlob })), denied);
  const steal = new ReEncryptCommand({ CiphertextBlob, DestinationKeyId: own });
  await assert.rejects(stranger.send(steal), denied);
  await kms.send(new DecryptCommand({ CiphertextBlob }));
});

test("a key that is disabled while calls are under way decrypts nothing after the answer", async (t) => {
  const running = await startBondstore(t);
  const acme = await running.tenant("acme");
  const kms = new KMSClient(running.client(acme.root));
  const { KeyMetadata } = await kms.send(new CreateKeyCommand({}));
  const KeyId = KeyMetadata?.Arn;
  const { CiphertextBlob } = await kms.send(new EncryptCommand({ KeyId, Plaintext }));
  const decrypt = () =>
    kms.send(new DecryptCommand({ CiphertextBlob })).then(
      () => "opened",
      (error: Error) => error.name,
    );
  const during = Array.from({ length: 20 }, decrypt);
  await kms.send(new DisableKeyCommand({ KeyId }));
  const after = await Promise.all(Array.from({ length: 20 }, decrypt));
  assert.deepEqual([...new Set(after)], ["DisabledException"]);
  for (const result of await Promise.all(during)) {
    assert.ok(["opened", "DisabledException"].includes(result), result);
  }
});
