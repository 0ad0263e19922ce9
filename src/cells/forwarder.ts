import { connect as connectPlain, createServer, isIP, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";

/** The one address outside of this machine that a cell may reach. */
export interface Outward {
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
}

/** A way out of a cell that leads to one address: bytes are carried, and TLS is spoken out here. */
export interface Forwarder {
  close(): void;
}

const connectionsMax = 64;

/** Opens a way out that listens on a socket. What cannot be reached, or is not who it should be, hangs up. */
export async function openForwarder(socket: string, outward: Outward): Promise<Forwarder> {
  const links = new Set<Socket>();
  const server = createServer((inner) => {
    const outer = reach(outward);
    for (const [from, to] of [
      [inner, outer],
      [outer, inner],
    ] as const) {
      links.add(from);
      from.setNoDelay(true);
      from.pipe(to);
      from.on("error", () => to.destroy());
      from.on("close", () => {
        links.delete(from);
        to.destroy();
      });
    }
  });
  server.maxConnections = connectionsMax;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(socket, resolve);
  });
  server.on("error", () => {});
  return {
    close() {
      server.close();
      for (const link of links) link.destroy();
    },
  };
}

function reach({ host, port, tls }: Outward): Socket {
  if (!tls) return connectPlain({ host, port });
  const named = isIP(host) === 0 && { servername: host };
  return connectTls({ host, port, ALPNProtocols: ["h2"], ...named });
}
