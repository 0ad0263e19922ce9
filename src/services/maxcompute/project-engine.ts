import type { Volume } from "../../cells/volume.ts";
import type { WarehouseEngine } from "../../engines/duckdb/engine.ts";
import type { TakeQuestion } from "../../engines/duckdb/questions.ts";
import type { ClusterQuestion, SparkCluster } from "../../engines/spark/cluster/cluster.ts";
import type { SparkSql } from "../../engines/spark/sql/engine.ts";
import type { SparkQuestion } from "../../engines/spark/sql/questions.ts";
import type { Parts } from "../../pipeline/call.ts";
import type { ProjectRecord } from "../../projects/project.ts";
import type { Sealer } from "../../storage/store.ts";
import type { MadeFile } from "./information/relation.ts";
import { stopped } from "./jobs/jobs.ts";
import type { NewSeal, ProjectSealing } from "./project-sealing.ts";
import type { PlacedFile } from "./relations.ts";

/** Copies of tables that a cell may keep when nobody uses it. */
const cacheBytesMax = 20 * 1024 ** 3;

/** A cell beside a project's, on the same volume: Spark, or who asks a cluster. */
export interface Beside<Thing> {
  /** Works with it, once there is room for it. Rejects where this Bondstore has none. */
  use<Result>(work: (thing: Thing) => Promise<Result>, signal?: AbortSignal): Promise<Result>;
  end(): Promise<void>;
}

/** DuckDB in the cell of one project, with copies of the files that queries read. */
export class ProjectEngine {
  readonly engine: WarehouseEngine;
  readonly #volume: Volume;
  readonly #parts: Parts;
  readonly #account: string;
  readonly #sealing: ProjectSealing;
  readonly #spark: Beside<SparkSql>;
  readonly #cluster: Beside<SparkCluster>;
  /** The Spark and the cluster that ran last. */
  #started: SparkSql | undefined;
  #asked: SparkCluster | undefined;
  /** Data keys of projects that something in the cell was sealed by, and their customers' keys. */
  readonly #held = new Map<string, ReturnType<ProjectSealing["under"]>>();
  /** Files in the cell, the one used last at the end, with their sizes. */
  readonly #placed = new Map<string, { readonly bytes: number; readonly done: Promise<void> }>();

  constructor(
    engine: WarehouseEngine,
    volume: Volume,
    around: {
      readonly parts: Parts;
      readonly account: string;
      readonly sealing: ProjectSealing;
      readonly spark: Beside<SparkSql>;
      readonly cluster: Beside<SparkCluster>;
    },
  ) {
    this.engine = engine;
    this.#volume = volume;
    this.#parts = around.parts;
    this.#account = around.account;
    this.#sealing = around.sealing;
    this.#spark = around.spark;
    this.#cluster = around.cluster;
  }

  /**
   * Runs a query on Spark, which reads the files in the cell, and lends what it leaves: files that are DuckDB's to read,
   * and whose content is believed no more than that of any file from outside.
   */
  onSpark<Result>(
    question: SparkQuestion,
    work: (files: readonly MadeFile[]) => Promise<Result>,
    signal: AbortSignal,
  ): Promise<Result> {
    const { name } = question;
    return this.#spark.use(async (spark) => {
      this.#started = spark;
      if (signal.aborted) throw stopped;
      try {
        const count = await spark.run(question);
        const files = Array.from({ length: count }, (_, at) => ({
          name: `s/${name}/${String(at).padStart(5, "0")}.parquet`,
          body: () => spark.give(name, at),
        }));
        return await work(files);
      } finally {
        await spark.drop(name).catch(() => {});
      }
    }, signal);
  }

  /** Runs a query on the cluster, which takes its files and leaves its rows at the front door. */
  onCluster(question: ClusterQuestion, signal: AbortSignal, ready: () => void): Promise<void> {
    return this.#cluster.use((cluster) => {
      this.#asked = cluster;
      if (signal.aborted) throw stopped;
      return cluster.run(question, ready);
    }, signal);
  }

  /** Ends a job on whichever engine it runs. */
  async cancel(jobId: string): Promise<void> {
    const others = [this.#started?.cancel(jobId), this.#asked?.cancel(jobId)];
    await Promise.all([this.engine.cancel(jobId), ...others]);
  }

  /**
   * Puts copies of files into the cell where they are not there yet, opened with the keys that sealed them. The keys
   * are asked each time, for copies that are there as well. Throws what they refuse.
   */
  async place(files: readonly PlacedFile[]): Promise<void> {
    const sealers = await this.#opening(files);
    await Promise.all(
      files.map(({ name, record }) => {
        const known = this.#placed.get(name);
        if (known) this.#placed.delete(name);
        const done = known?.done ?? this.#copy(name, record, sealers);
        this.#placed.set(name, { bytes: record.blob.size, done });
        done.catch(() => this.#placed.delete(name));
        return done;
      }),
    );
  }

  /** Asks the keys of files that are read elsewhere for this cell. Throws what they refuse, now and when they change. */
  async checkFiles(files: readonly PlacedFile[]): Promise<void> {
    await this.#opening(files);
  }

  /** What opens files. INVARIANT: what may be in the cell is noted before its key is asked, so no change is missed. */
  async #opening(files: readonly PlacedFile[]): Promise<ReadonlyMap<string, Sealer>> {
    const fresh: string[] = [];
    for (const { sealedBy } of files.map(({ record }) => record)) {
      if (sealedBy === undefined || this.#held.has(sealedBy)) continue;
      this.#held.set(sealedBy, this.#sealing.under(this.#account, sealedBy));
      fresh.push(sealedBy);
    }
    try {
      const records = files.map(({ record }) => record);
      return await this.#sealing.opening(this.#account, records);
    } catch (error) {
      for (const name of fresh) this.#held.delete(name);
      throw error;
    }
  }

  /** After a change of a customer's key: throws what it refuses now of what the cell may have read. */
  async checkKey(keyArn: string): Promise<void> {
    const byProject = new Map<string, string>();
    for (const [name, under] of this.#held) {
      if (under.keyArn === keyArn) byProject.set(under.projectId, name);
    }
    const asked = [...byProject.values()].map((sealedBy) => ({ sealedBy }));
    await this.#sealing.opening(this.#account, asked);
  }

  async #copy(
    name: string,
    { blob, sealedBy }: PlacedFile["record"],
    sealers: ReadonlyMap<string, Sealer>,
  ): Promise<void> {
    const sealer = sealedBy === undefined ? undefined : sealers.get(sealedBy);
    const body = this.#parts.store.account(this.#account).blobs.read(blob, undefined, sealer);
    await this.engine.put(name, Buffer.isBuffer(body) ? once(body) : body);
  }

  /** Seals a file of the cell for the project that gets it: it then belongs to nobody until it is kept. */
  async seal(
    name: string,
    rows: number,
    into: ProjectRecord,
    id = this.#parts.random.uuid(),
  ): Promise<PlacedFile["record"]> {
    const { store } = this.#parts;
    const { sealer, sealedBy } = await this.#forWriting(into);
    const blob = await store.account(this.#account).blobs.write(this.engine.give(name), sealer);
    return { id, blob, rows, ...(sealedBy !== undefined && { sealedBy }) };
  }

  /** Seals the file that the cell makes of a stream, as `seal` does one that is in the cell. */
  async take(
    what: TakeQuestion,
    body: AsyncIterable<Buffer>,
    into: ProjectRecord,
  ): Promise<PlacedFile["record"]> {
    const { blobs } = this.#parts.store.account(this.#account);
    const { sealer, sealedBy } = await this.#forWriting(into);
    const { rows, kept } = await this.engine.take(what, body, (file) => blobs.write(file, sealer));
    try {
      // A stream may last hours: what the key refuses by now is not kept.
      await this.#forWriting(into);
    } catch (error) {
      blobs.discard(kept);
      throw error;
    }
    const id = this.#parts.random.uuid();
    return { id, blob: kept, rows, ...(sealedBy !== undefined && { sealedBy }) };
  }

  async #forWriting(into: ProjectRecord): Promise<NewSeal> {
    const found = await this.#sealing.forWriting(into);
    const { sealedBy } = found;
    if (sealedBy !== undefined) {
      this.#held.set(sealedBy, this.#sealing.under(this.#account, sealedBy));
    }
    return found;
  }

  /** Seals a file of the cell, which then has it no more, sealed or not. */
  async takeOut(...[name, rows, into]: Parameters<ProjectEngine["seal"]>) {
    try {
      return await this.seal(name, rows, into);
    } finally {
      await this.engine.remove(name).catch(() => {});
    }
  }

  /** Keeps a file of the cell that was sealed, in the place of a copy. */
  adopt(name: string, { blob }: PlacedFile["record"]): void {
    this.#placed.set(name, { bytes: blob.size, done: Promise.resolve() });
  }

  /** Removes the copies that were not used for longest, while nobody uses any. */
  async forgetOld(): Promise<void> {
    let bytes = 0;
    for (const { bytes: one } of this.#placed.values()) bytes += one;
    for (const [name, file] of this.#placed) {
      if (bytes <= cacheBytesMax) return;
      this.#placed.delete(name);
      bytes -= file.bytes;
      await this.engine.remove(name);
    }
  }

  /** Resolves when its volume can be used no more. */
  get failed(): Promise<string> {
    return this.#volume.failed;
  }

  async stop(): Promise<void> {
    await Promise.all([this.#spark.end(), this.#cluster.end()]);
    await this.engine.stop();
    await this.#volume.close();
  }
}

async function* once(body: Buffer): AsyncIterable<Buffer> {
  yield body;
}
