import assert from "node:assert/strict";
import { test } from "node:test";
import type { ObjectRow, PartitionRow } from "../../src/hsm/cluster-tables.ts";
import { CKF, CKM, CKU } from "../../src/hsm/constants.ts";
import type { Hsms } from "../../src/hsm/hsm.ts";
import type { Table } from "../../src/storage/store.ts";
import {
  acme,
  clusterId,
  type HsmBench,
  logIn,
  makeAes,
  refuses,
  setUp,
  startUser,
  template,
  type UserBench,
  userPin,
} from "../support/hsm.ts";

type Bench = HsmBench & UserBench;
const readWrite = CKF.SERIAL_SESSION | CKF.RW_SESSION;

interface Tables {
  readonly serial: string;
  readonly objects: Table<ObjectRow>;
  readonly partitions: Table<PartitionRow>;
  readonly clusters: Table<{ readonly list: Buffer }>;
}

const tablesOf = (bench: Bench): Tables => {
  const account = bench.store.account(acme);
  return {
    serial: bench.cluster().partitions()[0]?.serial ?? "",
    objects: account.table("hsm.objects"),
    partitions: account.table("hsm.partitions"),
    clusters: account.table("hsm.clusters"),
  };
};

function flip(bytes: Uint8Array | undefined): Buffer {
  const changed = Buffer.from(bytes ?? []);
  changed[20] = (changed[20] ?? 0) ^ 1;
  return changed;
}

const zeroized = (bench: Bench) =>
  bench.events
    .filter(({ eventName }) => eventName === "PartitionZeroized")
    .map(({ requestParameters }) => (requestParameters as { detail: string }).detail);

/** Changes to the store by somebody who can open the account's rows, and to what that leads. */
const changes: readonly (readonly [
  title: string,
  change: (tables: Tables, ids: readonly string[], bench: Bench) => void | Promise<void>,
  why: string,
])[] = [
  [
    "attributes of an object",
    ({ objects, serial }, [id = ""]) => {
      const row = objects.find([serial, id]);
      assert.ok(row);
      objects.put([serial, id], { ...row, attributes: flip(row.attributes) });
    },
    "its store was changed",
  ],
  [
    "value of a key",
    ({ objects, serial }, [id = ""]) => {
      const row = objects.find([serial, id]);
      assert.ok(row);
      objects.put([serial, id], { ...row, value: flip(row.value) });
    },
    "its store was changed",
  ],
  [
    "an object taken away",
    ({ objects, serial }, [id = ""]) => void objects.remove([serial, id]),
    "its store was changed",
  ],
  [
    "an object added",
    ({ objects, serial }, [id = ""]) => {
      const row = objects.find([serial, id]);
      assert.ok(row);
      objects.put([serial, "0000000000000000"], row);
    },
    "its store was changed",
  ],
  [
    "two objects exchanged",
    ({ objects, serial }, [id = "", other = ""]) => {
      const [one, two] = [objects.find([serial, id]), objects.find([serial, other])];
      assert.ok(one && two);
      objects.put([serial, id], two);
      objects.put([serial, other], one);
    },
    "its store was changed",
  ],
  [
    "state of the partition",
    ({ partitions, serial }) => {
      const row = partitions.find([clusterId, serial]);
      assert.ok(row);
      partitions.put([clusterId, serial], { ...row, state: flip(row.state) });
    },
    "its store was changed",
  ],
  [
    "a partition in another slot",
    ({ partitions, serial }) => {
      const row = partitions.find([clusterId, serial]);
      assert.ok(row);
      partitions.put([clusterId, serial], { ...row, slot: 5 });
    },
    "its store was changed",
  ],
  [
    "a partition taken away",
    ({ partitions, serial }) => void partitions.remove([clusterId, serial]),
    "its store was changed",
  ],
  [
    "list of the partitions",
    ({ clusters }) => {
      clusters.put([clusterId], { list: flip(clusters.find([clusterId])?.list) });
    },
    "its seal is broken",
  ],
  [
    "list of the partitions taken away",
    ({ clusters }) => void clusters.remove([clusterId]),
    "its seal is broken",
  ],
];

async function openAgain(hsms: Hsms): Promise<void> {
  const cluster = hsms.find(acme, clusterId);
  assert.ok(cluster);
  if (cluster.partitions().length === 0) return;
  const token = cluster.connect("again");
  await refuses(() => token.openSession(0, readWrite), "DEVICE_ERROR");
  assert.deepEqual(cluster.partitions(), []);
  await cluster.zeroize("its owner asked for it");
}

for (const [title, change, why] of changes) {
  test(`zeroized when it is found changed: ${title}`, async (t) => {
    const bench = await startUser(t);
    await makeAes(bench, { LABEL: "one" });
    await makeAes(bench, { LABEL: "two" });
    const tables = tablesOf(bench);
    const range = tables.objects.range({ prefix: [tables.serial] });
    const ids = [...range].map(({ key }) => String(key[1]));
    await bench.store.transaction(() => change(tables, ids, bench));
    await openAgain(await bench.reopen());
    assert.deepEqual(zeroized(bench), [why]);
    assert.equal(bench.vault.find(`hsm ${acme} ${clusterId} ${tables.serial}`), undefined);
    assert.deepEqual([...tables.objects.range()], []);
    assert.deepEqual([...tables.partitions.range()], []);
  });
}

test("a key that was changed while the HSM runs destroys its partition when it is used", async (t) => {
  const bench = await startUser(t);
  await makeAes(bench);
  const { objects, serial } = tablesOf(bench);
  const hsms = await bench.reopen();
  const cluster = hsms.find(acme, clusterId);
  assert.ok(cluster);
  const { token, session } = await logIn(cluster);
  token.findObjectsInit(session, template({}));
  const [key = 0] = token.findObjects(session, 1);
  await bench.store.transaction(() => {
    for (const { key: place, value } of [...objects.range({ prefix: [serial] })]) {
      objects.put(place, { ...value, value: flip(value.value) });
    }
  });
  const use = () => token.begin(session, "encrypt", { type: CKM.AES_ECB }, key);
  await refuses(use, "DEVICE_ERROR");
  await refuses(use, "SESSION_HANDLE_INVALID");
  assert.deepEqual(cluster.partitions(), []);
  await cluster.zeroize("its owner asked for it");
  assert.deepEqual(zeroized(bench), ["its store was changed"]);
});

test("an object of before a change, put back, is found out", async (t) => {
  const bench = await startUser(t);
  const key = await makeAes(bench, { EXTRACTABLE: true });
  const { objects, serial } = tablesOf(bench);
  const [before] = objects.range({ prefix: [serial] });
  assert.ok(before);
  await bench.token.setAttributes(bench.session, key, template({ EXTRACTABLE: false }));
  await bench.store.transaction(() => objects.put(before.key, before.value));
  await openAgain(await bench.reopen());
  assert.deepEqual(zeroized(bench), ["its store was changed"]);
});

test("one partition that was changed leaves the others alone", async (t) => {
  const bench = await startUser(t);
  await setUp(bench.cluster(), 1);
  const { partitions, serial } = tablesOf(bench);
  await bench.store.transaction(() => partitions.remove([clusterId, serial]));
  const cluster = (await bench.reopen()).find(acme, clusterId);
  assert.deepEqual(
    cluster?.partitions().map(({ slot }) => slot),
    [1],
  );
  const token = cluster?.connect("192.0.2.7");
  const session = token?.openSession(1, readWrite) ?? 0;
  await token?.login(session, CKU.USER, userPin);
});
