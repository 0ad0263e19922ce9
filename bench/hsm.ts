import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { CKA, CKF, CKK, CKM, CKO, CKU } from "../src/hsm/constants.ts";
import { connectRpc } from "../src/hsm/rpc/client.ts";
import { type AsyncCryptoki, openCryptoki } from "../src/hsm/rpc/remote-cryptoki.ts";
import { median, type Pace, type Row } from "./measure.ts";
import { dataDirectory, startProcess, stopProcess } from "./server-process.ts";

/** A server of PKCS#11 on a socket. */
interface HsmServer {
  readonly name: string;
  readonly path: string;
  readonly label: string;
  readonly pin: string;
  cpuSeconds(): number;
  stop(): Promise<void>;
}

const softHsm = "/usr/lib/softhsm/libsofthsm2.so";

async function startOwn(): Promise<HsmServer> {
  const directory = dataDirectory();
  const path = join(directory, "sockets", "hsm");
  const script = fileURLToPath(new URL("./hsm-server.js", import.meta.url));
  const { child, running } = await startProcess({
    command: process.execPath,
    args: [script, directory, path],
    ready: (line) => (line === "ready" ? true : undefined),
  });
  const stop = () => stopProcess(child, directory);
  const pin = "alice:correct horse";
  return { name: "Bondstore", path, label: "orders", pin, cpuSeconds: running.cpuSeconds, stop };
}

/** SoftHSM 2 behind `p11-kit server`. */
async function startSoftHsm(): Promise<HsmServer> {
  const directory = dataDirectory();
  const [label, pin] = ["orders", "123456"];
  const config = join(directory, "softhsm2.conf");
  mkdirSync(join(directory, "tokens"));
  writeFileSync(config, `directories.tokendir = ${directory}/tokens\nlog.level = ERROR\n`);
  const env = { SOFTHSM2_CONF: config };
  const words = ["--init-token", "--free", "--label", label, "--so-pin", "12345678", "--pin", pin];
  execFileSync("softhsm2-util", words, { env: { ...process.env, ...env }, stdio: "pipe" });
  const path = join(directory, "socket");
  const { child, running } = await startProcess({
    command: "p11-kit",
    args: ["server", "-f", "--provider", softHsm, "--name", path, `pkcs11:token=${label}`],
    env,
    ready: (line) => (line.includes("P11_KIT_SERVER_ADDRESS") ? true : undefined),
  });
  const stop = () => stopProcess(child, directory);
  return { name: "SoftHSM 2", path, label, pin, cpuSeconds: running.cpuSeconds, stop };
}

/** An application with its own connection and a session in which a key for HMAC is. */
interface Application {
  readonly hsm: AsyncCryptoki;
  readonly session: number;
  readonly key: number;
}

async function openApplication({ path, label, pin }: HsmServer): Promise<Application> {
  const client = await connectRpc(connect(path), { timeoutMs: 30_000, why: () => ` at ${path}` });
  const hsm = await openCryptoki(client);
  for (const slot of await hsm.slots(true)) {
    if ((await hsm.tokenInfo(slot)).label !== label) continue;
    const session = await hsm.openSession(slot, CKF.SERIAL_SESSION | CKF.RW_SESSION);
    await hsm.login(session, CKU.USER, Buffer.from(pin));
    const key = await hsm.generateKey(session, { type: CKM.GENERIC_SECRET_KEY_GEN }, [
      { type: CKA.CLASS, value: CKO.SECRET_KEY },
      { type: CKA.KEY_TYPE, value: CKK.GENERIC_SECRET },
      { type: CKA.VALUE_LEN, value: 32 },
      { type: CKA.SIGN, value: true },
    ]);
    return { hsm, session, key };
  }
  throw new Error(`no token ${label}`);
}

type Operation = (application: Application) => Promise<unknown>;

const data = Buffer.alloc(64, 7);
const draw: Operation = ({ hsm, session }) => hsm.random(session, 32);
const sign: Operation = ({ hsm, session, key }) =>
  Promise.all([
    hsm.begin(session, "sign", { type: CKM.SHA256_HMAC }, key),
    hsm.once(session, "sign", data),
  ]);

interface HsmCase {
  readonly title: string;
  readonly operation: Operation;
  readonly connections: number;
  /** Operations of one connection that are under way at once. */
  readonly ahead: number;
  readonly bar?: Row["bar"];
}

/** The goal is 10,000 small operations per second; here per second of the server's CPU, which is less than one core. */
const cases: readonly HsmCase[] = [
  { title: "HSM random, 1 client that waits", operation: draw, connections: 1, ahead: 1 },
  {
    title: "HSM random, 8 connections",
    ...{ operation: draw, connections: 8, ahead: 8, bar: { atLeast: 10_000 } },
  },
  {
    title: "HSM HMAC, 8 connections",
    ...{ operation: sign, connections: 8, ahead: 8, bar: { atLeast: 10_000 } },
  },
];

/** Asks for some seconds; answers how often it was answered. */
async function drive(
  applications: readonly Application[],
  { operation, ahead }: HsmCase,
  seconds: number,
): Promise<{ done: number; seconds: number }> {
  const started = performance.now();
  const untilMs = started + seconds * 1000;
  let done = 0;
  const lanes = applications.flatMap((application) => Array<Application>(ahead).fill(application));
  await Promise.all(
    lanes.map(async (application) => {
      while (performance.now() < untilMs) {
        await operation(application);
        done += 1;
      }
    }),
  );
  return { done, seconds: (performance.now() - started) / 1000 };
}

async function measureCase(
  servers: readonly HsmServer[],
  one: HsmCase,
  { seconds, rounds }: Pace,
): Promise<Row> {
  const reached = servers.map(({ name }) => ({
    name,
    perCpuSecond: [] as number[],
    perSecond: [] as number[],
  }));
  const applications: Application[][] = [];
  for (const server of servers) {
    const opened: Application[] = [];
    // One after the other: SoftHSM's processes do not always find their token when several start at once.
    while (opened.length < one.connections) opened.push(await openApplication(server));
    applications.push(opened);
  }
  for (let round = -1; round < rounds; round += 1) {
    for (const [place, server] of servers.entries()) {
      const before = server.cpuSeconds();
      const driven = await drive(applications[place] ?? [], one, round < 0 ? 1 : seconds);
      // The first round warms up.
      if (round < 0) continue;
      reached[place]?.perCpuSecond.push(driven.done / (server.cpuSeconds() - before));
      reached[place]?.perSecond.push(driven.done / driven.seconds);
    }
  }
  for (const { hsm } of applications.flat()) await hsm.finalize();
  return {
    title: one.title,
    bar: one.bar,
    reached: reached.map(({ name, perCpuSecond, perSecond }) => ({
      name,
      perCpuSecond: median(perCpuSecond),
      perSecond: median(perSecond),
      failed: 0,
    })),
  };
}

/** Small operations over the user's socket, beside SoftHSM 2 behind `p11-kit server`. */
export async function hsmRows(pace: Pace, say: (line: string) => void): Promise<Row[]> {
  const servers = [await startOwn()];
  try {
    const peer = await startSoftHsm().catch((error: unknown) => {
      say(`the peer cannot be had, Bondstore is measured alone: ${String(error)}`);
      return undefined;
    });
    if (peer) servers.push(peer);
    const rows: Row[] = [];
    for (const one of cases) {
      say(one.title);
      rows.push(await measureCase(servers, one, pace));
    }
    return rows;
  } finally {
    for (const server of servers) await server.stop();
  }
}
