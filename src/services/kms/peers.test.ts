import assert from "node:assert/strict";
import { test } from "node:test";
import type {
  GetPublicKeyResponse,
  ListKeyRotationsResponse,
  ReplicateKeyResponse,
  SignResponse,
  VerifyResponse,
} from "@aws-sdk/client-kms";
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

const dayMs = 86_400_000;
const text = Plaintext.toString();
const [[home], [away, aside], [far]] = [regionsOf.first, regionsOf.second, regionsOf.third];

const root = ({ at }: Neighbours, name: Name, region: string = regionsOf[name][0]): As =>
  at[name].as(at[name].root(), {}, region);

/** A primary in the first Bondstore. */
async function start(t: Parameters<typeof startNeighbours>[0], input: object = {}) {
  const world = await startNeighbours(t);
  const [here, there] = [root(world, "first"), root(world, "second")];
  const primary = await makeKey(here, { MultiRegion: true, ...input });
  const replicate = (ReplicaRegion: string) =>
    here<ReplicateKeyResponse>("ReplicateKey", { KeyId: primary, ReplicaRegion });
  return { world, here, there, primary, id: idOf(primary), replicate };
}

const regionsIn = async (as: As, KeyId: string) => {
  const { PrimaryKey, ReplicaKeys = [] } =
    (await describe(as, KeyId))?.MultiRegionConfiguration ?? {};
  return [PrimaryKey?.Region, ...ReplicaKeys.map(({ Region }) => Region)];
};

test("a replica in another Bondstore opens what its primary has encrypted, and the other way", async (t) => {
  const { world, here, there, primary, id, replicate } = await start(t);
  const before = await seal(here, primary, EncryptionContext);
  const made = (await replicate(away)).ReplicaKeyMetadata;
  assert.equal(made?.Arn, primary.replace(home, away));
  assert.equal(made.KeyState, "Enabled");
  assert.equal(await open(there, before), text);
  assert.equal(await open(here, await seal(there, id, EncryptionContext)), text);
  const [one, other] = [await describe(here, id), await describe(there, id)];
  assert.equal(other?.CurrentKeyMaterialId, one?.CurrentKeyMaterialId);
  for (const as of [here, there]) assert.deepEqual(await regionsIn(as, id), [home, away]);
  const { events } = world.at.second;
  assert.equal(events.filter(({ eventName }) => eventName === "CreateKey").length, 1);
  assert.equal(events.at(-1)?.awsRegion, away);
  assert.deepEqual(world.at.second.inspect(), []);
  assert.deepEqual(world.at.first.inspect(), []);
});

test("keys of every kind go there whole", async (t) => {
  const { here, there, primary, id, replicate } = await start(t, {
    KeySpec: "ECC_NIST_P256",
    KeyUsage: "SIGN_VERIFY",
  });
  await replicate(away);
  const SigningAlgorithm = "ECDSA_SHA_256";
  const Message = Plaintext;
  const { Signature } = await there<SignResponse>("Sign", { KeyId: id, Message, SigningAlgorithm });
  const verified = await here<VerifyResponse>("Verify", {
    ...{ KeyId: primary, Message, Signature, SigningAlgorithm },
  });
  assert.equal(verified.SignatureValid, true);
  const keys = await Promise.all(
    [here, there].map((as) => as<GetPublicKeyResponse>("GetPublicKey", { KeyId: id })),
  );
  assert.deepEqual(keys[0]?.PublicKey, keys[1]?.PublicKey);
  const hmac = await makeKey(here, {
    ...{ MultiRegion: true, KeySpec: "HMAC_256", KeyUsage: "GENERATE_VERIFY_MAC" },
  });
  await here("ReplicateKey", { KeyId: hmac, ReplicaRegion: far });
  const lattice = await makeKey(here, {
    ...{ MultiRegion: true, KeySpec: "ML_DSA_44", KeyUsage: "SIGN_VERIFY" },
  });
  await here("ReplicateKey", { KeyId: lattice, ReplicaRegion: away });
  assert.equal((await describe(there, idOf(lattice)))?.KeyState, "Enabled");
});

test("a Bondstore that is out of reach makes the replica once it is there", async (t) => {
  const { world, here, there, id, replicate } = await start(t);
  world.cut.add("second");
  assert.equal((await replicate(away)).ReplicaKeyMetadata?.KeyState, "Creating");
  assert.deepEqual(await regionsIn(here, id), [home, away]);
  await refuses(describe(there, id), "NotFoundException");
  await refuses(replicate(away), "AlreadyExistsException");
  world.cut.clear();
  await world.deliver();
  assert.equal((await describe(there, id))?.KeyState, "Enabled");
});

test("an answer that is lost changes nothing: what was made is known the next time", async (t) => {
  const { world, here, there, id, replicate } = await start(t);
  world.watch = (to, peer, request) => {
    const answered = world.at[to].keys.regions.elsewhere.receive(peer, request);
    return answered.then(() => Promise.reject(new Error("cut off")));
  };
  assert.equal((await replicate(away)).ReplicaKeyMetadata?.KeyState, "Creating");
  assert.equal((await describe(there, id))?.KeyState, "Enabled");
  world.watch = undefined;
  await world.deliver();
  for (const as of [here, there]) assert.deepEqual(await regionsIn(as, id), [home, away]);
});

test("what the other side refuses is not made, and the primary does not name it", async (t) => {
  const { world, here, id, primary, replicate } = await start(t);
  const served = replicate("sa-east-1");
  await refuses(served, "UnsupportedOperationException", /joins one that serves it/);
  // A key of that id is there already: of another primary.
  const record = world.at.first.keys.store.records.find(acme, id);
  assert.ok(record);
  const there = world.at.second.keys.regions.at(away);
  await there.create(acme, { ...record, multiRegion: undefined as never }, { id });
  await refuses(replicate(away), "AlreadyExistsException");
  assert.deepEqual(await regionsIn(here, primary), [home]);
  for (const { events } of [world.at.first, world.at.second])
    assert.ok(events.some(({ errorCode }) => errorCode === "AlreadyExistsException"));
});

test("new material encrypts once every Bondstore has it", async (t) => {
  const { world, here, there, primary, id, replicate } = await start(t);
  await replicate(away);
  await replicate(far);
  await here("EnableKeyRotation", { KeyId: primary, RotationPeriodInDays: 90 });
  const first = (await describe(here, id))?.CurrentKeyMaterialId;
  world.cut.add("second");
  await here("RotateKeyOnDemand", { KeyId: primary });
  await world.deliver();
  assert.equal((await describe(here, id))?.CurrentKeyMaterialId, first);
  await refuses(here("RotateKeyOnDemand", { KeyId: primary }), "ConflictException");
  const moved = here("UpdatePrimaryRegion", { KeyId: primary, PrimaryRegion: far });
  await refuses(moved, "KMSInvalidStateException");
  const sealed = await seal(here, primary, EncryptionContext);
  world.cut.clear();
  await world.deliver();
  await world.deliver();
  const far_ = root(world, "third");
  const materials = await Promise.all([here, there, far_].map((as) => describe(as, id)));
  const ids = new Set(materials.map((key) => key?.CurrentKeyMaterialId));
  assert.equal(ids.size, 1);
  assert.ok(!ids.has(first));
  for (const as of [here, there, far_]) {
    assert.equal(await open(as, sealed), text);
    assert.equal(await open(here, await seal(as, id, EncryptionContext)), text);
    const { Rotations } = await as<ListKeyRotationsResponse>("ListKeyRotations", { KeyId: id });
    assert.equal(Rotations?.length, 1);
  }
});

test("a key whose rotation is still being told moves once that has ended", async (t) => {
  const { world, here, there, primary, id, replicate } = await start(t);
  await replicate(away);
  await world.deliver();
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  let seen = 0;
  world.watch = (to, from, sealed) => {
    seen += 1;
    if (to !== "second" || seen > 1) return undefined;
    const { elsewhere } = world.at.second.keys.regions;
    return held.then(() => elsewhere.receive(from, sealed)).then((answer) => answer ?? sealed);
  };
  await here("RotateKeyOnDemand", { KeyId: primary });
  const moved = here("UpdatePrimaryRegion", { KeyId: id, PrimaryRegion: away });
  release();
  await moved;
  assert.ok(seen > 1);
  assert.deepEqual(await regionsIn(there, id), [away, home]);
});

test("another Bondstore's key becomes the primary, never two at once", async (t) => {
  const { world, here, there, primary, id, replicate } = await start(t);
  await replicate(away);
  await replicate(far);
  await world.deliver();
  const move = (as: As, PrimaryRegion: string) =>
    as("UpdatePrimaryRegion", { KeyId: id, PrimaryRegion });
  world.cut.add("second");
  await refuses(move(here, away), "DependencyTimeoutException");
  assert.equal((await describe(here, id))?.KeyState, "Enabled");
  world.cut.clear();
  // It is asked, and then it is out of reach.
  let asked = 0;
  world.watch = (to) => {
    asked += to === "second" ? 1 : 0;
    return to === "second" && asked > 1 ? Promise.reject(new Error("cut off")) : undefined;
  };
  await move(here, away);
  assert.equal((await describe(here, id))?.KeyState, "Updating");
  assert.deepEqual(await regionsIn(there, id), [home, far, away]);
  await refuses(here("RotateKeyOnDemand", { KeyId: id }), "UnsupportedOperationException");
  assert.equal(await open(here, await seal(here, primary, EncryptionContext)), text);
  world.watch = undefined;
  await world.deliver();
  await world.deliver();
  for (const as of [here, there, root(world, "third")]) {
    assert.deepEqual(await regionsIn(as, id), [away, far, home]);
    assert.equal((await describe(as, id))?.KeyState, "Enabled");
  }
  await refuses(here("RotateKeyOnDemand", { KeyId: id }), "UnsupportedOperationException");
  await there("RotateKeyOnDemand", { KeyId: id });
  await world.deliver();
  await world.deliver();
  assert.equal(await open(here, await seal(there, id, EncryptionContext)), text);
  // And back, from there.
  await move(there, home);
  await world.deliver();
  assert.deepEqual(
    await regionsIn(root(world, "third"), id),
    [home, far, away].sort((one, other) =>
      one === home ? -1 : other === home ? 1 : one < other ? -1 : 1,
    ),
  );
});

test("the replica's own policy, in its Bondstore, has a say about who becomes the primary", async (t) => {
  const { world, here, there, id, replicate } = await start(t);
  await replicate(away);
  const alice = world.at.first.user("alice", ["kms:*"]);
  const as = world.at.first.as(alice);
  const Policy = JSON.stringify({
    Version: "2012-10-17",
    Statement: [
      {
        Effect: "Allow",
        Principal: { AWS: `arn:aws:iam::${acme}:root` },
        Action: "kms:*",
        Resource: "*",
      },
      {
        ...{ Effect: "Deny", Principal: "*", Action: "kms:UpdatePrimaryRegion", Resource: "*" },
        Condition: { StringLike: { "aws:PrincipalArn": "*alice" } },
      },
    ],
  });
  await there("PutKeyPolicy", { KeyId: id, Policy });
  const moved = as("UpdatePrimaryRegion", { KeyId: id, PrimaryRegion: away });
  await refuses(moved, "AccessDeniedException");
  assert.deepEqual(await regionsIn(here, id), [home, away]);
});

test("a replica that is destroyed leaves, and the last one begins the wait of its primary", async (t) => {
  const { world, here, there, primary, id, replicate } = await start(t);
  await replicate(away);
  await replicate(aside);
  await here("ScheduleKeyDeletion", { KeyId: primary, PendingWindowInDays: 9 });
  assert.equal((await describe(here, id))?.KeyState, "PendingReplicaDeletion");
  const other = root(world, "second", aside);
  for (const as of [there, other]) {
    await as("ScheduleKeyDeletion", { KeyId: id, PendingWindowInDays: 7 });
  }
  for (const kms of Object.values(world.at)) kms.clock.nowMs += 8 * dayMs;
  world.cut.add("first");
  for (const { upkeep } of world.at.second.keys.regions.all()) {
    await upkeep.start();
    await upkeep.stop();
  }
  assert.equal((await describe(here, id))?.KeyState, "PendingReplicaDeletion");
  await refuses(describe(there, id), "NotFoundException");
  world.cut.clear();
  await world.deliver();
  assert.deepEqual(await regionsIn(here, id), [home]);
  assert.equal((await describe(here, id))?.KeyState, "PendingDeletion");
});
