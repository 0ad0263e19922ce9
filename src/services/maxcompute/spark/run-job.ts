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
import { noSuchResource, type ResourceName, readResourceName } from "../resources/find.ts";
import {
  type ResourceRecord,
  resourceArn,
  resourceKey,
  resourceRows,
} from "../resources/records.ts";

/** A resource as the job has found it: this content is run, whatever is written meanwhile. */
export interface FoundResource extends Pick<ProjectTarget, "project" | "store"> {
  readonly name: ResourceName;
  /** Absent: there is none of this name. */
  readonly record: ResourceRecord | undefined;
}

interface JobInput extends OdpsInput {
  readonly job: RunningJob & { readonly submitted: SparkJob };
}

/** A Spark job with its resources found: the first is what is run. */
export interface SparkTarget extends ProjectTarget {
  readonly resources: readonly FoundResource[];
}

/** Runs a Spark job: a step that is judged by the code that it is made of. What the code does is judged as it does it. */
export const runSparkJob = operation("RunSparkJob", {
  resolve(input: JobInput, call: OdpsCall): SparkTarget {
    const within = projectOf(input, call);
    const { main, files } = input.job.submitted.plan;
    const resources = [main, ...files].map((name) => found(name, within, call));
    const missing = resources.find(({ record }) => record === undefined);
    const absent = missing && { refusal: noSuchResource(missing.name.name) };
    return { ...within, resources, ...(absent && { absent }) };
  },
  action: "CreateInstance",
  step: true,
  readOnly: false,
  also: (_input, { resources, project: current }): readonly AccessDemand[] =>
    resources.map(({ project, name, record }) => ({
      action: "odps:Read",
      target: {
        arn: resourceArn(project.name, name.schema, name.name),
        account: project.account,
        ...(record && { creator: record.owner }),
      },
      context: { [demandKeys.current]: current.name },
    })),
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

function found(text: string, within: ProjectTarget, call: OdpsCall): FoundResource {
  const { project: current } = within;
  const name = readResourceName(text, { project: current.name, schema: defaultSchema });
  const project = call.parts.projects.find(call.account, name.project);
  if (!project) throw noSuchResource(text);
  const store = call.parts.store.account(project.account);
  const record = resourceRows(store).find(resourceKey(project.id, name.schema, name.name));
  return { project, store, name, record: record?.part ? undefined : record };
}

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
