import { createServer as createHttp1 } from "node:http";
import {
  createServer as createHttp2,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from "node:http2";
import type { Socket } from "node:net";
import type { Peer } from "../http.ts";
import {
  type Listen,
  openPlain,
  openTls,
  peerOf,
  type Reception,
  startListening,
  type TlsIdentity,
} from "./listeners.ts";
import { serveHttp1 } from "./serve-http1.ts";
import { serveHttp2 } from "./serve-http2.ts";
import type { Handle, Serving } from "./serving.ts";

export type { Listen, TlsIdentity } from "./listeners.ts";

/** How to listen and what to answer. */
export interface ServerOptions {
  readonly listen: Listen;
  readonly handle: Handle;
  /** Learns of what a handler threw; by default nobody does. */
  readonly onFault?: (error: unknown) => void;
  readonly connectionsMax?: number;
}

/** A server that accepts requests. */
export interface RunningServer {
  /** The port that was chosen where 0 was asked for; 0 on a socket of the file system. */
  readonly port: number;
  /** New connections get the new certificate. */
  replaceCertificate(tls: TlsIdentity): void;
  /** Accepts nothing more, lets running requests end, and cuts what is left after the grace. */
  close(graceMs: number): Promise<void>;
}

const limits = {
  headerBytes: 32 * 1024,
  headersTimeoutMs: 20_000,
  keepAliveMs: 75_000,
  /** Silence on a connection in the middle of a request. */
  silenceMs: 600_000,
  connections: 8192,
  streamsPerConnection: 128,
} as const;

/** Serves HTTP/1.1 and HTTP/2 on one port: by ALPN on TLS, by the first bytes in clear text. */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { listen } = options;
  const sockets = new Set<Socket>();
  const sessions = new Set<ServerHttp2Session>();
  let closing = false;
  const serving: Serving = {
    handle: options.handle,
    onFault: options.onFault ?? (() => {}),
    closing: () => closing,
    peerOf: remember("peer" in listen ? () => listen.peer : peerOf),
  };
  const http1 = openHttp1(serving);
  const http2 = openHttp2(serving, sessions);
  const reception: Reception = {
    accept(socket) {
      sockets.add(socket);
      socket.once("close", () => sockets.delete(socket)).on("error", () => {});
    },
    serve: (socket, version) =>
      void (version === "http2" ? http2 : http1).emit("connection", socket),
  };

  const tls = "tls" in listen ? listen.tls : undefined;
  const { server, replaceCertificate } = tls ? openTls(tls, reception) : openPlain(reception);
  server.maxConnections = options.connectionsMax ?? limits.connections;
  const port = await startListening(server, listen);
  // It never listens itself, yet this is what starts its watch over slow headers.
  http1.emit("listening");

  async function close(graceMs: number): Promise<void> {
    closing = true;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    http1.close();
    http1.closeIdleConnections();
    for (const session of sessions) session.close();
    const timer = setTimeout(() => {
      for (const socket of sockets) socket.destroy();
    }, graceMs);
    await closed;
    clearTimeout(timer);
  }

  return { port, replaceCertificate, close };
}

/** The facts of a connection are asked for once. */
function remember(find: (socket: Socket) => Peer): (socket: Socket) => Peer {
  const known = new WeakMap<Socket, Peer>();
  return (socket) => {
    const before = known.get(socket);
    if (before) return before;
    const peer = find(socket);
    known.set(socket, peer);
    return peer;
  };
}

function openHttp1(serving: Serving) {
  const http1 = createHttp1({
    maxHeaderSize: limits.headerBytes,
    headersTimeout: limits.headersTimeoutMs,
    keepAliveTimeout: limits.keepAliveMs,
    // An upload may take hours; each wait for its next bytes is bounded instead.
    requestTimeout: 0,
    connectionsCheckingInterval: 5_000,
    insecureHTTPParser: false,
  });
  // Zero is no limit: node drops what is past it in silence. The count is checked with the head.
  http1.maxHeadersCount = 0;
  http1.timeout = limits.silenceMs;
  http1.on("request", (incoming, response) => void serveHttp1(incoming, response, serving, false));
  http1.on(
    "checkContinue",
    (incoming, response) => void serveHttp1(incoming, response, serving, true),
  );
  return http1;
}

function openHttp2(serving: Serving, sessions: Set<ServerHttp2Session>) {
  const http2 = createHttp2({
    settings: {
      maxConcurrentStreams: limits.streamsPerConnection,
      maxHeaderListSize: limits.headerBytes,
      initialWindowSize: 256 * 1024,
    },
  });
  http2.on("session", (session: ServerHttp2Session) => {
    const peer = serving.peerOf(session.socket);
    let open = 0;
    sessions.add(session);
    session.once("close", () => sessions.delete(session)).on("error", () => {});
    session.setTimeout(limits.keepAliveMs, () => (open === 0 ? session.close() : undefined));

    function serve(stream: ServerHttp2Stream, pseudo: IncomingHttpHeaders, raw: string[]): void {
      open += 1;
      stream.once("close", () => {
        open -= 1;
      });
      void serveHttp2(stream, pseudo, raw, peer, serving);
    }
    session.on(
      "stream",
      (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, _flags: number, raw: string[]) =>
        serve(stream, headers, raw),
    );
  });
  return http2;
}
