import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { acme, logIn, makeAes, setUp, startHsms } from "../../../test/support/hsm.ts";
import type { TrailEvent } from "../../audit/trail.ts";
import { systemRandom } from "../../lib/random.ts";
import type { HsmCluster, Hsms } from "../hsm.ts";
import type { ControlParts } from "./clusters.ts";
import { type HsmControl, openControl } from "./open-control.ts";

const spec = {
  account: acme,
  hsmType: "hsm1.medium",
  mode: "FIPS",
  networkType: "IPV4",
  retentionDays: 90,
  subnets: { "us-east-1a": "subnet-0123456789abcdef0" },
  tags: {},
} as const;
const hsm = { id: "hsm-aaaaaaaaaaa", zone: "us-east-1a", subnet: "subnet-1", eniId: "eni-1" };
const weekMs = 7 * 86_400_000;

/** The step that goes wrong, as if the process had ended there. */
type Step = "create" | "remove" | "zeroize" | "clearLog";

async function start(t: TestContext) {
  const bench = await startHsms(t);
  await bench.hsms.find(acme, "cluster-a1b2c3d4e5f")?.clearLog();
  const events: TrailEvent[] = [];
  let broken: Step | undefined;
  let nowMs = Date.UTC(2026, 10, 22);
  const unlessBroken = <Result>(step: Step, work: () => Promise<Result>): Promise<Result> =>
    broken === step ? Promise.reject(new Error(`ended before ${step}`)) : work();
  const wrapped = (cluster: HsmCluster): HsmCluster => ({
    account: cluster.account,
    id: cluster.id,
    partitions: () => cluster.partitions(),
    endConnections: () => undefined,
    connect: (peer) => cluster.connect(peer),
    zeroize: (why) => unlessBroken("zeroize", () => cluster.zeroize(why)),
    zeroizePartition: (serial, why) => cluster.zeroizePartition(serial, why),
    log: () => cluster.log(),
    clearLog: () => unlessBroken("clearLog", () => cluster.clearLog()),
  });
  const hsms: Hsms = {
    create: (account, id) => unlessBroken("create", () => bench.hsms.create(account, id)),
    find: (account, id) => {
      const found = bench.hsms.find(account, id);
      return found && wrapped(found);
    },
    remove: (account, id) => unlessBroken("remove", () => bench.hsms.remove(account, id)),
  };
  const parts: ControlParts = {
    hsms,
    store: bench.store,
    keyring: { wrap: (_, plain) => Buffer.from(plain), unwrap: (_, bytes) => Buffer.from(bytes) },
    trail: {
      record: async (event) => void events.push(event),
      isFailing: () => false,
      find: async () => [],
      findPage: async () => ({ found: [] }),
      close: async () => undefined,
    },
    clock: { now: () => nowMs },
    random: systemRandom,
    region: "us-east-1",
  };
  return {
    ...{ bench, hsms, events },
    control: await openControl(parts),
    breakAt: (step: Step | undefined) => {
      broken = step;
    },
    pass: (ms: number) => {
      nowMs += ms;
    },
    /** The same, as the next process finds it. */
    async restart(): Promise<HsmControl> {
      broken = undefined;
      const again = await openControl(parts);
      await again.upkeep.start();
      t.after(() => again.upkeep.stop());
      return again;
    },
  };
}

/** A cluster that is initialized and has one HSM, and a partition with a key. */
async function used({ control, hsms }: { control: HsmControl; hsms: Hsms }): Promise<string> {
  const { id } = await control.life.create(spec);
  await control.clusters.change(acme, id, (now) => ({ ...now, state: "INITIALIZED" }));
  await control.life.addHsm(acme, id, () => hsm);
  const cluster = hsms.find(acme, id);
  assert.ok(cluster);
  await setUp(cluster);
  const user = await logIn(cluster);
  await makeAes(user);
  user.token.finalize();
  return id;
}

test("a cluster whose making was cut off is ready after the next start", async (t) => {
  const bench = await start(t);
  bench.breakAt("create");
  await assert.rejects(bench.control.life.create(spec), /ended before create/);
  const [left] = bench.control.clusters.all(acme);
  assert.equal(left?.state, "CREATE_IN_PROGRESS");
  const { clusters } = await bench.restart();
  assert.equal(clusters.all(acme)[0]?.state, "UNINITIALIZED");
  assert.ok(bench.hsms.find(acme, left.id));
});

for (const step of ["clearLog", "remove"] as const) {
  test(`a cluster whose removal was cut off before ${step} is gone after the next start`, async (t) => {
    const bench = await start(t);
    const { id } = await bench.control.life.create(spec);
    bench.breakAt(step);
    await assert.rejects(bench.control.life.remove(acme, id), /ended before/);
    assert.equal(bench.control.clusters.find(acme, id)?.state, "DELETE_IN_PROGRESS");
    const { clusters } = await bench.restart();
    assert.equal(clusters.find(acme, id), undefined);
    assert.equal(clusters.tables.keys(acme).find([id]), undefined);
    assert.equal(bench.hsms.find(acme, id), undefined);
  });
}

test("keys of a cluster that lost its last HSM are kept, wherever that was cut off", async (t) => {
  const bench = await start(t);
  const id = await used(bench);
  // As after a crash between the two steps of removeHsm.
  await bench.control.clusters.change(acme, id, (now) => ({ ...now, hsms: [] }));
  await assert.rejects(bench.control.life.remove(acme, id), /hold keys/);
  const { clusters } = await bench.restart();
  const cluster = clusters.find(acme, id);
  assert.ok(cluster && clusters.backupOf(cluster));
  assert.equal(clusters.holdsKeys(cluster), true);
  assert.equal(clusters.connect(id, "anybody"), undefined);
});

for (const step of ["zeroize", "clearLog"] as const) {
  test(`what a backup kept is zeroized when due, also when it was cut off before ${step}`, async (t) => {
    const bench = await start(t);
    const id = await used(bench);
    await bench.control.life.removeHsm(acme, id, hsm.id);
    const cluster = bench.control.clusters.find(acme, id);
    assert.ok(cluster);
    const backup = bench.control.clusters.backupOf(cluster);
    assert.ok(backup);
    const { backups } = bench.control.clusters.tables;
    const deleteAtMs = Date.UTC(2026, 10, 22) + weekMs;
    await bench.bench.store.transaction(() =>
      backups(acme).put([backup.id], { ...backup, deleteAtMs }),
    );
    bench.pass(weekMs - 1);
    await bench.control.upkeep.round();
    assert.equal(bench.control.clusters.holdsKeys(cluster), true, "it is not due yet");
    bench.pass(1);
    bench.breakAt(step);
    await assert.rejects(bench.control.upkeep.round(), /ended before/);
    assert.ok(bench.control.clusters.backupOf(cluster), "it is still due");
    const { clusters, life } = await bench.restart();
    assert.equal(clusters.backupOf(cluster), undefined);
    assert.deepEqual(bench.hsms.find(acme, id)?.partitions(), []);
    assert.deepEqual([...(bench.hsms.find(acme, id)?.log() ?? [])], []);
    assert.ok(bench.events.every(({ eventName }) => eventName === "DeleteBackup"));
    assert.ok(bench.events.length > 0);
    await life.remove(acme, id);
  });
}

test("HSMs that come and go at the same time never lose keys", async (t) => {
  const bench = await start(t);
  const id = await used(bench);
  const { clusters, life } = bench.control;
  for (let turn = 0; turn < 10; turn += 1) {
    await Promise.allSettled([
      life.removeHsm(acme, id, hsm.id),
      life.addHsm(acme, id, () => hsm),
      life.remove(acme, id),
      life.removeHsm(acme, id, hsm.id),
    ]);
    const cluster = clusters.find(acme, id);
    assert.ok(cluster && clusters.holdsKeys(cluster));
    assert.notEqual(cluster.hsms.length > 0, clusters.backupOf(cluster) !== undefined);
    if (cluster.hsms.length === 0) await life.addHsm(acme, id, () => hsm);
  }
});
