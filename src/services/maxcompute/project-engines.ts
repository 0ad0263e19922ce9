import { join } from "node:path";
import type { OpenDoor } from "../../cells/door.ts";
import { startEngine } from "../../engines/duckdb/engine.ts";
import { dataFolder } from "../../engines/duckdb/files.ts";
import type { JavaFunctions } from "../../engines/functions/java-set.ts";
import type { ClusterAddress } from "../../engines/spark/cluster/address.ts";
import {
  type ClusterOptions,
  openCluster,
  type SparkCluster,
} from "../../engines/spark/cluster/cluster.ts";
import type { SparkInstallation } from "../../engines/spark/spark-home.ts";
import { createSparkSql, type SparkSql } from "../../engines/spark/sql/engine.ts";
import type { Parts } from "../../pipeline/call.ts";
import { ServiceError } from "../../pipeline/operation.ts";
import type { ProjectRecord } from "../../projects/project.ts";
import { type Beside, ProjectEngine } from "./project-engine.ts";
import type { ProjectSealing } from "./project-sealing.ts";
import { openProjectVolume } from "./project-volume.ts";
import { type Room, Slots } from "./slots.ts";

const gibi = 1024 ** 3;
/** Of one project's cell: DuckDB spills to the volume past its share of the memory. */
const limits = {
  ...{ memoryBytes: 3 * gibi, cpus: 2, processes: 256, openFiles: 4096 },
  ...{ workBytes: gibi / 4, spillBytes: 20 * gibi },
} as const;
/** Of the cell of Spark beside it. */
const sparkLimits = {
  ...{ memoryBytes: 3 * gibi, cpus: 2, processes: 1024, openFiles: 4096, workBytes: gibi / 4 },
} as const;
const volumeBytesMax = 100 * gibi;
const jobsAtOnce = 4;
const streamsAtOnce = 16;
const room: Room = { max: 4, perAccountMax: 3, idleMs: 10 * 60_000 };
const sparkRoom: Room = { max: 2, perAccountMax: 1, idleMs: 5 * 60_000 };

/** Of the cell that asks a cluster: a client, by which no rows come. */
const clusterLimits = {
  ...{ memoryBytes: gibi, cpus: 1, processes: 256, openFiles: 4096, workBytes: gibi / 16 },
} as const;
const clusterRoom: Room = { max: 4, perAccountMax: 2, idleMs: 5 * 60_000 };

/** What cells of the warehouse need from outside the services. */
export interface CellsOutside {
  readonly runDirectory: string;
  readonly volumeDirectory: string;
  readonly unconfined: "refuse" | "accept";
  /** Where Spark is; undefined where it is not installed. */
  readonly spark: () => SparkInstallation | undefined;
  /** What functions in Java run with; undefined where it is not installed. */
  readonly javaFunctions: () => JavaFunctions | undefined;
  /** The Spark cluster that the operator has named. */
  readonly cluster?: ClusterAddress;
  /** How executors of a cluster reach the front door, and who vouches for it (PEM). */
  readonly frontDoor: () => { readonly endpoint: string; readonly ca?: string };
  /** Opens the warehouse's door for one job: its own credentials get in, no others, and nothing but the warehouse. */
  readonly openWarehouseDoor: OpenDoor;
  readonly log: (line: string) => void;
}

/** Where Spark is. Throws the refusal of who asks for it where it is not. */
export function installedSpark({ spark }: CellsOutside): SparkInstallation {
  const found = spark();
  if (found) return found;
  throw notInstalled("Spark");
}

const notInstalled = (what: string) =>
  new ServiceError(
    "ODPS-0130071",
    `ODPS-0130071: ${what} is not installed on this Bondstore: \`npm run setup\` installs it.`,
  );

/** The cell that a project has among those of one kind. */
const besideOf = <Thing extends { stop(): Promise<void> }>(
  slots: Slots<Thing>,
  project: ProjectRecord,
  open: () => Promise<Thing>,
): Beside<Thing> => ({
  use: (work, signal) => slots.use(project, open, work, { signal }),
  end: () => slots.end(project.id),
});

/** The cells of all projects: made when a project first needs one, ended when it has been idle. */
export class ProjectEngines {
  readonly #parts: Parts;
  readonly #outside: CellsOutside;
  readonly #sealing: ProjectSealing;
  readonly #unwatch: () => void;
  readonly #engines: Slots<ProjectEngine>;
  /** Cells of Spark, beside those. */
  readonly #sparks: Slots<SparkSql>;
  readonly #clusters: Slots<SparkCluster>;

  constructor(parts: Parts, outside: CellsOutside, sealing: ProjectSealing) {
    this.#parts = parts;
    this.#outside = outside;
    this.#sealing = sealing;
    this.#engines = new Slots(parts.clock, room);
    this.#sparks = new Slots(parts.clock, sparkRoom);
    this.#clusters = new Slots(parts.clock, clusterRoom);
    this.#unwatch = parts.keys.watch((keyArn) => void this.#checkKey(keyArn));
  }

  /**
   * Works with the engine of a project, which stays for as long as somebody uses it. Waits for room where too many
   * projects have a cell; `signal` ends the waiting.
   */
  use<Result>(
    project: ProjectRecord,
    work: (engine: ProjectEngine) => Promise<Result>,
    signal?: AbortSignal,
  ): Promise<Result> {
    const tidy = (engine: ProjectEngine) => engine.forgetOld();
    return this.#engines.use(project, () => this.#open(project), work, { signal, tidy });
  }

  /** Whether queries may run on Spark here. */
  get hasSpark(): boolean {
    return this.#outside.spark() !== undefined;
  }

  /** The Spark cluster on which statements may run. */
  get cluster(): ClusterAddress | undefined {
    return this.#outside.cluster;
  }

  get frontDoor(): CellsOutside["frontDoor"] {
    return this.#outside.frontDoor;
  }

  /** Ends the cells that have read what a key sealed which is to be used no more. */
  async #checkKey(keyArn: string): Promise<void> {
    const checked = this.#engines.all.map(async ([id, slot]) => {
      const engine = await slot.opened.catch(() => undefined);
      await engine?.checkKey(keyArn).catch(async (error: unknown) => {
        if (error instanceof ServiceError) slot.refusal = error;
        await this.#engines.end(id, slot);
      });
    });
    await Promise.all(checked);
  }

  /** Streams something out of the engine of a project, which stays for as long as that lasts. */
  async *stream(
    project: ProjectRecord,
    begin: (engine: ProjectEngine) => Promise<AsyncIterable<Buffer>>,
  ): AsyncIterable<Buffer> {
    let release = () => {};
    const over = new Promise<void>((resolve) => {
      release = resolve;
    });
    try {
      yield* await new Promise<AsyncIterable<Buffer>>((resolve, reject) => {
        this.use(project, async (engine) => {
          resolve(await begin(engine));
          await over;
        }).catch(reject);
      });
    } finally {
      release();
    }
  }

  async #open(project: ProjectRecord): Promise<ProjectEngine> {
    const { random } = this.#parts;
    const { account, id: projectId } = project;
    const id = `odps-${random.bytes(6).toString("hex")}`;
    const size = { id, bytesMax: volumeBytesMax };
    const volume = await openProjectVolume(project, size, this.#parts, this.#outside);
    try {
      const { runDirectory, unconfined, log } = this.#outside;
      const cell = {
        ...{ id, runDirectory, volume },
        onLog: (line: string) => log(`warehouse cell of project ${projectId}: ${line}`),
        ...(unconfined === "accept" && { unconfined: "accepted" as const }),
      };
      const queues = { jobs: jobsAtOnce, streams: streamsAtOnce };
      const engine = await startEngine({ cell, limits, ...queues });
      const data = join(volume.path, "work", dataFolder);
      const there = { cell, data, limits: sparkLimits };
      const open = async () => createSparkSql({ ...installedSpark(this.#outside), ...there });
      const spark = besideOf(this.#sparks, project, open);
      const cluster = besideOf(this.#clusters, project, () => this.#openCluster(cell));
      const around = { parts: this.#parts, account, sealing: this.#sealing, spark, cluster };
      return new ProjectEngine(engine, volume, around);
    } catch (error) {
      await volume.close();
      throw error;
    }
  }

  async #openCluster(cell: ClusterOptions["cell"]): Promise<SparkCluster> {
    const { client, ...installed } = installedSpark(this.#outside);
    const address = this.#outside.cluster;
    if (client === undefined || !address) throw notInstalled("A client of Spark Connect");
    return openCluster({
      ...{ cell, address, limits: clusterLimits, installed: { ...installed, client } },
    });
  }

  /** Ends the cell of a project, if it has one. */
  endOf(projectId: string): Promise<void> {
    return this.#engines.end(projectId);
  }

  /** Ends all cells, and with them whatever runs in them. */
  async stop(): Promise<void> {
    this.#unwatch();
    await Promise.all([this.#engines.stop(), this.#sparks.stop(), this.#clusters.stop()]);
  }
}
