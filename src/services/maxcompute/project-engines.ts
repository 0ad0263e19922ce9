import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { missingForVolumes, openVolume, type Volume } from "../../cells/volume.ts";
import { startEngine } from "../../engines/duckdb/engine.ts";
import { dataFolder } from "../../engines/duckdb/files.ts";
import type { SparkInstallation } from "../../engines/spark/spark-home.ts";
import { createSparkSql } from "../../engines/spark-sql/engine.ts";
import type { Parts } from "../../pipeline/call.ts";
import { ServiceError } from "../../pipeline/operation.ts";
import type { ProjectRecord } from "../../projects/project.ts";
import { projectContext, warehouseUse } from "../../projects/project-key.ts";
import { stopped } from "./jobs/jobs.ts";
import { ProjectEngine } from "./project-engine.ts";
import type { ProjectSealing } from "./project-sealing.ts";

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
const cellsMax = 4;
/** One account leaves room for others. */
const cellsPerAccountMax = 3;
const idleMs = 10 * 60_000;

/** What cells of the warehouse need from outside the services. */
export interface CellsOutside {
  readonly runDirectory: string;
  readonly volumeDirectory: string;
  readonly unconfined: "refuse" | "accept";
  /** Where PySpark and a Java for it are; undefined: not installed. */
  readonly sparkHome: () => string | undefined;
  readonly javaHome: () => string | undefined;
  readonly log: (line: string) => void;
}

/** Where Spark is; refuses where it is not. */
function sparkThere({ sparkHome, javaHome }: CellsOutside): SparkInstallation {
  const there = { sparkHome: sparkHome(), javaHome: javaHome() };
  if (there.sparkHome !== undefined && there.javaHome !== undefined) {
    return { sparkHome: there.sparkHome, javaHome: there.javaHome };
  }
  throw new ServiceError(
    "ODPS-0130071",
    "ODPS-0130071: Semantic analysis exception - Spark is not installed on this Bondstore",
  );
}

/** In the place of a volume where this host has none and that was accepted. */
async function plainDirectory(path: string): Promise<Volume> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  const failed = new Promise<string>(() => {});
  return { path, failed, close: () => rm(path, { recursive: true, force: true }) };
}

interface Slot {
  readonly account: string;
  readonly opened: Promise<ProjectEngine>;
  /** Why it was ended: a customer's key is to be used no more. */
  refusal?: ServiceError;
  users: number;
  usedMs: number;
}

/** The cells of all projects: made when a project first needs one, ended when it has been idle. */
export class ProjectEngines {
  readonly #parts: Parts;
  readonly #outside: CellsOutside;
  readonly #sealing: ProjectSealing;
  readonly #unwatch: () => void;
  readonly #slots = new Map<string, Slot>();
  readonly #timer: NodeJS.Timeout;
  /** Cells that end just now, and still take their room. */
  #ending = 0;
  /** Who waits for a cell that somebody gives back. */
  #waiting: (() => void)[] = [];

  constructor(parts: Parts, outside: CellsOutside, sealing: ProjectSealing) {
    this.#parts = parts;
    this.#outside = outside;
    this.#sealing = sealing;
    this.#unwatch = parts.keys.watch((keyArn) => void this.#checkKey(keyArn));
    this.#timer = setInterval(() => void this.#endIdle(), idleMs / 10).unref();
  }

  /**
   * Works with the engine of a project, which stays for as long as somebody uses it. Waits for room where too many
   * projects have a cell; `signal` ends the waiting.
   */
  async use<Result>(
    project: ProjectRecord,
    work: (engine: ProjectEngine) => Promise<Result>,
    signal?: AbortSignal,
  ): Promise<Result> {
    let slot = this.#slotFor(project);
    while (!slot) {
      await this.#makeRoom(project.account, signal);
      slot = this.#slotFor(project);
    }
    slot.users += 1;
    try {
      return await work(await slot.opened);
    } catch (error) {
      throw slot.refusal ?? error;
    } finally {
      await this.#giveBack(slot);
    }
  }

  /** Ends the cells that have read what a key sealed which is to be used no more. */
  async #checkKey(keyArn: string): Promise<void> {
    const checked = [...this.#slots].map(async ([id, slot]) => {
      const engine = await slot.opened.catch(() => undefined);
      await engine?.checkKey(keyArn).catch(async (error: unknown) => {
        if (error instanceof ServiceError) slot.refusal = error;
        await this.#end(id, slot);
      });
    });
    await Promise.all(checked);
  }

  async #giveBack(slot: Slot): Promise<void> {
    slot.usedMs = this.#parts.clock.now();
    if (slot.users === 1) await slot.opened.then((engine) => engine.forgetOld()).catch(() => {});
    slot.users -= 1;
    this.#wake();
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const go of waiting) go();
  }

  /** The slot that a project has, or a new one where there is room for it. */
  #slotFor(project: ProjectRecord): Slot | undefined {
    const there = this.#slots.get(project.id);
    if (there) return there;
    return this.#isFull(project.account) ? undefined : this.#begin(project);
  }

  #isFull(account: string): boolean {
    const own = [...this.#slots.values()].filter((slot) => slot.account === account);
    return this.#slots.size + this.#ending >= cellsMax || own.length >= cellsPerAccountMax;
  }

  /** Ends a cell that nobody uses, one of the account's own where that has enough, or waits until there is one. */
  async #makeRoom(account: string, signal: AbortSignal | undefined): Promise<void> {
    const own = [...this.#slots].filter(([, slot]) => slot.account === account);
    const among = own.length >= cellsPerAccountMax ? own : [...this.#slots];
    const idle = among.filter(([, { users }]) => users === 0);
    const [oldest] = idle.sort(([, one], [, other]) => one.usedMs - other.usedMs);
    if (oldest) return this.#end(...oldest);
    if (signal?.aborted) throw stopped;
    await new Promise<void>((resolve) => {
      this.#waiting.push(resolve);
      signal?.addEventListener("abort", () => resolve(), { once: true });
    });
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

  #begin(project: ProjectRecord): Slot {
    const opened = this.#open(project);
    const usedMs = this.#parts.clock.now();
    const slot: Slot = { account: project.account, opened, users: 0, usedMs };
    this.#slots.set(project.id, slot);
    const forget = () => void this.#end(project.id, slot);
    opened.then(({ failed }) => failed.then(forget), forget);
    return slot;
  }

  async #open(project: ProjectRecord): Promise<ProjectEngine> {
    const { random } = this.#parts;
    const { account, id: projectId } = project;
    const id = `odps-${random.bytes(6).toString("hex")}`;
    const volume = await this.#openVolume(project, id);
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
      const spark = () =>
        createSparkSql({ ...sparkThere(this.#outside), cell, data, limits: sparkLimits });
      const around = { parts: this.#parts, account, sealing: this.#sealing, spark };
      return new ProjectEngine(engine, volume, around);
    } catch (error) {
      await volume.close();
      throw error;
    }
  }

  /** A working volume under a key of the account that is made for it and forgotten with it. */
  async #openVolume(project: ProjectRecord, id: string): Promise<Volume> {
    const { keys, random } = this.#parts;
    const { unconfined, runDirectory, volumeDirectory } = this.#outside;
    const missing = missingForVolumes();
    if (missing !== undefined) {
      if (unconfined === "accept") return plainDirectory(join(volumeDirectory, id));
      throw new ServiceError("ServiceUnavailable", `The warehouse cannot run: ${missing}.`);
    }
    const context = projectContext(project);
    const owned = keys.volumes.owned(project.account, context);
    const key = await keys.volumes.open(owned, context, warehouseUse(project, this.#parts));
    return openVolume({
      ...{ id, mountsIn: runDirectory, storedIn: volumeDirectory, key, random },
      bytesMax: volumeBytesMax,
    });
  }

  async #endIdle(): Promise<void> {
    const nowMs = this.#parts.clock.now();
    for (const [id, slot] of [...this.#slots]) {
      if (slot.users === 0 && nowMs - slot.usedMs > idleMs) await this.#end(id, slot);
    }
  }

  async #end(id: string, slot: Slot): Promise<void> {
    if (this.#slots.get(id) !== slot) return;
    this.#slots.delete(id);
    this.#ending += 1;
    try {
      const engine = await slot.opened.catch(() => undefined);
      await engine?.stop();
    } finally {
      this.#ending -= 1;
      this.#wake();
    }
  }

  /** Ends the cell of a project, if it has one. */
  async endOf(projectId: string): Promise<void> {
    const slot = this.#slots.get(projectId);
    if (slot) await this.#end(projectId, slot);
  }

  /** Ends all cells, and with them whatever runs in them. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#unwatch();
    await Promise.all([...this.#slots].map(([id, slot]) => this.#end(id, slot)));
  }
}
