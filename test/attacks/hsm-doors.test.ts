import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { connect as connectTcp } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type TestContext, test } from "node:test";
import { connect, type TLSSocket } from "node:tls";
import { CryptokiError } from "../../src/hsm/cryptoki.ts";
import { connectRpc } from "../../src/hsm/rpc/client.ts";
import { openCryptoki } from "../../src/hsm/rpc/remote-cryptoki.ts";
import { openHsmPort, openHsmSocket } from "../../src/hsm-doors.ts";
import { type Issued, makeAuthority } from "../support/certificates.ts";
import { fakeCryptoki } from "../support/fake-cryptoki.ts";

const silent = () => undefined;
const aCluster = "cluster-aaaaaaaaaaa";
const bCluster = "cluster-bbbbbbbbbbb";

/** Two clusters of two owners behind one port. */
async function twoClusters(t: TestContext) {
  const [a, b] = [makeAuthority(t, "owner A"), makeAuthority(t, "owner B")];
  const shown = new Map([
    [aCluster, { ...a.issue(aCluster), ca: a.cert }],
    [bCluster, { ...b.issue(bCluster), ca: b.cert }],
  ]);
  const admitted: string[] = [];
  const door = await openHsmPort({
    ...{ host: "127.0.0.1", port: 0, log: silent },
    clusterTls: (id) => shown.get(id),
    connect(cluster, peer) {
      admitted.push(`${cluster} ${peer}`);
      return fakeCryptoki({ slots: () => [cluster === aCluster ? 1 : 2] });
    },
  });
  t.after(() => door.close());
  return { a, b, admitted, port: door.port };
}

interface Dialling {
  readonly port: number;
  readonly cluster?: string;
  readonly client?: Issued;
  readonly maxVersion?: "TLSv1.1" | "TLSv1.2";
  readonly session?: Buffer;
}

/** Opens a connection as a client would, and asks for the slots. */
async function slotsOf(dialling: Dialling): Promise<readonly number[]> {
  const { port, cluster, client, maxVersion, session } = dialling;
  const socket: TLSSocket = connect({
    ...{ host: "127.0.0.1", port, rejectUnauthorized: false },
    // A name that is an address is not sent as one.
    servername: cluster ?? "",
    ...(client && { cert: client.cert, key: client.key }),
    ...(maxVersion && { minVersion: "TLSv1", maxVersion, ciphers: "DEFAULT@SECLEVEL=0" }),
    ...(session && { session }),
  });
  try {
    const rpc = await connectRpc(socket, { timeoutMs: 10_000, why: () => "" });
    const hsm = await openCryptoki(rpc);
    return await hsm.slots(true);
  } finally {
    socket.destroy();
  }
}

test("who shows a certificate of the cluster's owner is let in, and by name", async (t) => {
  const { a, port, admitted } = await twoClusters(t);
  const client = a.issue("application 1");
  assert.deepEqual(await slotsOf({ port, cluster: aCluster, client }), [1]);
  assert.deepEqual(await slotsOf({ port, cluster: aCluster, client, maxVersion: "TLSv1.2" }), [1]);
  assert.match(admitted[0] ?? "", /^cluster-a+ CN=application 1 \(certificate [0-9A-F]+\)$/);
});

test("nobody else is let in", async (t) => {
  const { a, b, port, admitted } = await twoClusters(t);
  const [ofA, ofB] = [a.issue("of A"), b.issue("of B")];
  const selfSigned = makeAuthority(t, "owner A");
  const cases: readonly (readonly [title: string, how: Dialling])[] = [
    ["no certificate", { port, cluster: aCluster }],
    ["the certificate of another cluster's owner", { port, cluster: aCluster, client: ofB }],
    ["the other way round", { port, cluster: bCluster, client: ofA }],
    [
      "a certificate that only has the owner's name",
      { port, cluster: aCluster, client: selfSigned },
    ],
    ["no server name", { port, client: ofA }],
    ["a cluster that is not there", { port, cluster: "cluster-ccccccccccc", client: ofA }],
    ["a name with another in it", { port, cluster: `${aCluster}.${bCluster}`, client: ofB }],
    ["an old version of TLS", { port, cluster: aCluster, client: ofA, maxVersion: "TLSv1.1" }],
  ];
  for (const [title, how] of cases) await assert.rejects(slotsOf(how), title);
  assert.deepEqual(admitted, []);
});

test("a session of one cluster is not taken up at another", async (t) => {
  const { a, port, admitted } = await twoClusters(t);
  const client = a.issue("of A");
  for (const maxVersion of ["TLSv1.2", undefined] as const) {
    const version = maxVersion && { maxVersion };
    const session = await new Promise<Buffer | undefined>((resolve, reject) => {
      const socket = connect({
        ...{ host: "127.0.0.1", port, rejectUnauthorized: false, servername: aCluster },
        ...{ cert: client.cert, key: client.key },
        ...version,
      });
      socket.once("error", reject);
      socket.once("secureConnect", () => {
        setTimeout(() => {
          resolve(socket.getSession());
          socket.destroy();
        }, 100);
      });
    });
    const before = admitted.length;
    const taken = { port, cluster: bCluster, ...version, ...(session && { session }) };
    await assert.rejects(slotsOf(taken));
    assert.equal(admitted.length, before);
  }
});

test("what is no TLS, and what is no RPC, ends its own connection only", async (t) => {
  const { a, port } = await twoClusters(t);
  const client = a.issue("of A");
  const raw = connectTcp(port, "127.0.0.1", () => raw.write("GET / HTTP/1.1\r\n\r\n"));
  await new Promise((resolve) => raw.once("close", resolve).once("error", silent).resume());
  const spoken = connect({
    ...{ host: "127.0.0.1", port, rejectUnauthorized: false, servername: aCluster },
    ...{ cert: client.cert, key: client.key },
  });
  spoken.on("error", silent).on("secureConnect", () => spoken.write(Buffer.alloc(64, 0xff)));
  await new Promise((resolve) => spoken.once("close", resolve).resume());
  assert.deepEqual(await slotsOf({ port, cluster: aCluster, client }), [1]);
});

test("the socket of a user is for that user alone", async (t) => {
  const home = mkdtempSync(join(tmpdir(), "bondstore-door-"));
  t.after(() => rmSync(home, { recursive: true, force: true }));
  const path = join(home, "hsm", "cluster.sock");
  const open = (where: string) =>
    openHsmSocket({ connect: () => fakeCryptoki({ slots: () => [1] }), path: where, log: silent });
  const door = await open(path);
  t.after(() => door.close());
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.equal(statSync(dirname(path)).mode & 0o777, 0o700);
  const socket = connectTcp(path);
  const hsm = await openCryptoki(await connectRpc(socket, { timeoutMs: 10_000, why: () => "" }));
  assert.deepEqual(await hsm.slots(true), [1]);
  await assert.rejects(hsm.logout(1), CryptokiError);
  socket.destroy();

  const shared = join(home, "shared");
  mkdirSync(shared);
  chmodSync(shared, 0o755);
  await assert.rejects(open(join(shared, "cluster.sock")), /0700/);
});
