import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type As,
  acme,
  context as EncryptionContext,
  makeKey,
  Plaintext,
  refuses,
  seal,
} from "../../../test/support/kms.ts";
import {
  type Name,
  type Neighbours,
  regionsOf,
  startNeighbours,
} from "../../../test/support/peers.ts";
import { describe, idOf, open } from "../../../test/support/related-keys.ts";

/* What becomes of related keys when messages and answers are lost, and Bondstores, in between. */

const dayMs = 86_400_000;
const text = Plaintext.toString();
const [[home], [away, aside], [far]] = [regionsOf.first, regionsOf.second, regionsOf.third];

const root = ({ at }: Neighbours, name: Name, region: string = regionsOf[name][0]): As =>
  at[name].as(at[name].root(), {}, region);

const record = ({ at }: Neighbours, name: Name, region: string, id: string) =>
  at[name].keys.regions.at(region).records.find(acme, id);

/** Several minutes, in which everybody tells what there is to tell. */
async function settle(world: Neighbours): Promise<void> {
  for (let round = 0; round < 5; round += 1) await world.deliver();
}

async function pass(world: Neighbours, days: number, name: Name): Promise<void> {
  for (const kms of Object.values(world.at)) kms.clock.nowMs += days * dayMs;
  for (const { upkeep } of world.at[name].keys.regions.all()) {
    await upkeep.start();
    await upkeep.stop();
  }
  await world.at[name].keys.regions.elsewhere.delivered();
}

async function start(t: Parameters<typeof startNeighbours>[0], ...replicas: readonly string[]) {
  const world = await startNeighbours(t);
  const here = root(world, "first");
  const id = idOf(await makeKey(here, { MultiRegion: true }));
  for (const ReplicaRegion of replicas) await here("ReplicateKey", { KeyId: id, ReplicaRegion });
  await settle(world);
  return { world, here, there: root(world, "second"), id };
}

const move = (as: As, KeyId: string, PrimaryRegion: string) =>
  as("UpdatePrimaryRegion", { KeyId, PrimaryRegion });

const lost = () => Promise.reject(new Error("lost"));

test("a primary that was moved on while no answer came through is one primary", async (t) => {
  const { world, here, there, id } = await start(t, away, aside);
  let sent = 0;
  // The look is answered; the move is heard, and the answer to it is lost; then nothing passes for eight days.
  world.watch = (to, peer, request) => {
    if (to !== "second") return lost();
    sent += 1;
    if (sent === 1) return undefined;
    const heard = world.at.second.keys.regions.elsewhere.receive(peer, request);
    return sent === 2 ? heard.then(lost) : lost();
  };
  await move(here, id, away);
  assert.equal(record(world, "first", home, id)?.state, "Updating");
  await move(there, id, aside);
  await there("ScheduleKeyDeletion", { KeyId: id, PendingWindowInDays: 7 });
  await pass(world, 8, "second");
  world.watch = undefined;
  await settle(world);
  const another = root(world, "second", aside);
  assert.equal((await describe(another, id))?.MultiRegionConfiguration?.PrimaryKey?.Region, aside);
  const known = record(world, "first", home, id);
  assert.notEqual(known?.multiRegion?.primaryRegion, home);
  await refuses(here("RotateKeyOnDemand", { KeyId: id }), "UnsupportedOperationException");
  await another("RotateKeyOnDemand", { KeyId: id });
  assert.equal(await open(here, await seal(here, id, EncryptionContext)), text);
});

test("a replica that waits for its deletion does not become the primary", async (t) => {
  const { world, here, there, id } = await start(t, away);
  let sent = 0;
  world.watch = (to) => {
    sent += to === "second" ? 1 : 0;
    return sent > 1 ? lost() : undefined;
  };
  await move(here, id, away);
  await there("ScheduleKeyDeletion", { KeyId: id, PendingWindowInDays: 7 });
  world.watch = undefined;
  await settle(world);
  assert.equal(record(world, "first", home, id)?.multiRegion?.primaryRegion, home);
  assert.equal(record(world, "first", home, id)?.state, "Enabled");
  await pass(world, 8, "second");
  await settle(world);
  assert.deepEqual(record(world, "first", home, id)?.multiRegion?.replicaRegions, []);
});

test("the end of a replica reaches whoever is the primary by then", async (t) => {
  const { world, here, there, id } = await start(t, away, far);
  await root(world, "third")("ScheduleKeyDeletion", { KeyId: id, PendingWindowInDays: 7 });
  world.watch = (to) => (to === "third" ? lost() : undefined);
  await move(here, id, away);
  await pass(world, 8, "third");
  world.watch = undefined;
  await settle(world);
  await there("RotateKeyOnDemand", { KeyId: id });
  await settle(world);
  const primary = record(world, "second", away, id);
  assert.deepEqual(primary?.multiRegion?.replicaRegions, [home]);
  assert.equal(primary.versions.at(-1)?.pending, undefined);
});

test("the end of a replica that is said twice is not that of the next one", async (t) => {
  const { world, here, there, id } = await start(t, away);
  await there("ScheduleKeyDeletion", { KeyId: id, PendingWindowInDays: 7 });
  world.watch = (to, peer, request) =>
    to === "first"
      ? world.at.first.keys.regions.elsewhere.receive(peer, request).then(lost)
      : undefined;
  await pass(world, 8, "second");
  world.watch = undefined;
  await here("ReplicateKey", { KeyId: id, ReplicaRegion: away });
  await settle(world);
  await here("RotateKeyOnDemand", { KeyId: id });
  await settle(world);
  assert.equal(await open(there, await seal(here, id, EncryptionContext)), text);
});

test("no primary moves while a replica is being made, and a rotation ends when none is", async (t) => {
  const { world, here, id } = await start(t, far);
  world.cut.add("second");
  await here("ReplicateKey", { KeyId: id, ReplicaRegion: away });
  await refuses(move(here, id, far), "KMSInvalidStateException");
  await here("RotateKeyOnDemand", { KeyId: id });
  const known = record(world, "first", home, id);
  assert.ok(known);
  const { multiRegion: _, ...single } = known;
  await world.at.second.keys.regions.at(away).create(acme, single, { id });
  world.cut.clear();
  await settle(world);
  const primary = record(world, "first", home, id);
  assert.deepEqual(primary?.multiRegion?.replicaRegions, [far]);
  assert.equal(primary.versions.at(-1)?.pending, undefined);
});

test("a Bondstore that was put back to before it had its replica is found out, and gets another", async (t) => {
  const { world, here, there, id } = await start(t, away);
  const store = world.at.second.keys.regions.at(away);
  const key = store.find(acme, id);
  assert.ok(key);
  world.cut.add("first");
  await store.destroy(key);
  await world.at.second.keys.regions.elsewhere.part({ ...peerOf(world, "second", home), id: "" });
  world.cut.clear();
  await here("RotateKeyOnDemand", { KeyId: id });
  await settle(world);
  assert.deepEqual(record(world, "first", home, id)?.multiRegion?.replicaRegions, []);
  await here("ReplicateKey", { KeyId: id, ReplicaRegion: away });
  assert.equal(await open(there, await seal(here, id, EncryptionContext)), text);
});

const peerOf = ({ at }: Neighbours, name: Name, region: string) => {
  const peer = at[name].keys.regions.elsewhere.peers.serving(region);
  assert.ok(peer);
  return peer;
};

test("an agreement that is ended by force leaves keys that live on alone, and may be made anew", async (t) => {
  const { world, here, there, id } = await start(t, away);
  const sealed = await seal(here, id, EncryptionContext);
  await here("ScheduleKeyDeletion", { KeyId: id, PendingWindowInDays: 7 });
  const { elsewhere } = world.at.first.keys.regions;
  assert.match(elsewhere.relatedTo(peerOf(world, "first", away)) ?? "", /^arn:aws:kms/);
  await elsewhere.part(peerOf(world, "first", away));
  assert.equal((await describe(here, id))?.KeyState, "PendingDeletion");
  assert.equal(elsewhere.peers.serving(away), undefined);
  assert.equal(await open(there, sealed), text);
  await there("ScheduleKeyDeletion", { KeyId: id, PendingWindowInDays: 7 });
  await world.at.second.keys.regions.elsewhere.part(peerOf(world, "second", home));
  await pass(world, 8, "second");
  await refuses(describe(there, id), "NotFoundException");
  await world.join("first", "second");
  const next = idOf(await makeKey(here, { MultiRegion: true }));
  await here("ReplicateKey", { KeyId: next, ReplicaRegion: away });
  assert.equal((await describe(there, next))?.KeyState, "Enabled");
});
