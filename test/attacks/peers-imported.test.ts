import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import type { ListKeyRotationsResponse } from "@aws-sdk/client-kms";
import { openRequest, sealAnswer } from "../../src/keys/peers/sealed-messages.ts";
import { systemRandom } from "../../src/lib/random.ts";
import { dieAt } from "../support/key-death.ts";
import { type As, acme, context, makeKey, Plaintext, refuses, seal } from "../support/kms.ts";
import { fresh, importMaterial } from "../support/kms-import.ts";
import type { BeforeDeath } from "../support/peer-stepper.ts";
import {
  agreementOf,
  type Neighbours,
  openNeighbours,
  regionsOf,
  startNeighbours,
  tell,
} from "../support/peers.ts";
import { describe, idOf, open } from "../support/related-keys.ts";

/* Several imported materials of a key that is in two Bondstores, which do not trust each other. */

const [[home], [away, aside], [far]] = [regionsOf.first, regionsOf.second, regionsOf.third];
const invalid = "KMSInvalidStateException";
const text = Plaintext.toString();

const states = async (as: As, KeyId: string) => {
  const asked = { KeyId, IncludeKeyMaterial: "ALL_KEY_MATERIAL" };
  const { Rotations = [] } = await as<ListKeyRotationsResponse>("ListKeyRotations", asked);
  return Rotations.map(({ KeyMaterialState, ImportState }) => `${KeyMaterialState} ${ImportState}`);
};
const waiting = "PENDING_MULTI_REGION_IMPORT_AND_ROTATION";

/** A key of the first with a replica in the second, and the same material in both. */
async function start(t: Parameters<typeof startNeighbours>[0]) {
  const world = await startNeighbours(t);
  const here = world.at.first.as(world.at.first.root());
  const there = world.at.second.as(world.at.second.root(), {}, away);
  const id = idOf(await makeKey(here, { Origin: "EXTERNAL", MultiRegion: true }));
  const [first, second] = [randomBytes(32), randomBytes(32)];
  const one = await importMaterial(here, id, first);
  await here("ReplicateKey", { KeyId: id, ReplicaRegion: away });
  await importMaterial(there, id, first);
  return { world, here, there, id, first, second, one };
}

/** The same with a further material, which the replica has heard of. */
async function startFurther(t: Parameters<typeof startNeighbours>[0]) {
  const started = await start(t);
  const { world, here, id, second } = started;
  const two = await importMaterial(here, id, second, fresh);
  await world.deliver();
  const rotate = () => here("RotateKeyOnDemand", { KeyId: id });
  return { ...started, two, rotate };
}

/** What the second is asked is answered by `how`, when it is asked for materials. */
const onAsked = (world: Neighbours, how: (honest: Buffer, request: Buffer) => Promise<Buffer>) => {
  const peer = agreementOf(world, "second", "first");
  world.watch = (to, id, request) => {
    if (to !== "second") return undefined;
    const { kind } = openRequest(peer, request) as { readonly kind: string };
    if (kind !== "materials") return undefined;
    const honest = world.at.second.keys.regions.elsewhere.receive(id, request);
    return honest.then((answer = Buffer.alloc(0)) => how(answer, request));
  };
};

test("a peer that claims a material rotates the primary, and no replica that has not got it", async (t) => {
  const { world, here, there, id, second, two, rotate } = await startFurther(t);
  const before = await seal(there, id, context);
  await refuses(rotate(), invalid, /every replica/);
  onAsked(world, async (_honest, request) =>
    sealAnswer(agreementOf(world, "second", "first"), { materials: [two] }, request, systemRandom),
  );
  await rotate();
  world.watch = undefined;
  await world.deliver();
  assert.equal((await describe(there, id))?.KeyState, "Enabled");
  assert.deepEqual(await states(there, id), [`${waiting} PENDING_IMPORT`, "CURRENT IMPORTED"]);
  for (const as of [here, there]) assert.equal(await open(as, before), text);
  const between = await seal(here, id, context);
  await refuses(open(there, between), invalid);
  assert.equal(await importMaterial(there, id, second), two);
  assert.equal(await open(there, between), text);
  await world.deliver();
  assert.deepEqual(await states(there, id), ["CURRENT IMPORTED", "NON_CURRENT IMPORTED"]);
  for (const { inspect } of [world.at.first, world.at.second]) assert.deepEqual(inspect(), []);
});

test("material that a replica gives up while the primary rotates is waited for, and nothing is lost", async (t) => {
  const { world, here, there, id, second, two, rotate } = await startFurther(t);
  await importMaterial(there, id, second);
  onAsked(world, async (honest) => {
    await there("DeleteImportedKeyMaterial", { KeyId: id, KeyMaterialId: two });
    return honest;
  });
  await rotate();
  world.watch = undefined;
  for (let round = 0; round < 2; round += 1) await world.deliver();
  assert.equal((await describe(there, id))?.KeyState, "Enabled");
  // What has not been heard everywhere is not followed by more.
  const third = randomBytes(32);
  await importMaterial(here, id, third, fresh);
  await refuses(rotate(), invalid, /every replica/);
  await importMaterial(there, id, second);
  await world.deliver();
  await importMaterial(there, id, third);
  await rotate();
  await world.deliver();
  assert.equal(await open(there, await seal(here, id, context)), text);
  assert.equal(await open(here, await seal(there, id, context)), text);
});

test("what changes between the answer and the rotation counts, and who is away is waited for", async (t) => {
  const { world, here, there, id, second, two, rotate } = await startFurther(t);
  await importMaterial(there, id, second);
  world.cut.add("second");
  await refuses(rotate(), "DependencyTimeoutException");
  assert.deepEqual((await states(here, id))[0], `${waiting} IMPORTED`);
  world.cut.clear();
  onAsked(world, async (honest) => {
    world.watch = undefined;
    await here("ReplicateKey", { KeyId: id, ReplicaRegion: far });
    return honest;
  });
  await refuses(rotate(), invalid, /every replica/);
  const distant = world.at.third.as(world.at.third.root());
  await refuses(rotate(), invalid, /every replica/);
  await importMaterial(distant, id, second);
  await rotate();
  await world.deliver();
  // Of its first material it has nothing: it waits for that.
  assert.equal((await describe(distant, id))?.KeyState, "PendingImport");
  assert.equal((await describe(there, id))?.CurrentKeyMaterialId, two);
});

test("what the primary gives up before it rotated is destroyed in the replica", async (t) => {
  const { world, here, there, id, second, two, rotate } = await startFurther(t);
  await importMaterial(there, id, second);
  assert.deepEqual((await states(here, id))[0], "PENDING_ROTATION IMPORTED");
  assert.deepEqual((await states(there, id))[0], "PENDING_ROTATION IMPORTED");
  const name = `material arn:aws:kms:${away}:${acme}:key/${id} ${two}`;
  assert.ok(world.at.second.vault.find(name));
  await here("DeleteImportedKeyMaterial", { KeyId: id, KeyMaterialId: two });
  await world.deliver();
  assert.equal(world.at.second.vault.find(name), undefined);
  await refuses(importMaterial(there, id, second), "IncorrectKeyMaterialException");
  await refuses(rotate(), invalid);
});

test("a hostile primary takes no material away, goes back to none, and makes no replica wait for ever", async (t) => {
  const { world, here, there, id, second, one, two, rotate } = await startFurther(t);
  await importMaterial(there, id, second);
  await rotate();
  await world.deliver();
  const before = await seal(there, id, context);
  const bogus = { id: "b".repeat(64), createdAtMs: 1 };
  const [x, y] = [one, two].map((version) => ({ id: version, createdAtMs: 1 }));
  let turn = 1_000;
  const keep = (...versions: readonly unknown[]) => {
    turn += 1;
    const kind = { spec: "SYMMETRIC_DEFAULT", usage: "ENCRYPT_DECRYPT", origin: "EXTERNAL" };
    const key = { ...kind, id, turn, primaryRegion: home, replicaRegions: [away], versions };
    return tell(world, { kind: "keep", account: acme, region: away, key });
  };
  const cases = [
    ["the current one waits again", [x, { ...y, pending: true }], "ValidationException"],
    ["without the current one", [x], "ValidationException"],
    ["the older one encrypts again", [y, x], "ValidationException"],
    ["none that encrypts", [{ ...x, pending: true }], "ValidationException"],
    ["one that nobody has", [x, y, bogus], "ConflictException"],
  ] as const;
  for (const [what, versions, code] of cases) {
    assert.equal((await keep(...versions)).refusal?.code, code, what);
    assert.equal((await describe(there, id))?.KeyState, "Enabled", what);
    assert.equal((await describe(there, id))?.CurrentKeyMaterialId, two, what);
    assert.equal(await open(there, before), text, what);
  }
  assert.equal(await open(here, await seal(there, id, context)), text);
  assert.deepEqual(world.at.second.inspect(), []);
});

test("which materials there are is told to who has a related key, and to nobody else", async (t) => {
  const { world, id, one } = await start(t);
  const ask = { kind: "materials", account: acme, region: away, id };
  assert.deepEqual(await tell(world, ask), { materials: [one] });
  const code = async (message: Record<string, unknown>, from: "first" | "third") =>
    (await tell(world, message, [from, "second"])).refusal?.code;
  assert.equal(await code(ask, "third"), "NotFoundException");
  const account = "444455556666";
  assert.equal(await code({ ...ask, account }, "first"), "UnsupportedOperationException");
  assert.equal(await code({ ...ask, id: "../.." }, "first"), "ValidationException");
});

test("imported material never passes between Bondstores, whichever Region tells of its key", async (t) => {
  const world = await startNeighbours(t);
  // The Region that is looked at first is a replica's, which has no material.
  const mine = world.at.second.as(world.at.second.root(), {}, aside);
  const there = world.at.first.as(world.at.first.root());
  const id = idOf(await makeKey(mine, { Origin: "EXTERNAL", MultiRegion: true }));
  const materials = [randomBytes(32), randomBytes(32)];
  const [first = Buffer.alloc(0), second = Buffer.alloc(0)] = materials;
  const said: string[] = [];
  const peer = agreementOf(world, "first", "second");
  world.watch = (to, _id, request) => {
    if (to === "first") said.push(JSON.stringify(openRequest(peer, request)));
    return undefined;
  };
  await importMaterial(mine, id, first);
  await mine("ReplicateKey", { KeyId: id, ReplicaRegion: away });
  await mine("ReplicateKey", { KeyId: id, ReplicaRegion: home });
  await importMaterial(there, id, first);
  await importMaterial(mine, id, second, fresh);
  await world.deliver();
  await importMaterial(there, id, second);
  assert.ok(said.some((message) => message.includes('"pending":true')));
  for (const message of said) {
    assert.ok(!message.includes("sealed"));
    for (const material of materials) {
      for (const form of ["base64", "hex"] as const) {
        assert.ok(!message.includes(material.toString(form)));
      }
    }
  }
});

test("kill -9 of two Bondstores between any two steps of a further import leaves keys that go on", async (t) => {
  let step = 1;
  for (let killed = true; killed; step += 1) {
    const died = await dieAt<BeforeDeath>(t, "further", step, "peer-stepper");
    killed = died.killed;
    const { keyId, ciphertext, materials = [] } = died.before;
    const [, second = Buffer.alloc(0)] = materials.map((each) => Buffer.from(each, "base64"));
    const world = await openNeighbours(died.directory);
    try {
      for (let round = 0; round < 3; round += 1) await world.deliver();
      const here = world.at.first.as(world.at.first.root());
      const there = world.at.second.as(world.at.second.root(), {}, away);
      for (const as of [here, there]) {
        assert.equal((await describe(as, keyId))?.KeyState, "Enabled");
        assert.equal(await open(as, Buffer.from(ciphertext, "base64")), text);
      }
      const count = (await states(here, keyId)).length;
      if (count < 2) await importMaterial(here, keyId, second, fresh);
      await world.deliver();
      await importMaterial(there, keyId, second);
      if ((await states(here, keyId))[0] !== "CURRENT IMPORTED") {
        await here("RotateKeyOnDemand", { KeyId: keyId });
      }
      for (let round = 0; round < 2; round += 1) await world.deliver();
      for (const as of [here, there]) {
        assert.deepEqual(await states(as, keyId), ["CURRENT IMPORTED", "NON_CURRENT IMPORTED"]);
      }
      assert.equal(await open(there, await seal(here, keyId, context)), text);
      for (const kms of [world.at.first, world.at.second]) assert.deepEqual(kms.inspect(), []);
    } finally {
      await world.close();
    }
  }
  assert.ok(step > 5, "there were steps to be killed at");
});
