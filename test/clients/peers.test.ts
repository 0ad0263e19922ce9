import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import {
  CreateKeyCommand,
  DecryptCommand,
  DescribeKeyCommand,
  EncryptCommand,
  KMSClient,
  ReplicateKeyCommand,
  RotateKeyOnDemandCommand,
  UpdatePrimaryRegionCommand,
} from "@aws-sdk/client-kms";
import { commandLine, type Up } from "../support/command-line.ts";

const [near, far] = ["us-east-1", "eu-west-1"] as const;
const Plaintext = Buffer.from("four windows of June");

interface Made {
  readonly account: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

test("two operators join their Bondstores, and keys of an account are in both", async (t) => {
  const [one, other] = [commandLine(t), commandLine(t)];
  const first = await one.up("--plain-http");
  const second = await other.up("--plain-http", "--region", far);
  const { account, accessKeyId = "", secretAccessKey = "" } = first.ready;
  const of = ({ data }: typeof one) => ["--data", data];
  const made = await other.json<Made>("account", "create", "orders", "--id", account, ...of(other));
  assert.equal(made.account, account);
  const offer = await one.run("peer", "offer", "--account", account, ...of(one));
  assert.equal(offer.status, 0, offer.said);
  const file = join(other.home, "offer.json");
  writeFileSync(file, offer.out, { mode: 0o600 });
  const joined = await other.run("peer", "join", file, "--account", account, ...of(other));
  assert.equal(joined.status, 0, joined.said);
  assert.match(joined.out, new RegExp(`us-east-1 at ${first.ready.endpoint}`));
  const again = await other.run("peer", "join", file, "--account", account, ...of(other));
  assert.notEqual(again.status, 0);
  const list = await one.json<
    readonly { readonly id: string; readonly regions: readonly string[] }[]
  >(...["peer", "list", ...of(one)]);
  assert.deepEqual(
    list.map(({ regions }) => regions),
    [[far]],
  );
  assert.ok(!JSON.stringify(list).includes("secret"));

  const client = ({ ready }: Up, region: string, credentials: Omit<Made, "account">) => {
    const kms = new KMSClient({ endpoint: ready.endpoint, region, credentials });
    t.after(() => kms.destroy());
    return kms;
  };
  const here = client(first, near, { accessKeyId, secretAccessKey });
  const there = client(second, far, made);
  const { KeyMetadata } = await here.send(new CreateKeyCommand({ MultiRegion: true }));
  const KeyId = KeyMetadata?.KeyId;
  const replica = await here.send(new ReplicateKeyCommand({ KeyId, ReplicaRegion: far }));
  assert.equal(replica.ReplicaKeyMetadata?.KeyState, "Enabled");
  await here.send(new RotateKeyOnDemandCommand({ KeyId }));
  await here.send(new UpdatePrimaryRegionCommand({ KeyId, PrimaryRegion: far }));
  const known = await there.send(new DescribeKeyCommand({ KeyId }));
  assert.equal(known.KeyMetadata?.MultiRegionConfiguration?.MultiRegionKeyType, "PRIMARY");
  const { CiphertextBlob } = await there.send(new EncryptCommand({ KeyId, Plaintext }));
  const opened = await here.send(new DecryptCommand({ CiphertextBlob }));
  assert.deepEqual(Buffer.from(opened.Plaintext ?? []), Plaintext);

  const kept = await one.run("peer", "remove", list[0]?.id ?? "", ...of(one));
  assert.notEqual(kept.status, 0);
  assert.match(kept.said, /is related to a key of the peer/);
  for (const each of [one, other]) {
    const forced = await each.run("peer", "remove", list[0]?.id ?? "", "--force", ...of(each));
    assert.equal(forced.status, 0, forced.said);
    assert.deepEqual(await each.json("peer", "list", ...of(each)), []);
  }
  // The primary forgets the replica, which stays as it is.
  const alone = await there.send(new DescribeKeyCommand({ KeyId }));
  assert.deepEqual(alone.KeyMetadata?.MultiRegionConfiguration?.ReplicaKeys, []);
  const same = await here.send(new DecryptCommand({ CiphertextBlob }));
  assert.deepEqual(Buffer.from(same.Plaintext ?? []), Plaintext);
  const nowhere = await one.run("peer", "offer", "--account", "999999999999", ...of(one));
  assert.match(nowhere.said, /there is no account/);
  assert.deepEqual([await first.stop(), await second.stop()], [0, 0]);
  const offline = await one.run("peer", "offer", "--account", account, ...of(one));
  assert.match(offline.said, /start it with `up`/);
});
