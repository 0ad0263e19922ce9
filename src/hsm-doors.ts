import { chmodSync, lstatSync, mkdirSync, rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { dirname } from "node:path";
import { createSecureContext, createServer as createTlsServer, type TLSSocket } from "node:tls";
import type { ClusterTls } from "./hsm/control/clusters.ts";
import type { Cryptoki } from "./hsm/cryptoki.ts";
import { serveRpc } from "./hsm/rpc/server.ts";

/** A way to HSMs for programs that speak PKCS#11 through p11-kit. */
export interface HsmDoor {
  /** Ends its connections, and with them their sessions. */
  close(): Promise<void>;
}

/** The door to all clusters over TLS. */
export interface HsmPortDoor extends HsmDoor {
  readonly port: number;
  /** Ends the connections to a cluster. */
  shut(clusterId: string): void;
}

type Log = (line: string) => void;

/** Of a connection that breaks nobody needs to hear: it ends, and its sessions with it. */
const ignore = () => undefined;

const connectionsMax = 512;
const connectionsPerClusterMax = 128;
const handshakeMs = 10_000;
const listenBacklog = 128;
/** SSL_OP_NO_TICKET of OpenSSL: a session of one cluster must not be taken up at another. */
const noTickets = 0x4000;

/**
 * Opens the HSMs of one cluster to one user of this machine: the socket's directory is for that user alone, and so is
 * the socket. Programs reach it with P11_KIT_SERVER_ADDRESS=unix:path=PATH and p11-kit-client.so.
 */
export async function openHsmSocket({
  connect,
  path,
  log,
}: {
  /** Begins a connection of `peer`; undefined where there is no such cluster any more. */
  connect(peer: string): Cryptoki | undefined;
  readonly path: string;
  readonly log: Log;
}): Promise<HsmDoor> {
  const directory = dirname(path);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  checkPrivate(directory);
  rmSync(path, { force: true });
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    admit(open, socket, log, () => connect("the owner's socket"));
  });
  server.maxConnections = connectionsMax;
  await listening(server, () => server.listen({ path, backlog: listenBacklog }));
  chmodSync(path, 0o600);
  return { close: () => closed(server, open) };
}

function checkPrivate(directory: string): void {
  const found = lstatSync(directory);
  const ours = found.isDirectory() && found.uid === process.getuid?.();
  if (!ours || (found.mode & 0o077) !== 0) {
    throw new Error(`${directory} must be a directory of this user alone (mode 0700)`);
  }
}

/**
 * Opens one port to the HSMs of all clusters, over TLS in which both sides show certificates. The server name that
 * a client asks for is the cluster's id; whoever shows a certificate that the cluster's owner vouches for is let in.
 */
export async function openHsmPort({
  host,
  port,
  clusterTls,
  connect,
  log,
}: {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Undefined where there is no such cluster, or none that was initialized. */
  clusterTls(clusterId: string): ClusterTls | undefined;
  connect(clusterId: string, peer: string): Cryptoki | undefined;
  readonly log: Log;
}): Promise<HsmPortDoor> {
  const open = new Map<string, Set<Socket>>();
  const every = new Set<Socket>();

  function serve(socket: TLSSocket): void {
    socket.on("error", ignore);
    const cluster = socket.servername;
    const peer = peerOf(socket);
    // Without a name no trust anchor was looked at; a session taken up again has not shown this cluster a certificate.
    const admitted = typeof cluster === "string" && socket.authorized && !socket.isSessionReused();
    if (!admitted || peer === undefined) {
      socket.destroy();
      return;
    }
    const here = open.get(cluster) ?? new Set();
    if (here.size >= connectionsPerClusterMax) {
      log(`an HSM's door is full: ${cluster}`);
      socket.destroy();
      return;
    }
    open.set(cluster, here);
    admit(here, socket, log, () => connect(cluster, peer));
    socket.once("close", () => {
      if (here.size === 0) open.delete(cluster);
    });
  }

  const server = createTlsServer(
    {
      requestCert: true,
      rejectUnauthorized: true,
      minVersion: "TLSv1.2",
      handshakeTimeout: handshakeMs,
      secureOptions: noTickets,
      SNICallback(name, done) {
        try {
          const tls = clusterTls(name);
          if (!tls) return done(new Error("no such cluster"));
          const { cert, key, ca } = tls;
          const options = { minVersion: "TLSv1.2", secureOptions: noTickets } as const;
          done(null, createSecureContext({ cert, key, ca, ...options }));
        } catch (error) {
          log(`the certificate of ${name} cannot be used: ${String(error)}`);
          done(new Error("no such cluster"));
        }
      },
    },
    serve,
  );
  server.maxConnections = connectionsMax;
  server.on("connection", (socket: Socket) => {
    every.add(socket);
    socket.once("close", () => every.delete(socket));
  });
  server.on("tlsClientError", ignore);
  await listening(server, () => server.listen({ host, port, backlog: listenBacklog }));
  const address = server.address();
  return {
    shut: (clusterId) => {
      for (const socket of open.get(clusterId) ?? []) socket.destroy();
    },
    port: typeof address === "object" && address ? address.port : port,
    close: () => closed(server, every),
  };
}

/** Who a certificate says its holder is: for the log and the trail. */
function peerOf(socket: TLSSocket): string | undefined {
  const { subject, serialNumber } = socket.getPeerCertificate();
  if (!serialNumber) return undefined;
  const names = Object.entries(subject ?? {}).map(([field, value]) => `${field}=${String(value)}`);
  return `${names.join(",").slice(0, 200)} (certificate ${serialNumber.slice(0, 40)})`;
}

function admit(
  open: Set<Socket>,
  socket: Socket,
  log: Log,
  connect: () => Cryptoki | undefined,
): void {
  open.add(socket);
  socket.once("close", () => open.delete(socket));
  socket.on("error", ignore);
  socket.setNoDelay(true);
  try {
    const hsm = connect();
    if (hsm) void serveRpc(hsm, socket, log);
    else socket.destroy();
  } catch (error) {
    log(`an HSM does not take a connection: ${String(error)}`);
    socket.destroy();
  }
}

function listening(server: Server, listen: () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.once("listening", () => {
      server.off("error", reject);
      resolve();
    });
    listen();
  });
}

function closed(server: Server, open: ReadonlySet<Socket>): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    for (const socket of open) socket.destroy();
  });
}
