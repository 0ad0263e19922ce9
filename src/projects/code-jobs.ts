import { ServiceError } from "../lib/service-error.ts";
import type { ProjectRecord } from "./project.ts";
import type { WantedFlow } from "./projects.ts";

/** Where data goes that somebody writes. */
export type Place = Extract<WantedFlow["destination"], { kind: "project" | "external" }>;

/** Tables at their versions, and other things, of which one job may read. */
const readsMax = 1_000;

/**
 * A job of a project in whose cell code of a user runs. Nobody looks at the code: what it has read is in whatever it
 * writes, wherever that is.
 */
export class CodeJob {
  readonly project: ProjectRecord;
  readonly #reads = new Map<string, WantedFlow>();
  /** Where calls that are not over yet write to: their bodies may still hold what is read meanwhile. */
  readonly #writing = new Map<string, Place[]>();

  constructor(project: ProjectRecord) {
    this.project = project;
  }

  /** What the code has read so far. */
  get reads(): readonly WantedFlow[] {
    return [...this.#reads.values()];
  }

  /**
   * The flows of what the code asks for, in the place of that to who asks: into the job's project, and wherever the code
   * writes at this moment.
   */
  reading(flow: WantedFlow): readonly WantedFlow[] {
    if (isPlace(flow.destination)) return [flow];
    const here: Place = { kind: "project", project: this.project.name };
    const places = [here, ...[...this.#writing.values()].flat()];
    return places.map((place) => leaving(flow, place));
  }

  /** Notes what was read, once that was allowed. */
  read(flow: WantedFlow): void {
    if (isPlace(flow.destination)) return;
    const { project, source, columns = [], through } = flow;
    const { type, schema, table, id, version } = source;
    const key = JSON.stringify([project.id, type, schema, table, id, version, columns, through]);
    if (!this.#reads.has(key) && this.#reads.size >= readsMax) {
      throw new ServiceError("InvalidArgument", `A job reads at most ${readsMax} tables.`);
    }
    this.#reads.set(key, flow);
  }

  /** The flows of all that was read to where a call writes, which counts as writing until it is `over`. */
  writing(callId: string, place: Place): readonly WantedFlow[] {
    this.#writing.set(callId, [...(this.#writing.get(callId) ?? []), place]);
    return this.reads
      .filter(({ project }) => place.kind !== "project" || place.project !== project.name)
      .map((flow) => leaving(flow, place));
  }

  /** Says that a call is over. */
  over(callId: string): void {
    this.#writing.delete(callId);
  }
}

const isPlace = ({ kind }: WantedFlow["destination"]): boolean =>
  kind === "project" || kind === "external";

/** Code in a cell carries nothing away by reading: that asks no Download. */
const leaving = (flow: WantedFlow, destination: Place): WantedFlow => ({
  ...flow,
  ...{ destination, taskType: "Spark" },
  action: flow.action === "Download" ? "Select" : flow.action,
});

/** Names of such jobs: those of MaxCompute's instances. */
const jobArn = /^acs:odps:\*:projects\/[^/]+\/instances\//;

/** The jobs that run code at this moment, by ARN. */
export class CodeJobs {
  readonly #running = new Map<string, CodeJob>();

  begin(arn: string, project: ProjectRecord): CodeJob {
    const job = new CodeJob(project);
    this.#running.set(arn, job);
    return job;
  }

  end(arn: string): void {
    this.#running.delete(arn);
  }

  /** The job behind an application's ARN; undefined of others. Refuses one that is over. */
  find(arn: string | undefined): CodeJob | undefined {
    if (arn === undefined || !jobArn.test(arn)) return undefined;
    const job = this.#running.get(arn);
    if (job) return job;
    throw new ServiceError("NoPermission", "The job whose credentials these are is over.");
  }
}
