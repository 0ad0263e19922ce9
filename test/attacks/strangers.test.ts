import assert from "node:assert/strict";
import { test } from "node:test";
import { DescribeStreamCommand, KinesisClient } from "@aws-sdk/client-kinesis";
import {
  CreateGrantCommand,
  CreateKeyCommand,
  DescribeKeyCommand,
  KMSClient,
  ListRetirableGrantsCommand,
} from "@aws-sdk/client-kms";
import { CreateBucketCommand, DeleteObjectsCommand, S3Client } from "@aws-sdk/client-s3";
import { type Keys, startBondstore } from "../support/bondstore.ts";
import { sha256, signRequest } from "../support/sign-request.ts";

/** Invariant: a stranger learns nothing of an account, and what it makes up leaves nothing behind. */

test("the grants that a service may retire are shown to the owner of the key alone", async (t) => {
  const running = await startBondstore(t);
  const acme = await running.tenant("acme");
  const mallory = await running.tenant("mallory");
  const owner = new KMSClient(running.client(acme.root));
  const stranger = new KMSClient(running.client(mallory.root));
  const { KeyMetadata } = await owner.send(new CreateKeyCommand({}));
  const service = "kinesisanalytics.amazonaws.com";
  await owner.send(
    new CreateGrantCommand({
      KeyId: KeyMetadata?.KeyId,
      GranteePrincipal: `arn:aws:iam::${acme.account}:user/alice`,
      RetiringServicePrincipal: service,
      Operations: ["Decrypt"],
    }),
  );
  for (const named of [{ RetiringServicePrincipal: service }, { RetiringPrincipal: service }]) {
    const seen = await stranger.send(new ListRetirableGrantsCommand(named)).catch(() => undefined);
    assert.deepEqual(seen?.Grants ?? [], []);
  }
  const own = await owner.send(
    new ListRetirableGrantsCommand({ RetiringServicePrincipal: service }),
  );
  assert.equal(own.Grants?.length, 1);
});

test("accounts that somebody makes up are not looked into", async (t) => {
  const running = await startBondstore(t);
  const { root } = await running.tenant("mallory");
  const kms = new KMSClient(running.client(root));
  const kinesis = new KinesisClient(running.client(root));
  const { store } = running.bondstore.opened.parts;
  const looked: string[] = [];
  const { account: open } = store;
  t.mock.method(store, "account", (id: string) => {
    looked.push(id);
    return open(id);
  });
  const key = "12345678-1234-1234-1234-123456789012";
  for (const name of [`key/${key}`, "alias/orders"]) {
    const KeyId = `arn:aws:kms:us-east-1:999999999999:${name}`;
    await assert.rejects(kms.send(new DescribeKeyCommand({ KeyId })), {
      name: "AccessDeniedException",
    });
  }
  const StreamARN = "arn:aws:kinesis:us-east-1:888888888888:stream/orders";
  await assert.rejects(kinesis.send(new DescribeStreamCommand({ StreamARN })), {
    name: "AccessDeniedException",
  });
  assert.ok(looked.length > 0, "an empty check must not pass");
  assert.deepEqual(
    looked.filter((id) => /^(8|9)\1{11}$/.test(id)),
    [],
  );
});

test("requests of nobody for nothing do not fill the trail", async (t) => {
  const running = await startBondstore(t);
  const { trail } = running.bondstore.opened;
  const before = trail.head().size;
  for (const path of ["/no-such-bucket", "/no-such-bucket/key", "/"]) {
    const { status } = await fetch(running.endpoint + path);
    assert.ok(status >= 400, path);
  }
  assert.equal(trail.head().size, before);
});

test("one request of a stranger to delete a thousand objects is few events of their owner", async (t) => {
  const running = await startBondstore(t);
  const acme = await running.tenant("acme");
  const mallory = await running.tenant("mallory");
  const s3 = (root: Keys) => new S3Client({ ...running.client(root), forcePathStyle: true });
  await s3(acme.root).send(new CreateBucketCommand({ Bucket: "orders" }));
  const { trail } = running.bondstore.opened;
  const before = trail.head().size;
  const Objects = Array.from({ length: 1000 }, (_, at) => ({ Key: `key ${at}` }));
  const { Errors = [] } = await s3(mallory.root).send(
    new DeleteObjectsCommand({ Bucket: "orders", Delete: { Objects } }),
  );
  assert.equal(Errors.length, 1000);
  assert.ok(Errors.every(({ Code }) => Code === "AccessDenied"));
  const events = trail.head().size - before;
  assert.ok(events >= 10 && events <= 30, `${events} events`);
});

test("who knows an access key's id, and not its secret, cannot bury the account's trail", async (t) => {
  const timeMs = Date.UTC(2026, 10, 2, 12);
  let laterMs = 0;
  const running = await startBondstore(t, {}, undefined, { now: () => timeMs + laterMs });
  const { root } = await running.tenant("acme");
  const { trail } = running.bondstore.opened;
  const { host } = new URL(running.endpoint);

  async function forge(count: number): Promise<number> {
    const before = trail.head().size;
    for (let sent = 0; sent < count; sent += 1) {
      const { headers } = signRequest({
        method: "POST",
        target: "/",
        headers: { host, "x-amz-target": "TrentService.ListKeys" },
        payloadHash: sha256("{}"),
        accessKeyId: root.accessKeyId,
        secret: "a guess",
        service: "kms",
        timeMs: timeMs + laterMs,
      });
      const type = { "content-type": "application/x-amz-json-1.1" };
      const options = { method: "POST", headers: { ...headers, ...type }, body: "{}" };
      assert.equal((await fetch(running.endpoint, options)).status, 400);
    }
    return trail.head().size - before;
  }
  assert.equal(await forge(5), 5);
  assert.equal(await forge(200), 95);
  laterMs = 60_000;
  assert.equal(await forge(3), 3);
});
