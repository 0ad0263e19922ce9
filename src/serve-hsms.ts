import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { HsmControl } from "./hsm/control/open-control.ts";
import { type HsmDoor, openHsmPort, openHsmSocket } from "./hsm-doors.ts";

/** The ways to the HSMs of this Bondstore while it serves. */
export interface HsmWays {
  /** Port of mutual TLS; undefined where none was asked for. */
  readonly port: number | undefined;
  /** Path of the socket by which the user that runs Bondstore reaches a cluster; made when it is asked for first. */
  socketOf(clusterId: string): Promise<string | undefined>;
  close(): Promise<void>;
}

/** Opens the port, if one is wanted; sockets are opened one by one. */
export async function openHsmWays({
  control: { clusters },
  host,
  port,
  runDirectory,
  log,
}: {
  readonly control: HsmControl;
  readonly host: string;
  readonly port: number | undefined;
  readonly runDirectory: string;
  readonly log: (line: string) => void;
}): Promise<HsmWays> {
  const sockets = new Map<string, Promise<HsmDoor>>();
  const connect = (clusterId: string, peer: string) => clusters.connect(clusterId, peer);
  const clusterTls = (clusterId: string) => clusters.tls(clusterId);
  const door =
    port === undefined ? undefined : await openHsmPort({ host, port, clusterTls, connect, log });
  if (door) {
    clusters.opened({ host, port: door.port, shut: (clusterId) => door.shut(clusterId) });
  }
  const directory = join(runDirectory, "hsm");
  return {
    port: door?.port,
    async socketOf(clusterId) {
      if (!clusters.tables.places.find([clusterId])) return undefined;
      const path = join(directory, `${clusterId}.sock`);
      mkdirSync(directory, { recursive: true, mode: 0o700 });
      const open =
        sockets.get(clusterId) ??
        openHsmSocket({ connect: (peer) => connect(clusterId, peer), path, log });
      sockets.set(clusterId, open);
      // One that fails is tried anew when it is asked for again.
      open.catch(() => sockets.delete(clusterId));
      await open;
      return path;
    },
    async close() {
      await door?.close();
      for (const socket of sockets.values()) await (await socket).close();
    },
  };
}
