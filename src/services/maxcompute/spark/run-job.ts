import type { AccessDemand } from "../../../access/authorize.ts";
import { applicationOf } from "../../../identity/principal.ts";
import type { OdpsInput } from "../../../pipeline/document.ts";
import { operation } from "../../../pipeline/operation.ts";
import type { WantedFlow } from "../../../projects/projects.ts";
import { defaultSchema } from "../../../sql/catalog.ts";
import { demandKeys } from "../demand-keys.ts";
import { type OdpsCall, type ProjectTarget, projectOf } from "../find-project.ts";
import type { Outcome, RunJob, RunningJob } from "../jobs/jobs.ts";
import { notRun } from "../jobs/not-run.ts";
import type { SparkJob } from "../jobs/submitted-job.ts";
import { type FoundResource, findResource, noSuchResource, readDemand } from "../resources/find.ts";

interface JobInput extends OdpsInput {
  readonly job: RunningJob & { readonly submitted: SparkJob };
}

/** A Spark job with its resources found: the first is what is run, with this content, whatever is written meanwhile. */
export interface SparkTarget extends ProjectTarget {
  readonly resources: readonly FoundResource[];
}

/** Runs a Spark job: a step that is judged by the code that it is made of. What the code does is judged as it does it. */
export const runSparkJob = operation("RunSparkJob", {
  resolve(input: JobInput, call: OdpsCall): SparkTarget {
    const within = projectOf(input, call);
    const { main, files } = input.job.submitted.plan;
    const place = { project: within.project.name, schema: defaultSchema };
    const resources = [main, ...files].map((name) => findResource(name, place, call));
    const missing = resources.find(({ record }) => record === undefined);
    const absent = missing && { refusal: noSuchResource(missing.name.name) };
    return { ...within, resources, ...(absent && { absent }) };
  },
  action: "CreateInstance",
  step: true,
  readOnly: false,
  also: (_input, { resources, project: current }): readonly AccessDemand[] =>
    resources.map((one) => readDemand(one, { [demandKeys.current]: current.name })),
  flows: (_input, target) => codeFlows(target),
  handle: (target, { job }, call, judgeAgain): Promise<Outcome> =>
    call.own.spark.run(target, job, call, judgeAgain),
});

/** What a job is made of is data of the projects that hold it, on its way into the job's. */
export const codeFlows = ({ resources, project: current }: SparkTarget): readonly WantedFlow[] =>
  resources.flatMap(({ project, record }): readonly WantedFlow[] =>
    record === undefined
      ? []
      : [
          {
            ...{ project, current, creator: record.owner, action: "Read", taskType: "Spark" },
            destination: { kind: "project", project: current.name },
            source: {
              ...{ type: "resource", schema: record.schema, table: record.name },
              ...{ id: record.id, version: String(record.version) },
            },
          },
        ],
  );

const nested = notRun("it is submitted by the code of another Spark job");

/** Does a Spark job as a call of its own, in the name of who has submitted it. */
export const runSpark =
  (submitted: SparkJob): RunJob =>
  (job, project, call) => {
    const { principal, account, source } = call;
    if (call.parts.projects.codeJobs.find(applicationOf(principal))) throw nested;
    const input: JobInput = {
      labels: { Project: project.name },
      ...{ parameters: {}, headers: {}, job: { ...job, submitted } },
    };
    const as = { principal, account, source };
    return call.parts.invoke<Outcome>("maxcompute", "RunSparkJob", { ...input }, as);
  };
