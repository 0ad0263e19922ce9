import assert from "node:assert/strict";
import { test } from "node:test";
import type { CreateKeyResponse, GetPublicKeyResponse } from "@aws-sdk/client-kms";
import { deriveKey, wrapUnder } from "../../src/keys/wrapping.ts";
import { systemRandom } from "../../src/lib/random.ts";
import { acme, makeKey, other, Plaintext, refuses, seal } from "../support/kms.ts";
import {
  agreementOf,
  type Neighbours,
  regionsOf,
  startNeighbours,
  tell as tellAs,
} from "../support/peers.ts";
import { describe, idOf, open } from "../support/related-keys.ts";

/* A Bondstore that has joined, and does all it can with that: the first attacks the second. */

const dayMs = 86_400_000;
const context = { tenant: "acme" };
const [[home], [away, aside], [far]] = [regionsOf.first, regionsOf.second, regionsOf.third];

const hex = (bytes: number) => systemRandom.bytes(bytes).toString("hex");
const account = acme;
const keep = { kind: "keep", account, region: away };
const Statement = [
  {
    ...{ Effect: "Allow", Principal: { AWS: `arn:aws:iam::${acme}:root` } },
    ...{ Action: "kms:*", Resource: "*" },
  },
];
const own = {
  policy: JSON.stringify({ Version: "2012-10-17", Statement }),
  ...{ description: "", tags: {} },
};

/** Sends the second Bondstore a message; answers the code of its refusal. */
const tell = async (world: Neighbours, message: Record<string, unknown>) =>
  (await tellAs(world, message)).refusal?.code;

/** A version of a key, with material as the peer would seal it. */
function versionOf(world: Neighbours, keyId: string, material: Uint8Array) {
  const { id: peerId, secret } = agreementOf(world, "first", "second");
  const id = hex(32);
  const key = deriveKey(secret, Buffer.from(peerId), "materials of peers");
  const bound = `material of ${acme} ${keyId} ${id}`;
  const sealed = wrapUnder(key, material, bound, systemRandom).toString("base64");
  return { id, createdAtMs: 1, sealed };
}

/** A key whose primary is the first's, and its only replica the second's. */
const keyOf = (world: Neighbours, id = `mrk-${hex(16)}`) => ({
  ...{ id, spec: "SYMMETRIC_DEFAULT", usage: "ENCRYPT_DECRYPT", origin: "AWS_KMS", turn: 1 },
  ...{ primaryRegion: home, replicaRegions: [away] },
  versions: [versionOf(world, id, systemRandom.bytes(32))],
});

test("keys that cannot be rotated keep no other tenant's from their end", async (t) => {
  const world = await startNeighbours(t);
  const victim = world.at.second.as(world.at.second.root(other), {}, away);
  const KeyId = await makeKey(victim);
  await victim("ScheduleKeyDeletion", { KeyId, PendingWindowInDays: 7 });
  for (let made = 0; made < 120; made += 1) {
    const key = keyOf(world);
    assert.equal(await tell(world, { ...keep, key, own }), undefined);
    const rotation = { periodDays: 90, nextAtMs: 0 };
    const moved = { primaryRegion: away, replicaRegions: [aside, home], turn: 2, rotation };
    await tell(world, { ...keep, key: { ...key, ...moved } });
  }
  world.at.second.clock.nowMs += 8 * dayMs;
  const { upkeep } = world.at.second.keys.regions.at(away);
  await upkeep.start().catch(() => undefined);
  await upkeep.stop();
  await refuses(victim("DescribeKey", { KeyId }), "NotFoundException");
});

test("the id of a key whose primary is here gives no way to it, by another Region", async (t) => {
  const world = await startNeighbours(t);
  const mine = world.at.second.as(world.at.second.root(), {}, aside);
  const id = idOf(await makeKey(mine, { MultiRegion: true }));
  await mine("ReplicateKey", { KeyId: id, ReplicaRegion: far });
  const key = keyOf(world, id);
  assert.equal(await tell(world, { ...keep, key, own }), "AccessDeniedException");
  // The same with a replica of its own, and a material that it has chosen.
  await mine("ReplicateKey", { KeyId: id, ReplicaRegion: home });
  const replicaRegions = [aside, away, far];
  const forged = { ...key, replicaRegions, turn: 99 };
  for (const region of [away, aside]) {
    assert.ok(await tell(world, { ...keep, region, key: forged, own }), region);
  }
  await mine("RotateKeyOnDemand", { KeyId: id });
  for (let round = 0; round < 4; round += 1) await world.deliver();
  const distant = world.at.third.as(world.at.third.root());
  const known = await describe(distant, id);
  assert.equal(known?.MultiRegionConfiguration?.PrimaryKey?.Region, aside);
  assert.equal(await open(distant, await seal(mine, id, context)), Plaintext.toString());
});

test("what is refused leaves nothing: no secret in the vault, no record", async (t) => {
  const world = await startNeighbours(t);
  for (let tried = 0; tried < 5; tried += 1) {
    const key = keyOf(world);
    const sealed = systemRandom.bytes(60).toString("base64");
    const broken = { ...key, versions: key.versions.map((version) => ({ ...version, sealed })) };
    assert.equal(await tell(world, { ...keep, key: broken, own }), "ValidationException");
    const arn = `arn:aws:kms:${away}:${acme}:key/${key.id}`;
    assert.equal(world.at.second.vault.find(arn), undefined);
  }
});

test("times, numbers and lengths that nobody has are refused", async (t) => {
  const world = await startNeighbours(t);
  const key = keyOf(world);
  const [version] = key.versions;
  assert.ok(version);
  const pair = { ...key, spec: "RSA_2048", usage: "SIGN_VERIFY" };
  const rotation = { periodDays: 365, nextAtMs: 9e15 };
  const long = systemRandom.bytes(20_000).toString("base64");
  const cases: readonly (readonly [what: string, key: Record<string, unknown>])[] = [
    ["no version", { ...key, versions: [] }],
    ["none that encrypts", { ...key, versions: [{ ...version, pending: true }] }],
    [
      "one that waits before the last",
      {
        ...key,
        versions: [{ ...version, pending: true }, versionOf(world, key.id, systemRandom.bytes(32))],
      },
    ],
    [
      "two pairs",
      { ...pair, versions: [version, versionOf(world, key.id, systemRandom.bytes(32))] },
    ],
    ["a time after all", { ...key, versions: [{ ...version, createdAtMs: 9e15 }] }],
    ["a rotation after all", { ...key, rotation }],
    ["a rotation each day", { ...key, rotation: { periodDays: 1, nextAtMs: 0 } }],
    ["material of 20 KB", { ...key, versions: [{ ...version, sealed: long }] }],
    ["an import secret of 20 KB", { ...key, origin: "EXTERNAL", importSecret: long }],
    ["a primary among its replicas", { ...key, replicaRegions: [away, home] }],
    ["no turn", { ...key, turn: undefined }],
    ["a turn before the first", { ...key, turn: -1 }],
  ];
  for (const [what, wrong] of cases) {
    assert.equal(await tell(world, { ...keep, key: wrong, own }), "ValidationException", what);
  }
  assert.equal(await tell(world, { ...keep, key, own }), undefined);
});

test("a public key is that of its material, whatever the peer says", async (t) => {
  const world = await startNeighbours(t);
  const here = world.at.first.as(world.at.first.root());
  const there = world.at.second.as(world.at.second.root(), {}, away);
  const made = await here<CreateKeyResponse>("CreateKey", {
    ...{ KeySpec: "ML_DSA_44", KeyUsage: "SIGN_VERIFY", MultiRegion: true },
  });
  const { keys } = world.at.first;
  const key = keys.store.find(acme, made.KeyMetadata?.KeyId ?? "");
  const [version] = key?.record.versions ?? [];
  assert.ok(key && version);
  const forged = keyOf(world);
  const seed = Buffer.from(keys.store.materials.of(key, version));
  const publicKey = Buffer.from("not a key").toString("base64");
  const versions = [{ ...versionOf(world, forged.id, seed), publicKey }];
  const told = { ...forged, spec: "ML_DSA_44", usage: "SIGN_VERIFY", versions };
  assert.equal(await tell(world, { ...keep, key: told, own }), undefined);
  const shown = await there<GetPublicKeyResponse>("GetPublicKey", { KeyId: forged.id });
  assert.deepEqual(Buffer.from(shown.PublicKey ?? []), Buffer.from(version.publicKey ?? []));
});

test("an agreement that is ended stays so, whatever comes at that moment", async (t) => {
  const world = await startNeighbours(t);
  const { peers } = world.at.second.keys.regions.elsewhere;
  const peer = peers.serving(home);
  assert.ok(peer);
  const hello = tell(world, { kind: "hello", endpoint: "http://first.test:1", regions: [home] });
  const removed = peers.remove(peer.id);
  await Promise.all([hello, removed]);
  assert.equal(peers.find(peer.id), undefined);
  assert.equal(peers.serving(home), undefined);
  assert.equal(
    await tell(world, { kind: "hello", endpoint: "http://first.test:1", regions: [home] }),
    undefined,
  );
  assert.equal(peers.find(peer.id), undefined);
});

test("a peer moves to no other host and takes no further Region", async (t) => {
  const world = await startNeighbours(t);
  const hello = (endpoint: string, ...regions: string[]) =>
    tell(world, { kind: "hello", endpoint, regions });
  assert.equal(await hello("http://first.test:5000", home), undefined);
  const { peers } = world.at.second.keys.regions.elsewhere;
  assert.equal(peers.serving(home)?.endpoint, "http://first.test:5000");
  for (const endpoint of ["http://127.0.0.1:22", "https://first.test:5000", "http://[::1"]) {
    assert.equal(await hello(endpoint, home), "ValidationException", endpoint);
  }
  assert.equal(await hello("http://first.test:5000", home, "sa-east-1"), "ValidationException");
  assert.equal(peers.serving("sa-east-1"), undefined);
});

test("a hostile primary takes no material away that has encrypted, and goes back to none", async (t) => {
  const world = await startNeighbours(t);
  const there = world.at.second.as(world.at.second.root(), {}, away);
  const key = keyOf(world);
  const [x] = key.versions;
  const y = versionOf(world, key.id, systemRandom.bytes(32));
  assert.equal(await tell(world, { ...keep, key, own }), undefined);
  assert.equal(
    await tell(world, { ...keep, key: { ...key, turn: 2, versions: [x, y] } }),
    undefined,
  );
  const before = await seal(there, key.id, context);
  const z = versionOf(world, key.id, systemRandom.bytes(32));
  const cases: readonly (readonly [what: string, versions: readonly unknown[]])[] = [
    ["the current one waits again", [x, { ...y, pending: true }]],
    ["without the current one", [x]],
    ["without the older one", [y]],
    ["the older one encrypts again", [y, x]],
    ["another in the place of the older one", [z, y]],
    ["another in the place of the current one", [x, z]],
  ];
  for (const [at, [what, versions]] of cases.entries()) {
    const told = { ...keep, key: { ...key, turn: 1_000 + at, versions } };
    assert.equal(await tell(world, told), "ValidationException", what);
    assert.equal((await describe(there, key.id))?.CurrentKeyMaterialId, y.id, what);
    assert.equal(await open(there, before), Plaintext.toString(), what);
  }
  // Another material under the name of the current one.
  const swapped = { ...versionOf(world, key.id, systemRandom.bytes(32)), id: y.id };
  await tell(world, { ...keep, key: { ...key, turn: 2_000, versions: [x, swapped] } });
  assert.equal(await open(there, before), Plaintext.toString());
  assert.deepEqual(world.at.second.inspect(), []);
});
