import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { missingForVolumes, openVolume, type Volume } from "../../cells/volume.ts";
import { startEngine, type WarehouseEngine } from "../../engines/duckdb/engine.ts";
import type { Parts } from "../../pipeline/call.ts";
import { ServiceError } from "../../pipeline/operation.ts";
import type { ProjectRecord } from "../../projects/project.ts";
import { projectArn } from "./find-project.ts";
import type { PlacedFile } from "./relations.ts";

const gibi = 1024 ** 3;
/** Of one project's cell: DuckDB spills to the volume past its share of the memory. */
const limits = {
  ...{ memoryBytes: 3 * gibi, cpus: 2, processes: 256, openFiles: 4096 },
  ...{ workBytes: gibi / 4, spillBytes: 20 * gibi },
} as const;
const volumeBytesMax = 100 * gibi;
const jobsAtOnce = 4;
const streamsAtOnce = 16;
/** Copies of tables that a cell may keep besides what it uses. */
const cacheBytesMax = 20 * gibi;
const cellsMax = 4;
const idleMs = 10 * 60_000;

/** What cells of the warehouse need from outside the services. */
export interface CellsOutside {
  readonly runDirectory: string;
  readonly volumeDirectory: string;
  readonly unconfined: "refuse" | "accept";
  readonly log: (line: string) => void;
}

/** DuckDB in the cell of one project, with copies of the files that queries read. */
export class ProjectEngine {
  readonly engine: WarehouseEngine;
  readonly #volume: Volume;
  readonly #parts: Parts;
  readonly #account: string;
  /** Files in the cell, the one used last at the end, with their sizes. */
  readonly #placed = new Map<string, { readonly bytes: number; readonly done: Promise<void> }>();

  constructor(
    engine: WarehouseEngine,
    volume: Volume,
    { parts, account }: { readonly parts: Parts; readonly account: string },
  ) {
    this.engine = engine;
    this.#volume = volume;
    this.#parts = parts;
    this.#account = account;
  }

  /** Puts copies of files into the cell where they are not there yet, opened with the keys that sealed them. */
  async place(files: readonly PlacedFile[]): Promise<void> {
    await Promise.all(
      files.map(({ name, record }) => {
        const known = this.#placed.get(name);
        if (known) this.#placed.delete(name);
        const done = known?.done ?? this.#copy(name, record.blob);
        this.#placed.set(name, { bytes: record.blob.size, done });
        done.catch(() => this.#placed.delete(name));
        return done;
      }),
    );
    await this.#forgetOld(new Set(files.map(({ name }) => name)));
  }

  async #copy(name: string, blob: PlacedFile["record"]["blob"]): Promise<void> {
    const body = this.#parts.store.account(this.#account).blobs.read(blob);
    await this.engine.put(name, Buffer.isBuffer(body) ? once(body) : body);
  }

  /** Seals a file of the cell: it then belongs to nobody until it is kept. */
  async seal(name: string, rows: number): Promise<PlacedFile["record"]> {
    const { store, random } = this.#parts;
    const blob = await store.account(this.#account).blobs.write(this.engine.give(name));
    return { id: random.uuid(), blob, rows };
  }

  async #forgetOld(used: ReadonlySet<string>): Promise<void> {
    let bytes = 0;
    for (const { bytes: one } of this.#placed.values()) bytes += one;
    for (const [name, file] of this.#placed) {
      if (bytes <= cacheBytesMax) return;
      if (used.has(name)) continue;
      this.#placed.delete(name);
      bytes -= file.bytes;
      await this.engine.remove(name);
    }
  }

  async stop(): Promise<void> {
    await this.engine.stop();
    await this.#volume.close();
  }
}

/** In the place of a volume where this host has none and that was accepted. */
async function plainDirectory(path: string): Promise<Volume> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  const failed = new Promise<string>(() => {});
  return { path, failed, close: () => rm(path, { recursive: true, force: true }) };
}

async function* once(body: Buffer): AsyncIterable<Buffer> {
  yield body;
}

interface Slot {
  readonly opened: Promise<ProjectEngine>;
  users: number;
  usedMs: number;
}

/** The cells of all projects: made when a project first needs one, ended when it has been idle. */
export class ProjectEngines {
  readonly #parts: Parts;
  readonly #outside: CellsOutside;
  readonly #slots = new Map<string, Slot>();
  readonly #timer: NodeJS.Timeout;

  constructor(parts: Parts, outside: CellsOutside) {
    this.#parts = parts;
    this.#outside = outside;
    this.#timer = setInterval(() => void this.#endIdle(), idleMs / 10).unref();
  }

  /** Works with the engine of a project. It stays for as long as somebody uses it. */
  async use<Result>(
    project: ProjectRecord,
    work: (engine: ProjectEngine) => Promise<Result>,
  ): Promise<Result> {
    let slot = this.#slots.get(project.id);
    if (!slot) {
      await this.#makeRoom();
      slot = this.#slots.get(project.id) ?? this.#begin(project);
    }
    slot.users += 1;
    try {
      return await work(await slot.opened);
    } finally {
      slot.users -= 1;
      slot.usedMs = this.#parts.clock.now();
    }
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
    const slot = { opened, users: 0, usedMs: this.#parts.clock.now() };
    this.#slots.set(project.id, slot);
    opened.catch(() => this.#slots.delete(project.id));
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
      return new ProjectEngine(engine, volume, { parts: this.#parts, account });
    } catch (error) {
      await volume.close();
      throw error;
    }
  }

  /** A working volume under a key of the account that is made for it and forgotten with it. */
  async #openVolume({ account, name }: ProjectRecord, id: string): Promise<Volume> {
    const { keys, random, region } = this.#parts;
    const { unconfined, runDirectory, volumeDirectory } = this.#outside;
    const missing = missingForVolumes();
    if (missing !== undefined) {
      if (unconfined === "accept") return plainDirectory(join(volumeDirectory, id));
      throw new ServiceError("ServiceUnavailable", `The warehouse cannot run: ${missing}.`);
    }
    const context = { "aws:odps:project": projectArn(name) };
    const use = {
      principal: { kind: "service", name: "maxcompute" },
      ...{ via: `maxcompute.${region}.amazonaws.com`, account, requestId: random.uuid() },
      ...{ sourceIp: "maxcompute", userAgent: "maxcompute" },
    } as const;
    const key = await keys.volumes.open(keys.volumes.owned(account, context), context, use);
    return openVolume({
      ...{ id, mountsIn: runDirectory, storedIn: volumeDirectory, key, random },
      bytesMax: volumeBytesMax,
    });
  }

  /** One more cell may be made, if need be in the place of one that nobody uses. */
  async #makeRoom(): Promise<void> {
    if (this.#slots.size < cellsMax) return;
    const idle = [...this.#slots].filter(([, { users }]) => users === 0);
    const [oldest] = idle.sort(([, one], [, other]) => one.usedMs - other.usedMs);
    if (!oldest) {
      throw new ServiceError(
        "ServiceUnavailable",
        `${cellsMax} projects run statements already; try again later.`,
      );
    }
    await this.#end(...oldest);
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
    await slot.opened.then(
      (engine) => engine.stop(),
      () => undefined,
    );
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all([...this.#slots].map(([id, slot]) => this.#end(id, slot)));
  }
}
