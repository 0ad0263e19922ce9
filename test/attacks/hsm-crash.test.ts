import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { CKF, CKM, CKU } from "../../src/hsm/constants.ts";
import {
  acme,
  clusterId,
  type HsmBench,
  logIn,
  makeAes,
  openHsms,
  setUp,
  soPin,
} from "../support/hsm.ts";

const stepsMax = 40;
/** Of one secret in the vault's file. */
const slotBytes = 128;
const script = fileURLToPath(new URL("../support/hsm-child.js", import.meta.url));

/** A directory with a cluster of one partition that holds a key; answers the partition's serial. */
async function prepare(
  t: TestContext,
): Promise<{ readonly from: string; readonly serial: string }> {
  const from = mkdtempSync(join(tmpdir(), "bondstore-hsm-"));
  t.after(() => rmSync(from, { recursive: true, force: true }));
  const bench = await openHsms(from);
  await bench.hsms.create(acme, clusterId);
  await setUp(bench.cluster());
  await makeAes(await logIn(bench.cluster()));
  const serial = bench.cluster().partitions()[0]?.serial ?? "";
  await bench.close();
  return { from, serial };
}

/** Lets a process work on a copy and die at a step; looks at what it left. Tells whether it came to the end. */
async function dieAt(
  from: string,
  what: "setup" | "zeroize",
  step: number,
  look: (bench: HsmBench, done: boolean) => Promise<void>,
): Promise<boolean> {
  const directory = mkdtempSync(join(tmpdir(), "bondstore-hsm-"));
  cpSync(from, directory, { recursive: true });
  try {
    const child = spawn(process.execPath, [script, directory, what, String(step)], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    let text = "";
    child.stdout.on("data", (piece: Buffer) => {
      text += piece;
    });
    const [code, signal] = await once(child, "close");
    const done = text.includes("done");
    assert.ok(done ? code === 0 : signal === "SIGKILL", `step ${step}: ${code} ${signal}`);
    const bench = await openHsms(directory);
    const there = bench.cluster().partitions().length;
    assert.equal(secretsIn(directory), 1 + there, `step ${step}: the cluster and its partitions`);
    await look(bench, done).finally(() => bench.close());
    return done;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** How many secrets the vault has: no partition that is not there has one. */
const secretsIn = (directory: string): number => {
  const vault = readFileSync(join(directory, "vault"));
  let count = 0;
  for (let at = slotBytes; at < vault.length; at += slotBytes) count += vault[at] === 1 ? 1 : 0;
  return count;
};

const rowsOf = (bench: HsmBench, table: string) =>
  [...bench.store.account(acme).table(table).range()].map(({ key }) => key.join(" "));

test("a kill -9 between any two steps of a zeroization leaves all or nothing of the partition", async (t) => {
  const { from, serial } = await prepare(t);
  let [kept, gone] = [0, 0];
  for (let step = 0; ; step += 1) {
    assert.ok(step < stepsMax, "a zeroization has an end");
    const done = await dieAt(from, "zeroize", step, async (bench) => {
      const cluster = bench.cluster();
      const secret = bench.vault.find(`hsm ${acme} ${clusterId} ${serial}`);
      if (cluster.partitions().length === 1) {
        kept += 1;
        const { token, session } = await logIn(cluster);
        token.begin(session, "encrypt", { type: CKM.AES_ECB }, 1);
        token.once(session, "encrypt", Buffer.alloc(16));
        return;
      }
      gone += 1;
      assert.equal(secret, undefined, `step ${step}: nothing of the master key is left`);
      assert.deepEqual([rowsOf(bench, "hsm.objects"), rowsOf(bench, "hsm.partitions")], [[], []]);
      const told = [...cluster.log()].filter(({ what }) => what === "PartitionZeroized");
      assert.deepEqual(
        told.map(({ partition }) => partition),
        [serial],
        `step ${step}`,
      );
      await setUp(cluster);
    });
    if (done) break;
  }
  assert.ok(kept >= 1 && gone >= 4, `an empty check must not pass: ${kept} ${gone}`);
});

test("a kill -9 between any two steps of setting a partition up leaves it whole or away", async (t) => {
  const { from } = await prepare(t);
  let [whole, away] = [0, 0];
  for (let step = 0; ; step += 1) {
    assert.ok(step < stepsMax, "setting up has an end");
    const done = await dieAt(from, "setup", step, async (bench) => {
      const cluster = bench.cluster();
      await logIn(cluster);
      const token = cluster.connect("after");
      const serials = cluster.partitions().map(({ serial }) => `${clusterId} ${serial}`);
      assert.deepEqual(rowsOf(bench, "hsm.partitions").sort(), serials.sort(), `step ${step}`);
      if (serials.length === 1) {
        away += 1;
        await token.initToken(1, soPin, "made after");
      } else whole += 1;
      const session = token.openSession(1, CKF.SERIAL_SESSION | CKF.RW_SESSION);
      await token.login(session, CKU.SO, soPin);
    });
    if (done) break;
  }
  assert.ok(whole >= 2 && away >= 4, `an empty check must not pass: ${whole} ${away}`);
});
