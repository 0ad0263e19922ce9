import { join } from "node:path";
import { type Cell, type CellEnd, startCell } from "../../../cells/cell.ts";
import type { Volume } from "../../../cells/volume.ts";
import { sparkCell, sparkFiles } from "../../../engines/spark/spark-cell.ts";
import type { Parts } from "../../../pipeline/call.ts";
import { ServiceError } from "../../../pipeline/operation.ts";
import type { CodeJob } from "../../../projects/code-jobs.ts";
import type { OdpsCall } from "../find-project.ts";
import { instanceArn } from "../jobs/instance-record.ts";
import { type Outcome, type RunningJob, stopped } from "../jobs/jobs.ts";
import type { SparkJob } from "../jobs/submitted-job.ts";
import { type CellsOutside, installedSpark } from "../project-engines.ts";
import type { ProjectSealing } from "../project-sealing.ts";
import { openProjectVolume } from "../project-volume.ts";
import { type Room, Slots } from "../slots.ts";
import { timezoneOf } from "../tunnel/session.ts";
import { writeFiles } from "./files.ts";
import { logText, readsOf } from "./log.ts";
import { codeFlows, type SparkTarget } from "./run-job.ts";
import { type SparkCode, submitWords } from "./words.ts";

const gibi = 1024 ** 3;
/** Driver and executors together, with Python beside them. */
const limits = {
  ...{ memoryBytes: 3 * gibi, cpus: 2, processes: 1024, openFiles: 4096 },
  workBytes: gibi / 4,
} as const;
const volumeBytesMax = 20 * gibi;
/** Jobs at once. What one has is gone with it: nothing idles. */
const room: Room = { max: 3, perAccountMax: 2, idleMs: 60_000 };
/** As long as a job may run, and a little more. */
const credentialsMs = 25 * 60 * 60 * 1000;
const graceMs = 2_000;
const packages = "/packages";
/** Arrow looks up zones of time in the first; Hadoop unpacks archives with the others. */
const ofSystem = ["/usr/share/zoneinfo", "/usr/bin/bash", "/usr/bin/tar", "/usr/bin/gzip"].map(
  (source) => ({ source, optional: true }),
);

/** A job while its cell runs. */
interface Followed {
  readonly code: CodeJob;
  /** Why it was ended: a customer's key is to be used no more. */
  refusal?: ServiceError;
}

type Submitted = RunningJob & { readonly submitted: SparkJob };

/** The cells in which Spark jobs run: one for each, and gone with it. */
export class SparkCells {
  readonly #parts: Parts;
  readonly #outside: CellsOutside;
  readonly #sealing: ProjectSealing;
  /** Volumes of the jobs that have a place. */
  readonly #places: Slots<{ readonly volume: Volume; stop(): Promise<void> }>;
  readonly #cells = new Map<Cell, Followed>();
  readonly #unwatch: () => void;

  constructor(parts: Parts, outside: CellsOutside, sealing: ProjectSealing) {
    this.#parts = parts;
    this.#outside = outside;
    this.#sealing = sealing;
    this.#places = new Slots(parts.clock, room);
    this.#unwatch = parts.keys.watch((keyArn) => void this.#checkKey(keyArn));
  }

  /** Ends what has not ended when its job was told to. */
  async stop(): Promise<void> {
    this.#unwatch();
    await Promise.all([...this.#cells.keys()].map((cell) => cell.stop(0)));
    await this.#places.stop();
  }

  /** Ends the jobs that have read what a key sealed which is to be used no more. */
  async #checkKey(keyArn: string): Promise<void> {
    for (const [cell, followed] of this.#cells) {
      const { project, reads } = followed.code;
      const found = [project, ...reads.map((flow) => flow.project)].filter(
        ({ key }) => key?.arn === keyArn,
      );
      for (const one of new Map(found.map((each) => [each.id, each])).values()) {
        await this.#sealing.forWriting(one).catch((error: unknown) => {
          if (error instanceof ServiceError) followed.refusal = error;
          void cell.stop(0);
        });
      }
    }
  }

  /** Runs a job to its end. */
  async run(
    target: SparkTarget,
    job: Submitted,
    call: OdpsCall,
    judgeAgain: () => void,
  ): Promise<Outcome> {
    installedSpark(this.#outside);
    const { account } = target.project;
    const id = `spark-${this.#parts.random.bytes(6).toString("hex")}`;
    const open = async () => {
      // It may have waited for long.
      if (job.signal.aborted) throw stopped;
      judgeAgain();
      const size = { id, bytesMax: volumeBytesMax };
      const volume = await openProjectVolume(target.project, size, this.#parts, this.#outside);
      return { volume, stop: () => volume.close() };
    };
    const work = ({ volume }: { readonly volume: Volume }) =>
      this.#runOn(volume, id, target, job, call);
    try {
      return await this.#places.use({ id, account }, open, work, { signal: job.signal });
    } finally {
      await this.#places.end(id);
    }
  }

  /** With credentials that are worth something for as long as the job runs, and at its own door. */
  async #runOn(
    volume: Volume,
    id: string,
    target: SparkTarget,
    job: Submitted,
    call: OdpsCall,
  ): Promise<Outcome> {
    const { directory, projects } = this.#parts;
    const { principal } = call;
    if (!("account" in principal)) throw new ServiceError("NoPermission", "Nobody signed the job.");
    const application = instanceArn(target.project.name, job.record.id);
    const code = projects.codeJobs.begin(application, target.project);
    try {
      for (const flow of codeFlows(target))
        code.read({ ...flow, destination: { kind: "download" } });
      const expiresAtMs = call.timeMs + credentialsMs;
      const made = await directory.startJobSession(principal, { application, expiresAtMs });
      const credentials = () => Promise.resolve(made);
      const door = await this.#outside.openWarehouseDoor({ id, application, credentials });
      try {
        const files = join(volume.path, "own");
        await writeFiles(files, target, made, this.#sealing);
        const cell = await this.#start({ id, volume, door, files, target, job });
        return outcomeOf(await this.#followed(cell, code, job), cell, job, code);
      } finally {
        await door.close();
      }
    } finally {
      projects.codeJobs.end(application);
      await directory.endApplicationSessions(application);
    }
  }

  #start(start: {
    readonly id: string;
    readonly volume: Volume;
    readonly door: { readonly socket: string; readonly credentialsToken: string };
    readonly files: string;
    readonly target: SparkTarget;
    readonly job: Submitted;
  }): Promise<Cell> {
    const { id, volume, door, files, target, job } = start;
    const { runDirectory, unconfined } = this.#outside;
    const { plan, taskName } = job.submitted;
    const { project } = target;
    const installed = installedSpark(this.#outside);
    const spark = sparkCell({
      ...{ ...installed, limits, files, log: "warn" },
      settings: { "spark.sql.session.timeZone": zoneOf(target), ...plan.settings },
      words: (inside) => {
        const at = (name: string) => inside.path(`${sparkFiles}/resources/${name}`);
        return submitWords(plan, taskName, codeOf(target), at);
      },
      env: (inside) => ({
        ODPS_PROJECT_NAME: project.name,
        ODPS_ENDPOINT: `${inside.door}/api`,
        ODPS_TUNNEL_ENDPOINT: inside.door,
        ODPS_STS_ACCOUNT_FILE: inside.path(`${sparkFiles}/credentials.json`),
        PYTHONPATH: `${inside.path(`${sparkFiles}/modules`)}:${inside.path(packages)}`,
        PYTHONDONTWRITEBYTECODE: "1",
        TZ: zoneOf(target),
      }),
    });
    return startCell({
      ...{ id, runDirectory, volume, ports: [], ...spark },
      door,
      binds: [...spark.binds, { source: installed.packages, target: packages }, ...ofSystem],
      ...(unconfined === "accept" && { unconfined: "accepted" as const }),
    });
  }

  async #followed(cell: Cell, code: CodeJob, { signal }: RunningJob): Promise<CellEnd> {
    const followed: Followed = { code };
    this.#cells.set(cell, followed);
    const end = () => void cell.stop(graceMs);
    signal.addEventListener("abort", end);
    if (signal.aborted) end();
    const ended = await cell.exited;
    signal.removeEventListener("abort", end);
    this.#cells.delete(cell);
    if (followed.refusal) throw followed.refusal;
    return ended;
  }
}

const zoneOf = ({ project }: SparkTarget): string =>
  timezoneOf({ settings: new Map(Object.entries(project.properties)) });

const codeOf = ({ resources }: SparkTarget): readonly SparkCode[] =>
  resources.flatMap(({ record }) => record ?? []);

/** What is known of a job that is over. What it printed is data of all that it has read. */
function outcomeOf(end: CellEnd, cell: Cell, job: Submitted, code: CodeJob): Outcome {
  const why = end.outOfMemory
    ? ["The job needed more memory than its cell has."]
    : end.volumeFailure !== undefined
      ? [`The job's storage could be used no more: ${end.volumeFailure}`]
      : [];
  const status = job.signal.aborted ? "Cancelled" : end.code === 0 ? "Success" : "Failed";
  return {
    status,
    text: logText([...cell.log, ...why]),
    reads: readsOf(code, job.record.owner),
  };
}
