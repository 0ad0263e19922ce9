import type { Config } from "./config.ts";
import { describeFault } from "./lib/describe-fault.ts";
import type { Opened } from "./server.ts";
import { openTls } from "./tls.ts";
import type { Handle } from "./wire/server/serving.ts";
import { type RunningServer, startServer } from "./wire/server/start-server.ts";

/** The front door, open. */
export interface Listening {
  readonly server: RunningServer;
  readonly endpoint: string;
  /** Who vouches for it: as a file, and as PEM; undefined on plain HTTP. */
  readonly ca: { readonly path: string; readonly text: string } | undefined;
}

/** Serves the front door at the address of the configuration. */
export async function listen(
  config: Config,
  { parts }: Opened,
  handle: Handle,
  log: (line: string) => void,
): Promise<Listening> {
  const { host, port } = config;
  const tls = config.plainHttp ? undefined : await openTls(config, parts);
  const server = await startServer({
    listen: { host, port, ...(tls && { tls: tls.identity }) },
    handle,
    onFault: (error) => log(`connection: ${describeFault(error)}`),
  });
  const name = host.includes(":") ? `[${host}]` : host;
  return {
    server,
    endpoint: `${tls ? "https" : "http"}://${name}:${server.port}`,
    ca: tls?.ca,
  };
}

/** How other machines come to it: under the first further name, where there is one. */
export function toldToOthers(
  { hostNames: [name] }: Config,
  { endpoint, ca }: Pick<Listening, "endpoint" | "ca">,
): { readonly endpoint: string; readonly ca?: string } {
  const { protocol, port } = new URL(endpoint);
  return {
    endpoint: name === undefined ? endpoint : `${protocol}//${name}:${port}`,
    ...(ca && { ca: ca.text }),
  };
}
