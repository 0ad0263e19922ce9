import { projectArn } from "../../../projects/project-key.ts";
import { type InstanceRecord, instanceRows, isOver } from "../jobs/instance-record.ts";
import { readJob } from "../jobs/submitted-job.ts";
import type { InformationAsker } from "./asker.ts";
import type { InformationRow } from "./relation.ts";

/** How long a view shows a job (MaxCompute: 14 days). */
const shownMs = 14 * 24 * 60 * 60 * 1000;

/** Jobs that are over, of which the asker may read. */
export function* tasksHistory(asker: InformationAsker): Generator<InformationRow> {
  const { project, store, timeMs, may } = asker;
  for (const { value } of instanceRows(store).range({ prefix: [project.id] })) {
    const { id, owner, startedAtMs, endedAtMs = startedAtMs } = value;
    if (!isOver(value) || timeMs - endedAtMs > shownMs) continue;
    if (!may("Read", `${projectArn(project.name)}/instances/${id}`, owner)) continue;
    yield {
      ...{ task_catalog: "odps", task_schema: project.name, task_name: value.taskName },
      ...{ task_type: value.taskType, inst_id: id, status: value.status },
      ...{ owner_id: owner, owner_name: owner, result: failureOf(value) },
      ...{ start_time: startedAtMs, end_time: endedAtMs, ...tablesOf(value) },
      output_records: Object.values(value.written ?? {}).reduce((sum, rows) => sum + rows, 0),
      operation_text: readJob(value.source).query,
      ds: new Date(startedAtMs).toISOString().slice(0, 10).replaceAll("-", ""),
    };
  }
}

/** What a job printed may hold rows: only why it failed is told, and of code not even that. */
const failureOf = ({ status, text, taskType }: InstanceRecord): string | null =>
  status === "Success" || taskType === "CUPID" ? null : (text ?? null);

const tablesOf = ({ rows, reads = [], written = {} }: InstanceRecord) => ({
  input_tables: listed((rows?.reads ?? reads).map(({ project, table }) => `${project}.${table}`)),
  output_tables: listed(Object.keys(written)),
});

const listed = (names: readonly string[]): string => `[${[...new Set(names)].join(",")}]`;
