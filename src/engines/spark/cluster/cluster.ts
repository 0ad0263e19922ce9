import { mkdirSync, realpathSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { openForwarder } from "../../../cells/forwarder.ts";
import { enginePort } from "../../kept/ask.ts";
import type { KeptCell } from "../../kept/cell-keeper.ts";
import { pythonPath } from "../../python.ts";
import type { SparkInstallation } from "../spark-home.ts";
import { askSpark, type SparkOptions, type SparkSql } from "../sql/engine.ts";
import type { SparkQuestion, SparkTable } from "../sql/questions.ts";
import { sparkSqlSettings } from "../sql/settings.ts";
import type { ClusterAddress } from "./address.ts";
import { clusterProgram } from "./program.ts";

/** What a job's executors have of the front door. */
export interface JobDoor {
  readonly endpoint: string;
  /** Who vouches for the endpoint, PEM; empty where it is plain HTTP on this machine. */
  readonly ca: string;
  /** The path below which this job's files are. */
  readonly path: string;
  readonly key: string;
  readonly secret: string;
  readonly token: string;
}

/** A query for a cluster: its executors take the files at a door, and leave their rows there. */
export interface ClusterQuestion extends Omit<SparkQuestion, "tables"> {
  readonly tables: readonly (Omit<SparkTable, "files"> & {
    /** Files by their names, their numbers at the door, and their sizes. */
    readonly files: readonly {
      readonly name: string;
      readonly at: number;
      readonly size: number;
    }[];
  })[];
  readonly door: JobDoor;
}

/** A cluster that is asked from a cell: the cell reaches its address and no other. */
export interface SparkCluster extends Pick<SparkSql, "cancel" | "stop"> {
  /**
   * Runs a query; resolves once its rows were handed in at the door, or should have been. What `ready` throws when its
   * turn has come ends it before anything was told.
   */
  run(question: ClusterQuestion, ready: () => void): Promise<void>;
}

const inCell = {
  spark: "/spark",
  packages: "/packages",
  client: "/client",
  python: "/python3",
  own: "/own",
} as const;
/** Arrow looks up zones of time. */
const zones = { source: "/usr/share/zoneinfo", optional: true };

/** What the cell of a cluster's client is made of. */
export interface ClusterOptions extends Pick<SparkOptions, "cell" | "limits"> {
  readonly installed: SparkInstallation & { readonly client: string };
  readonly address: ClusterAddress;
}

/** Opens the way to a cluster; the cell starts with the first query. */
export async function openCluster(options: ClusterOptions): Promise<SparkCluster> {
  const { cell, address } = options;
  const socket = join(cell.runDirectory, `${cell.id}-way.sock`);
  const client = askSpark<ClusterQuestion & { readonly token: string }>(
    cellOptions(options, socket),
  );
  const way = await openForwarder(socket, address);
  return {
    async run(question, ready) {
      await client.run({ ...question, token: address.token ?? "" }, ready);
    },
    cancel: client.cancel,
    async stop() {
      way.close();
      await client.stop();
    },
  };
}

function cellOptions(
  { cell, limits, installed }: ClusterOptions,
  socket: string,
): KeptCell["options"] {
  const folder = join(cell.volume.path, "cluster");
  const own = join(folder, "own");
  mkdirSync(own, { recursive: true, mode: 0o700 });
  writeFileSync(join(own, "program.py"), clusterProgram);
  return {
    ...{ ...cell, limits, id: `${cell.id}-cluster` },
    volume: { path: folder, failed: cell.volume.failed },
    door: { socket },
    binds: [
      { source: dirname(installed.sparkHome), target: inCell.spark },
      { source: installed.packages, target: inCell.packages },
      { source: installed.client, target: inCell.client },
      { source: realpathSync(pythonPath), target: inCell.python },
      { source: own, target: inCell.own },
      zones,
    ],
    program(inside) {
      const told = {
        ...{ port: inside.port(enginePort), cluster: new URL(inside.door).host },
        settings: sparkSqlSettings,
      };
      const libraries = [inCell.spark, inCell.packages, inCell.client].map(inside.path);
      return {
        command: inside.path(inCell.python),
        args: [`${inside.path(inCell.own)}/program.py`, JSON.stringify(told)],
        env: { PYTHONPATH: libraries.join(":"), PYTHONDONTWRITEBYTECODE: "1" },
      };
    },
  };
}
