import type { OdpsAnswer, OdpsInput } from "../../../pipeline/document.ts";
import { partOf, textOf } from "../../../pipeline/document.ts";
import { operation, ServiceError } from "../../../pipeline/operation.ts";
import { type OdpsCall, type ProjectTarget, projectOf } from "../find-project.ts";
import { callerName } from "../projects.ts";
import { rfc822 } from "../table-answer.ts";
import { pageOf } from "../tables.ts";
import { type InstanceRecord, instanceArn, instanceRows, isOver } from "./instance-record.ts";
import { displayFlows, resultText } from "./results.ts";
import { readJob } from "./submitted-job.ts";

/** How long a client's question after the state of a job waits for its end. */
const statusWaitMs = 5_000;

/** A job of a project. */
export interface InstanceTarget extends ProjectTarget {
  readonly instance: InstanceRecord;
}

/** The job that the path names: a missing one is refused after access to its name was judged. */
export function instanceOf(input: OdpsInput, call: OdpsCall): InstanceTarget {
  const within = projectOf(input, call);
  const id = input.labels["Instance"] ?? "";
  const instance = instanceRows(within.store).find([within.project.id, id]);
  const arn = instanceArn(within.project.name, id);
  const target = { ...within, arn, type: "ODPS::Instance" };
  if (instance) return { ...target, instance, creator: instance.owner };
  const refusal = new ServiceError(
    "NoSuchObject",
    `ODPS-0420131: The instance ${id.slice(0, 128)} does not exist.`,
  );
  return { ...target, instance: nothing, absent: { refusal } };
}

const nothing: InstanceRecord = {
  ...{ id: "", projectId: "", owner: "", startedAtMs: 0, taskName: "", taskType: "" },
  ...{ status: "Failed", source: {} },
};

/** The state as it is now: the record that was found may be older. */
const now = ({ store, instance }: InstanceTarget): InstanceRecord =>
  instanceRows(store).find([instance.projectId, instance.id]) ?? instance;

const headersOf = (instance: InstanceRecord) => ({
  "x-odps-owner": instance.owner,
  "x-odps-start-time": rfc822(instance.startedAtMs),
  "x-odps-end-time": instance.endedAtMs === undefined ? "" : rfc822(instance.endedAtMs),
});

/** Submits a job. It runs on: the answer is its name. */
export const createInstance = operation("CreateInstance", {
  resolve: (input: OdpsInput, call: OdpsCall) => projectOf(input, call),
  told: true,
  async handle({ project }, { document = {} }, call): Promise<OdpsAnswer> {
    const job = readJob(document);
    const id = await call.own.jobs.submit(project, job, document, call);
    return { created: `/projects/${project.name}/instances/${id}` };
  },
});

export const getInstance = operation("GetInstance", {
  resolve: (input: OdpsInput, call: OdpsCall) => instanceOf(input, call),
  action: "Read",
  data: true,
  async handle(target, { parameters }, call): Promise<OdpsAnswer> {
    if ("instancestatus" in parameters) {
      await call.own.jobs.ended(target.instance.id, statusWaitMs);
    }
    const instance = now(target);
    const Status = isOver(instance) ? "Terminated" : "Running";
    return { document: { Instance: { Status } }, headers: headersOf(instance) };
  },
});

const readOf = (
  handle: (instance: InstanceRecord, call: OdpsCall) => OdpsAnswer | Promise<OdpsAnswer>,
) => ({
  resolve: (input: OdpsInput, call: OdpsCall) => instanceOf(input, call),
  action: "Read",
  data: true,
  handle: (target: InstanceTarget, _input: OdpsInput, call: OdpsCall) => handle(now(target), call),
});

const taskElement = (instance: InstanceRecord) => ({
  "@Type": instance.taskType,
  Name: instance.taskName,
  StartTime: rfc822(instance.startedAtMs),
  EndTime: instance.endedAtMs === undefined ? "" : rfc822(instance.endedAtMs),
  Status: instance.status,
});

export const getInstanceTasks = operation(
  "GetInstanceTasks",
  readOf((instance) => ({
    document: {
      Instance: {
        Status: isOver(instance) ? "Terminated" : "Running",
        Tasks: { Task: { ...taskElement(instance), Histories: "" } },
      },
    },
    headers: headersOf(instance),
  })),
);

/** What a job printed, or its rows as far as they are shown. */
export const getInstanceResult = operation("GetInstanceResult", {
  resolve: (input: OdpsInput, call: OdpsCall) => instanceOf(input, call),
  action: "Read",
  flows: (_input, target, call) => displayFlows(target, call),
  async handle(target, _input, call): Promise<OdpsAnswer> {
    // As it was when it was judged what it shows, though it may have ended since.
    const { instance } = target;
    const { text, format, carried } = await resultText(target, call);
    const Result = {
      "@Transform": "Base64",
      "@Format": format,
      "#": Buffer.from(text).toString("base64"),
    };
    const Task = {
      "@Type": instance.taskType,
      Name: instance.taskName,
      Result,
      Status: instance.status,
    };
    return { document: { Instance: { Tasks: { Task } } }, carried };
  },
  carries: ({ carried }) => carried,
});

export const getInstanceSource = operation(
  "GetInstanceSource",
  readOf(({ source }) => {
    const job = partOf(source["Instance"], "Job");
    return { document: { Job: job } };
  }),
);

export const getInstanceProgress = operation(
  "GetInstanceProgress",
  readOf((instance, call) => {
    const percent = isOver(instance) ? 100 : call.own.jobs.percentOf(instance.id);
    const [running, done] = isOver(instance) ? ["0", "1"] : ["1", "0"];
    const Stage = {
      "@ID": "M1",
      BackupWorkers: "0",
      TerminatedWorkers: done,
      RunningWorkers: running,
      TotalWorkers: "1",
      // How many rows it gave is told with them: progress is no display.
      ...{ InputRecords: "0", OutputRecords: "0" },
      FinishedPercentage: String(percent),
    };
    return { document: { Progress: { Stage } } };
  }),
);

export const getInstanceSummary = operation(
  "GetInstanceSummary",
  readOf(({ written = {} }) => {
    // The JDBC driver reads how many rows were written.
    const Outputs = Object.fromEntries(
      Object.entries(written).map(([name, rows]) => [name, [rows]]),
    );
    return { json: { Instance: { JsonSummary: JSON.stringify({ Outputs }), Summary: "" } } };
  }),
);

export const getInstanceDetail = operation(
  "GetInstanceDetail",
  readOf((instance) => ({
    json: {
      Instance: { Status: instance.status, Stages: stagesOf(instance), Name: instance.taskName },
    },
  })),
);

/** Code runs in one worker, which has a log. */
const stagesOf = ({ taskType, status, startedAtMs }: InstanceRecord) =>
  taskType === "CUPID"
    ? [{ name: driver, instances: [{ id: driver, logId: driver, status, startTime: startedAtMs }] }]
    : [];

const driver = "driver";

export const getInstanceQueueing = operation(
  "GetInstanceQueueing",
  readOf((instance) => ({
    json: {
      instanceId: instance.id,
      status: isOver(instance) ? "Terminated" : "Running",
      instanceProcess: isOver(instance) ? 1 : 0,
      instancePriority: 9,
      userAccount: instance.owner,
      taskName: instance.taskName,
      taskType: instance.taskType,
      startTime: queueingTime(instance.startedAtMs),
    },
  })),
);

/** `2026-01-02 03:04:05 +0000` */
const queueingTime = (timeMs: number): string =>
  `${new Date(timeMs).toISOString().slice(0, 19).replace("T", " ")} +0000`;

/** Nothing more is known of a job than its state: clients read an empty text so. */
export const getInstanceInfo = operation(
  "GetInstanceInfo",
  readOf(() => ({ text: "" })),
);

/** A job waits for no quota. */
export const getInstanceQuota = operation(
  "GetInstanceQuota",
  readOf(() => ({ json: {} })),
);

/** What code printed. Jobs of SQL have no workers, and workers no logs. */
export const getInstanceLog = operation("GetInstanceLog", {
  resolve: (input: OdpsInput, call: OdpsCall) => instanceOf(input, call),
  action: "Read",
  flows: (_input, target, call) => displayFlows(target, call),
  async handle(target, _input, call): Promise<OdpsAnswer> {
    const { instance } = target;
    if (instance.taskType === "CUPID") return resultText(target, call);
    throw new ServiceError(
      "NoSuchObject",
      `The instance ${instance.id} has no workers that write logs.`,
    );
  },
  carries: ({ carried }) => carried,
});

/** Ends a job; what it was writing is not there. */
export const stopInstance = operation("StopInstance", {
  resolve: (input: OdpsInput, call: OdpsCall) => instanceOf(input, call),
  action: "Write",
  async handle({ instance }, { document }, call): Promise<OdpsAnswer> {
    const wanted = textOf(partOf(document?.["Instance"], "Status"));
    if (wanted !== "Terminated") {
      throw new ServiceError(
        "InvalidArgument",
        "The Status of an instance can be set to Terminated only.",
      );
    }
    await call.own.jobs.cancel(instance.id);
    return {};
  },
});

const listedAs: Readonly<Record<string, (instance: InstanceRecord) => boolean>> = {
  running: (instance) => !isOver(instance),
  suspended: () => false,
  terminated: isOver,
};

export const listInstances = operation("ListInstances", {
  resolve: (input: OdpsInput, call: OdpsCall) => projectOf(input, call),
  action: "List",
  handle: ({ project, store }, input, call): OdpsAnswer => {
    const { status = "", daterange = "", onlyowner } = input.parameters;
    const [fromS = 0, untilS = 0] = daterange.split(":").map(Number);
    const mine = callerName(call);
    const all = [...instanceRows(store).range({ prefix: [project.id] })]
      .map(({ value }) => value)
      .filter((instance) => onlyowner !== "yes" || instance.owner === mine)
      .filter((instance) => listedAs[status.toLowerCase()]?.(instance) ?? true)
      .filter(({ startedAtMs }) => !fromS || startedAtMs >= fromS * 1000)
      .filter(({ startedAtMs }) => !untilS || startedAtMs <= untilS * 1000);
    const { page, ...rest } = pageOf(all, ({ id }) => id, input);
    const Instance = page.map((instance) => ({
      Name: instance.id,
      Owner: instance.owner,
      StartTime: rfc822(instance.startedAtMs),
      EndTime: instance.endedAtMs === undefined ? "" : rfc822(instance.endedAtMs),
      Status: isOver(instance) ? "Terminated" : "Running",
    }));
    return { document: { Instances: { Instance, ...rest } } };
  },
});
