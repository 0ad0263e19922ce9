import assert from "node:assert/strict";
import { test } from "node:test";
import {
  CreateKeyCommand,
  DecryptCommand,
  EncryptCommand,
  KMSClient,
  ReplicateKeyCommand,
} from "@aws-sdk/client-kms";
import type { Peer } from "../../src/keys/peers/peer.ts";
import { openAnswer, sealRequest } from "../../src/keys/peers/sealed-messages.ts";
import { systemRandom } from "../../src/lib/random.ts";
import { placeOf, startTwo } from "../support/joined.ts";
import {
  acme,
  context as EncryptionContext,
  makeKey,
  other,
  Plaintext,
  refuses,
  seal,
} from "../support/kms.ts";
import { agreementOf, type Refused, regionsOf, startNeighbours, tell } from "../support/peers.ts";
import { describe, idOf, open } from "../support/related-keys.ts";

const dayMs = 86_400_000;
const [[home], [away]] = [regionsOf.first, regionsOf.second];

/** A replica in the second Bondstore, and what was sent to make it. */
async function start(t: Parameters<typeof startNeighbours>[0]) {
  const world = await startNeighbours(t);
  const here = world.at.first.as(world.at.first.root());
  const there = world.at.second.as(world.at.second.root(), {}, away);
  const primary = await makeKey(here, { MultiRegion: true });
  const sent: Buffer[] = [];
  world.watch = (to, _id, request) => {
    if (to === "second") sent.push(request);
    return undefined;
  };
  await here("ReplicateKey", { KeyId: primary, ReplicaRegion: away });
  world.watch = undefined;
  const theirs = agreementOf(world, "second", "first");
  return { world, here, there, primary, id: idOf(primary), sent, theirs };
}

test("who has not the secret of an agreement is not heard", async (t) => {
  const { world, sent } = await start(t);
  const { elsewhere } = world.at.second.keys.regions;
  const ours = agreementOf(world, "first", "second");
  const [request = Buffer.alloc(0)] = sent;
  const altered = Buffer.from(request);
  altered[20] = (altered[20] ?? 0) ^ 1;
  const stranger = { ...ours, secret: systemRandom.bytes(32) };
  const forged = sealRequest(stranger, { kind: "hello", sentAtMs: 1 }, systemRandom);
  for (const bytes of [altered, forged, Buffer.alloc(0), request.subarray(0, 40)]) {
    assert.equal(await elsewhere.receive(ours.id, bytes), undefined);
  }
  assert.equal(await elsewhere.receive("0".repeat(32), request), undefined);
  // What it has said itself does not come back as if the other had.
  const own = world.at.first.keys.regions.elsewhere;
  assert.equal(await own.receive(ours.id, request), undefined);
});

test("an answer is of one request: none of another, and none that was not asked for", async (t) => {
  const { world, here } = await start(t);
  const another = await makeKey(here, { MultiRegion: true });
  let kept: Buffer | undefined;
  world.watch = (to, id, request) => {
    if (to !== "second") return undefined;
    const answer = world.at.second.keys.regions.elsewhere.receive(id, request);
    return answer.then((bytes = Buffer.alloc(0)) => {
      const before = kept;
      kept = bytes;
      return before ?? Promise.reject(new Error("lost"));
    });
  };
  for (const _ of [1, 2]) {
    const key = _ === 1 ? another : await makeKey(here, { MultiRegion: true });
    const made = await here<{ ReplicaKeyMetadata: { KeyState: string } }>("ReplicateKey", {
      ...{ KeyId: key, ReplicaRegion: away },
    });
    assert.equal(made.ReplicaKeyMetadata.KeyState, "Creating");
  }
});

test("a message that was kept and sent again later makes nothing again", async (t) => {
  const { world, there, id, sent, theirs } = await start(t);
  const { elsewhere } = world.at.second.keys.regions;
  const [request = Buffer.alloc(0)] = sent;
  const again = async () => {
    const answer = await elsewhere.receive(theirs.id, request);
    return answer && (openAnswer(theirs, answer, request) as Refused).refusal?.code;
  };
  assert.equal(await again(), "RequestExpired");
  await there("ScheduleKeyDeletion", { KeyId: id, PendingWindowInDays: 7 });
  world.at.second.clock.nowMs += 8 * dayMs;
  await world.at.second.keys.regions.at(away).upkeep.start();
  await world.at.second.keys.regions.at(away).upkeep.stop();
  assert.equal(await again(), "RequestExpired");
  await refuses(describe(there, id), "NotFoundException");
});

test("a peer speaks for its own Regions, its accounts and its keys alone", async (t) => {
  const { world, there, primary, id } = await start(t);
  const single = idOf(await makeKey(there));
  const own = idOf(await makeKey(there, { MultiRegion: true }));
  const ours = world.at.second.as(world.at.second.root(), {}, away);
  const before = await seal(ours, id, EncryptionContext);
  const record = world.at.second.keys.regions.at(away).records.find(acme, id);
  assert.ok(record);
  const [version] = record.versions;
  const turn = 9;
  const key = {
    ...{ turn, id, spec: "SYMMETRIC_DEFAULT", usage: "ENCRYPT_DECRYPT", origin: "AWS_KMS" },
    ...{ primaryRegion: home, replicaRegions: [away] },
    versions: [{ id: version?.id, createdAtMs: version?.createdAtMs }],
  };
  const policy = { policy: "{}", description: "", tags: {} };
  const keep = { kind: "keep", account: acme, region: away };
  const sealed = systemRandom.bytes(60).toString("base64");
  const newId = `mrk-${"a".repeat(32)}`;
  const newVersion = { id: "b".repeat(64), createdAtMs: 1, sealed };
  const foreign = world.at.second.keys.regions.at(away).records.find(acme, single)?.versions[0];
  const attempts: readonly (readonly [what: string, message: Record<string, unknown>])[] = [
    ["another account", { ...keep, account: other, key, own: policy }],
    ["another Region", { ...keep, region: home, key }],
    ["a Region of its own as the replica's", { ...keep, key: { ...key, replicaRegions: [] } }],
    ["a key of one Region", { ...keep, key: { ...key, id: single } }],
    ["a primary that is here", { ...keep, key: { ...key, id: own } }],
    [
      "a new key of a third's primary",
      { ...keep, key: { ...key, id: newId, primaryRegion: "ap-northeast-1" }, own: policy },
    ],
    [
      "a new key whose primary is here",
      {
        ...keep,
        key: { ...key, id: newId, primaryRegion: away, replicaRegions: [home] },
        own: policy,
      },
    ],
    ["no material any more", { ...keep, key: { ...key, versions: [] } }],
    ["another kind", { ...keep, key: { ...key, spec: "HMAC_256", usage: "GENERATE_VERIFY_MAC" } }],
    [
      "material that is none",
      { ...keep, key: { ...key, versions: [...key.versions, newVersion] } },
    ],
    [
      "another key's material by name",
      { ...keep, key: { ...key, versions: [...key.versions, { ...newVersion, id: foreign?.id }] } },
    ],
    [
      "a material twice",
      { ...keep, key: { ...key, versions: [...key.versions, ...key.versions] } },
    ],
    [
      "a policy that is none",
      { ...keep, key: { ...key, id: newId, versions: [] }, own: { ...policy, policy: "{" } },
    ],
    ["a key id that is none", { ...keep, key: { ...key, id: "../../etc" }, own: policy }],
    [
      "the end of a replica elsewhere",
      { kind: "gone", account: acme, id: own, region: "ap-northeast-1" },
    ],
    [
      "a look at another's key",
      { kind: "look", account: acme, id: own, region: away, related: [] },
    ],
    [
      "a look at a key of one Region",
      { kind: "look", account: acme, id: single, region: away, related: [] },
    ],
    [
      "Regions that are ours",
      { kind: "hello", endpoint: "http://first.test:4566", regions: [home, away] },
    ],
    [
      "Regions of a third",
      { kind: "hello", endpoint: "http://first.test:4566", regions: [home, "ap-northeast-1"] },
    ],
    ["fewer Regions", { kind: "hello", endpoint: "http://first.test:4566", regions: [] }],
    [
      "an endpoint that is none",
      { kind: "hello", endpoint: "file:///etc/passwd", regions: [home] },
    ],
    ["an unknown kind", { kind: "export", account: acme, id }],
    ["a member of every object", { kind: "constructor", account: acme }],
    ["yesterday's news", { ...keep, key, sentAtMs: world.at.second.clock.nowMs - dayMs }],
    ["tomorrow's news", { ...keep, key, sentAtMs: world.at.second.clock.nowMs + dayMs }],
    ["nothing of what is needed", { kind: "keep" }],
  ];
  for (const [what, message] of attempts) {
    const { refusal } = await tell(world, message);
    assert.ok(refusal, what);
  }
  assert.equal(await open(there, await seal(ours, id, EncryptionContext)), Plaintext.toString());
  assert.equal((await describe(there, own))?.MultiRegionConfiguration?.PrimaryKey?.Region, away);
  assert.equal(await open(there, before), Plaintext.toString());
  await refuses(describe(there, newId), "NotFoundException");
  assert.deepEqual(world.at.second.inspect(), []);
  assert.ok(world.at.second.events.some(({ errorCode }) => errorCode === "AccessDeniedException"));
  assert.equal((await describe(there, primary.replace(home, away)))?.KeyState, "Enabled");
});

test("no material is in what passes between Bondstores, nor in their trails", async (t) => {
  const { world, sent, primary } = await start(t);
  const { keys } = world.at.first;
  const key = keys.store.find(acme, idOf(primary));
  const version = key?.record.versions[0];
  assert.ok(key && version);
  const material = keys.store.materials.of(key, version);
  const theirs = agreementOf(world, "second", "first");
  const text = JSON.stringify([world.at.first.events, world.at.second.events]);
  for (const form of ["base64", "hex", "latin1"] as const) {
    assert.ok(!text.includes(material.toString(form)));
    assert.ok(!text.includes(Buffer.from(theirs.secret).toString(form)));
  }
  for (const request of sent) assert.equal(request.indexOf(material), -1);
});

test("an offer is taken once, in its hour, by one that serves other Regions", async (t) => {
  const world = await startNeighbours(t);
  const { peers } = world.at.first.keys.regions.elsewhere;
  const { elsewhere } = world.at.third.keys.regions;
  const terms = { accounts: [acme] };
  const here = { endpoint: "http://third.test:4566" };
  const offered = await peers.offer(terms, { endpoint: "http://first.test:4566" });
  // The third is a peer already: its Regions are of that agreement.
  await refuses(elsewhere.join(offered, terms, here), "ValidationException", /served elsewhere/);
  await refuses(
    elsewhere.join({ ...offered, regions: [away] }, terms, here),
    "ValidationException",
  );
  for (const rubbish of [null, [], {}, { ...offered, secret: 1 }, { ...offered, ca: "x" }]) {
    await refuses(elsewhere.join(rubbish, terms, here), "ValidationException");
  }
  world.at.first.clock.nowMs += 61 * 60_000;
  assert.equal(peers.find(offered.id), undefined);
});

test("before it has joined, the one that was offered to can ask for nothing", async (t) => {
  const { world, id } = await start(t);
  const { peers } = world.at.second.keys.regions.elsewhere;
  const offer = await peers.offer({ accounts: [acme] }, { endpoint: "http://second.test:4566" });
  const peer: Peer = {
    ...{ id: offer.id, secret: Buffer.from(offer.secret, "base64"), role: "joiner" },
    ...{ accounts: [acme], regions: [away], endpoint: "" },
  };
  const message = { kind: "look", account: acme, id, region: away, related: [] };
  const sentAtMs = world.at.second.clock.nowMs;
  const request = sealRequest(peer, { ...message, sentAtMs }, systemRandom);
  const answer = await world.at.second.keys.regions.elsewhere.receive(offer.id, request);
  const opened = answer && (openAnswer(peer, answer, request) as Refused);
  assert.equal(opened?.refusal?.code, "ValidationException");
});

test("over TLS the other is known by its own authority, and by no other", async (t) => {
  const { distant, terms, offered, elsewhere, near } = await startTwo(t, { plainHttp: false });
  const here = placeOf(distant.bondstore);
  const wrong = { ...offered, ca: here.ca };
  await refuses(elsewhere.join(wrong, terms, here), "DependencyTimeoutException", /certificate/);
  assert.deepEqual(elsewhere.peers.all(), []);
  const unknown = { ...offered, ca: undefined };
  await refuses(elsewhere.join(unknown, terms, here), "DependencyTimeoutException");
  await elsewhere.join(offered, terms, here);
  assert.equal(near.bondstore.opened.elsewhere.peers.serving(away)?.endpoint, here.endpoint);
  await refuses(elsewhere.join(offered, terms, here), "AlreadyExists");
});

test("the AWS SDK replicates a key to another Bondstore; who is unknown there gets no further", async (t) => {
  const { near, distant, ours, theirs, terms, offered, elsewhere } = await startTwo(t, {
    plainHttp: true,
  });
  await elsewhere.join(offered, terms, placeOf(distant.bondstore));
  const [here, there, stranger] = [
    new KMSClient(near.client(ours.root)),
    new KMSClient(distant.client(theirs)),
    new KMSClient(distant.client(ours.root)),
  ];
  t.after(() => [here, there, stranger].map((client) => client.destroy()));
  const { KeyMetadata } = await here.send(new CreateKeyCommand({ MultiRegion: true }));
  const KeyId = KeyMetadata?.KeyId;
  const replica = await here.send(new ReplicateKeyCommand({ KeyId, ReplicaRegion: away }));
  assert.equal(replica.ReplicaKeyMetadata?.KeyState, "Enabled");
  const { CiphertextBlob } = await here.send(new EncryptCommand({ KeyId, Plaintext }));
  const opened = await there.send(new DecryptCommand({ CiphertextBlob }));
  assert.deepEqual(Buffer.from(opened.Plaintext ?? []), Plaintext);
  const refused = stranger.send(new DecryptCommand({ CiphertextBlob }));
  await assert.rejects(refused, { name: "UnrecognizedClientException" });
  await near.tenant("other");
  for (const path of ["/_bondstore/peer", "/_bondstore/peer?x"]) {
    for (const headers of [
      {},
      { "x-bondstore-peer": offered.id },
      { "x-bondstore-peer": "../.." },
    ]) {
      const body = systemRandom.bytes(100);
      const answer = await fetch(`${distant.endpoint}${path}`, { method: "POST", headers, body });
      assert.equal(answer.status, 403);
      assert.equal(await answer.text(), "");
    }
  }
});
