import type { WarehouseEngine } from "../../../engines/duckdb/engine.ts";
import { createJobQueue } from "../../../engines/kept/job-queue.ts";
import { assert } from "../../../lib/assert.ts";
import { ServiceError } from "../../../pipeline/operation.ts";
import type { ProjectRecord } from "../../../projects/project.ts";
import type { InstanceRecord, ReadRecord } from "../jobs/instance-record.ts";
import type { PlacedFile } from "../relations.ts";

const partsMax = 10_000;
/** Parts that come at a time; others wait. */
const atOnce = 16;
/** As much as a project's volume holds, with what else is there. */
const bytesMax = 50 * 1024 ** 3;

/** What a job on a cluster may read and write: nothing else is found by its credentials. */
interface ClusterGrant {
  readonly project: ProjectRecord;
  /** Whose statement it is. */
  readonly instance: Pick<InstanceRecord, "id" | "owner">;
  /** Where the cluster is. */
  readonly location: string;
  readonly reads: readonly ReadRecord[];
  readonly files: readonly PlacedFile[];
  /** The engine whose cell takes its rows, below a folder. */
  readonly engine: WarehouseEngine;
  readonly folder: string;
}

/** One statement that runs on a cluster: it reads its files, and hands its rows in once. */
export class ClusterJob {
  readonly grant: ClusterGrant;
  /** Numbers of files of which something went already. */
  readonly told = new Set<number>();
  /** Attempts of which something may be in the cell, each until it is whole or was broken off. */
  readonly #parts = new Map<string, Promise<void>>();
  readonly #whole = new Set<string>();
  readonly #turns = createJobQueue({ running: atOnce, waiting: partsMax });
  readonly #closing = new AbortController();
  #bytes = 0;
  #committed = false;

  constructor(grant: ClusterGrant) {
    this.grant = grant;
  }

  /** Takes one attempt at a part of the rows into the cell. What breaks off is not there. */
  take(name: string, body: AsyncIterable<Buffer>): Promise<void> {
    this.#checkOpen();
    if (this.#parts.has(name)) throw invalid(`the part ${name} is there already`);
    if (this.#parts.size >= partsMax) throw invalid(`a job hands in at most ${partsMax} parts`);
    const coming = this.#take(name, body);
    this.#parts.set(name, coming);
    return coming;
  }

  async #take(name: string, body: AsyncIterable<Buffer>): Promise<void> {
    try {
      await this.#turns.run(name, () =>
        this.grant.engine.put(this.#fileOf(name), this.#counted(body)),
      );
      this.#checkOpen();
      this.#whole.add(name);
    } catch (error) {
      await this.#remove(name).catch(() => {});
      throw error;
    }
  }

  async *#counted(body: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    const pieces = body[Symbol.asyncIterator]();
    const { signal } = this.#closing;
    if (signal.aborted) throw invalid(isOver);
    let close = () => {};
    const closed = new Promise<never>((_, reject) => {
      close = () => reject(invalid(isOver));
    });
    closed.catch(() => {});
    signal.addEventListener("abort", close);
    try {
      while (true) {
        // Who sends nothing keeps nobody waiting when the job is over.
        const { done, value } = await Promise.race([pieces.next(), closed]);
        if (done) return;
        this.#bytes += value.length;
        if (this.#bytes > bytesMax) throw invalid(`a job hands in at most ${bytesMax} bytes`);
        yield value;
      }
    } finally {
      signal.removeEventListener("abort", close);
      void pieces.return?.()?.catch(() => {});
    }
  }

  /** Says which attempts are the job's rows, one of each part, once no other is there; it takes no more. */
  async commit(names: readonly string[]): Promise<void> {
    this.#checkOpen();
    const unknown = names.find((name) => !this.#whole.has(name));
    if (unknown !== undefined) throw invalid(`\`${unknown.slice(0, 32)}\` was not handed in`);
    const parts = new Set(names.map((name) => name.split("-")[0]));
    if (parts.size !== names.length) throw invalid("a part is named twice");
    if (names.length === 0) throw invalid("a job has at least one part");
    await this.#close();
    const chosen = new Set(names);
    for (const name of this.#parts.keys()) if (!chosen.has(name)) await this.#remove(name);
    this.#committed = true;
  }

  async #close(): Promise<void> {
    this.#closing.abort();
    await Promise.allSettled(this.#parts.values());
  }

  /** Refuses what a cluster says is done and is not. */
  checkCommitted(): void {
    if (this.#committed) return;
    throw new ServiceError(
      "ODPS-0123131",
      "ODPS-0123131: User function exception - the Spark cluster has not handed in what it was asked for",
    );
  }

  /** Ends it: what it left in the cell is removed, also what is still coming. */
  async end(): Promise<void> {
    await this.#close();
    for (const name of this.#parts.keys()) await this.#remove(name).catch(() => {});
  }

  #checkOpen(): void {
    if (this.#closing.signal.aborted) throw invalid(isOver);
  }

  #fileOf(name: string): string {
    return `${this.grant.folder}/${name}.parquet`;
  }

  async #remove(name: string): Promise<void> {
    await this.grant.engine.remove(this.#fileOf(name));
    this.#parts.delete(name);
  }
}

const isOver = "its rows were handed in already, or it is over";

const invalid = (why: string) =>
  new ServiceError("InvalidArgument", `The job on the Spark cluster is refused: ${why}.`);

/** Jobs that run on a cluster at this moment, by the ARN to which their credentials are bound. */
export class ClusterJobs {
  readonly #running = new Map<string, ClusterJob>();

  /** Begins one. An instance runs one statement at a time. */
  begin(arn: string, grant: ClusterGrant): ClusterJob {
    assert(!this.#running.has(arn), "an instance has one job on a cluster");
    const job = new ClusterJob(grant);
    this.#running.set(arn, job);
    return job;
  }

  async end(arn: string): Promise<void> {
    const job = this.#running.get(arn);
    this.#running.delete(arn);
    await job?.end();
  }

  /** The job whose credentials ask. */
  find(arn: string | undefined): ClusterJob {
    const job = arn === undefined ? undefined : this.#running.get(arn);
    if (job) return job;
    throw new ServiceError(
      "NoPermission",
      "This is asked with the credentials of a job that runs.",
    );
  }
}
