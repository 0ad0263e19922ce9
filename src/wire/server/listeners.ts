import { chmodSync } from "node:fs";
import { createServer as createNet, type Server, type Socket } from "node:net";
import { createServer as createTls, TLSSocket } from "node:tls";
import type { Peer } from "../http.ts";

/** Certificate chain and private key, as PEM. */
export interface TlsIdentity {
  readonly cert: string;
  readonly key: string;
}

/** Where a server listens. On a socket of the file system everybody who connects is the same peer. */
export type Listen =
  | { readonly host: string; readonly port: number; readonly tls?: TlsIdentity }
  | { readonly socketPath: string; readonly peer: Peer };

/** A listening server, plain or TLS. */
export interface Listener {
  readonly server: Server;
  replaceCertificate(tls: TlsIdentity): void;
}

/** What becomes of connections. */
export interface Reception {
  /** Every connection, before anything is known of it. */
  accept(socket: Socket): void;
  /** One whose version of HTTP is known. */
  serve(socket: Socket, version: "http1" | "http2"): void;
}

const firstBytesMs = 20_000;

/** Clear text: the first bytes tell the version, since some clients speak HTTP/2 without asking. */
export function openPlain({ accept, serve }: Reception): Listener {
  const server = createNet({ allowHalfOpen: true, noDelay: true }, (socket) => {
    accept(socket);
    sniff(socket, serve);
  });
  return {
    server,
    replaceCertificate() {
      throw new Error("only a TLS server has a certificate");
    },
  };
}

/** TLS: the client says which versions it speaks, and we prefer HTTP/2. */
export function openTls(tls: TlsIdentity, { accept, serve }: Reception): Listener {
  const server = createTls({
    ...tls,
    minVersion: "TLSv1.2",
    ALPNProtocols: ["h2", "http/1.1"],
    handshakeTimeout: firstBytesMs,
    allowHalfOpen: true,
    noDelay: true,
  });
  server.on("connection", accept);
  server.on("secureConnection", (socket) => {
    accept(socket);
    serve(socket, socket.alpnProtocol === "h2" ? "http2" : "http1");
  });
  return { server, replaceCertificate: (renewed) => server.setSecureContext(renewed) };
}

/** No HTTP/1 method begins like HTTP/2's preface, `PRI * HTTP/2.0`. */
const preface = Buffer.from("PRI");

function sniff(socket: Socket, serve: Reception["serve"]): void {
  const timer = setTimeout(() => socket.destroy(), firstBytesMs);
  let seen: Buffer = Buffer.alloc(0);

  function look(part: Buffer): void {
    seen = seen.length === 0 ? part : Buffer.concat([seen, part]);
    const isPreface = preface.subarray(0, seen.length).equals(seen.subarray(0, preface.length));
    if (isPreface && seen.length < preface.length) return;
    stop();
    socket.pause();
    socket.unshift(seen);
    serve(socket, isPreface ? "http2" : "http1");
    // HTTP/2 takes what was read by itself; HTTP/1 waits for it to flow.
    if (!isPreface) process.nextTick(() => socket.resume());
  }
  function stop(): void {
    clearTimeout(timer);
    socket.off("data", look).off("end", leave).off("close", stop);
  }
  const leave = () => socket.destroy();
  socket.on("data", look).on("end", leave).on("close", stop);
}

/** Begins to listen; rejects when the place is taken. A socket of the file system is for its owner only. */
export async function startListening(server: Server, listen: Listen): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    // Bound in this very call: nobody else may connect, not even before its mode is set.
    const before = "socketPath" in listen ? process.umask(0o177) : undefined;
    server.listen(
      "socketPath" in listen
        ? { path: listen.socketPath }
        : { host: listen.host, port: listen.port },
      () => {
        server.off("error", reject);
        resolve();
      },
    );
    if (before !== undefined) process.umask(before);
  });
  // Running out of file descriptors shows here; the server goes on with the connections it has.
  server.on("error", () => {});
  if ("socketPath" in listen) chmodSync(listen.socketPath, 0o600);
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

/** Who is at the other end of a connection. */
export function peerOf(socket: Socket): Peer {
  const address = socket.remoteAddress ?? "";
  const ip = address.startsWith("::ffff:") ? address.slice(7) : address;
  return { ip, secure: socket instanceof TLSSocket };
}
