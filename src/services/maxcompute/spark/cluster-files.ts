import { applicationOf } from "../../../identity/principal.ts";
import { assert } from "../../../lib/assert.ts";
import type { OdpsAnswer, OdpsInput } from "../../../pipeline/document.ts";
import { operation, ServiceError } from "../../../pipeline/operation.ts";
import type { WantedFlow } from "../../../projects/projects.ts";
import type { OdpsCall, ProjectTarget } from "../find-project.ts";
import { flowsTo } from "../flows.ts";
import { instanceArn } from "../jobs/instance-record.ts";
import type { PlacedFile } from "../relations.ts";
import type { ClusterJob } from "./cluster-jobs.ts";
import { checkConsent } from "./consent.ts";

/** As much of a file as one answer gives: a key that is disabled is asked before each. */
const answerBytesMax = 16 * 1024 * 1024;
const namesMax = 10_000;

/** A job that runs on a cluster, as its own credentials name it. */
interface JobTarget extends ProjectTarget {
  readonly job: ClusterJob;
}

interface FileTarget extends JobTarget {
  readonly file: PlacedFile;
  /** Nothing of the file has gone yet. */
  readonly first: boolean;
}

/** Of the job whose credentials ask, whatever the path says: so there is no path to another's. */
function jobOf({ labels }: OdpsInput, call: OdpsCall): JobTarget {
  const job = call.own.clusterJobs.find(applicationOf(call.principal));
  const { project, instance } = job.grant;
  if (labels["Project"] !== project.name || labels["Instance"] !== instance.id) {
    throw new ServiceError("NoPermission", "These are the credentials of another job.");
  }
  return {
    ...{ arn: instanceArn(project.name, instance.id), account: project.account },
    creator: instance.owner,
    ...{ type: "ODPS::Instance", project, store: call.parts.store.account(project.account), job },
  };
}

const numberOf = ({ parameters }: OdpsInput, name: string): number => {
  const text = parameters[name] ?? "";
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new ServiceError("InvalidArgument", `${name} is a number.`);
};

/** The rows of a file, on their way to the cluster. */
function fileFlows({ job, file, project }: FileTarget, call: OdpsCall): readonly WantedFlow[] {
  const { reads, location } = job.grant;
  const [, tableId] = file.name.split("/");
  const own = reads.filter((read) => read.tableId === tableId);
  assert(own.length > 0, "a file is of a table that the statement reads");
  return clusterFlows(own, location, project, call);
}

/**
 * The flows of what is read to where a cluster is. Refuses where the owner of a project that it is of, or of the one in
 * which it is asked, does not allow that now.
 */
export function clusterFlows(
  reads: Parameters<typeof flowsTo>[0],
  location: string,
  current: ProjectTarget["project"],
  call: OdpsCall,
): readonly WantedFlow[] {
  const how = { taskType: "Spark", action: "Select", current } as const;
  const flows = flowsTo(reads, { kind: "external", location }, how, call);
  for (const project of [current, ...flows.map((flow) => flow.project)])
    checkConsent(project, call);
  return flows;
}

/** Gives a piece of a file that a job reads to the cluster: sealed no more. The first of a file is in the trail. */
export const readClusterFile = operation("ReadClusterFile", {
  resolve(input: OdpsInput, call: OdpsCall): FileTarget {
    const target = jobOf(input, call);
    const at = numberOf(input, "sparkfile");
    const file = target.job.grant.files[at];
    if (!file) throw new ServiceError("NoSuchObject", "The job reads no such file.");
    return { ...target, file, first: !target.job.told.has(at) };
  },
  action: "Read",
  readOnly: true,
  data: ({ first }) => !first,
  flows: (_input, target, call) => fileFlows(target, call),
  async handle({ job, file, store }, input, call, judgeAgain): Promise<OdpsAnswer> {
    const { blob } = file.record;
    const start = numberOf(input, "start");
    const end = numberOf(input, "end");
    if (start >= end || end > blob.size || end - start > answerBytesMax) {
      throw new ServiceError("InvalidArgument", "start and end are no piece of this file.");
    }
    const sealer = await call.own.sealing.openerOf(job.grant.project.account, file.record);
    // A key may be far away.
    judgeAgain();
    const body = store.blobs.read(blob, { start, end }, sealer);
    job.told.add(numberOf(input, "sparkfile"));
    return { body: Buffer.isBuffer(body) ? once(body) : body, carried: { bytes: end - start } };
  },
  carries: ({ carried }) => carried,
  additional: (target) => target && { file: target.file.name },
});

async function* once(body: Buffer): AsyncIterable<Buffer> {
  yield body;
}

/** Takes a part of a job's rows into the cell of its project, where they wait for the end of the statement. */
export const putClusterPart = operation("PutClusterPart", {
  resolve: jobOf,
  ...{ action: "Read", readOnly: false, data: true },
  async handle({ job }, { parameters, body }: OdpsInput): Promise<OdpsAnswer> {
    const name = parameters["sparkpart"] ?? "";
    if (!/^\d{5,6}-\d{1,18}$/.test(name) || !body) {
      throw new ServiceError("InvalidArgument", "A part has a number and that of its attempt.");
    }
    await job.take(name, body);
    return {};
  },
});

/** Names the parts that are a job's rows. */
export const commitClusterParts = operation("CommitClusterParts", {
  resolve: jobOf,
  ...{ action: "Read", readOnly: false, data: true },
  async handle({ job }, { text = "" }: OdpsInput): Promise<OdpsAnswer> {
    await job.commit(namesIn(text));
    return {};
  },
});

function namesIn(text: string): readonly string[] {
  let told: unknown;
  try {
    told = JSON.parse(text);
  } catch {
    // Below.
  }
  const isNames =
    Array.isArray(told) &&
    told.length <= namesMax &&
    told.every((name): name is string => typeof name === "string");
  if (isNames) return told as readonly string[];
  throw new ServiceError("InvalidArgument", "The parts are a list of names.");
}
