import type { WantedFlow } from "../../projects/projects.ts";
import type { OdpsCall } from "./find-project.ts";
import { countShown, flowsTo, rowsToShow } from "./flows.ts";
import type { InstanceRecord, RowsRecord } from "./instance-record.ts";
import type { InstanceTarget } from "./instances.ts";
import type { PlacedFile } from "./relations.ts";

/** Most rows that are shown of a result (MaxCompute, `odps.instance.tunnel.limit` and its like). */
export const shownRowsMax = 10_000;

/** The file of a result, as it is called in the cell. */
export const resultFiles = (id: string, { file }: RowsRecord): readonly PlacedFile[] => [
  { name: `r/${id}.parquet`, record: file },
];

/** The flows of a job's rows to somebody's screen. */
export const displayFlows = (
  { project, instance }: InstanceTarget,
  call: OdpsCall,
): readonly WantedFlow[] =>
  flowsTo(
    instance.rows?.reads ?? [],
    { kind: "display" },
    { taskType: "SQL", action: "Select", current: project },
    call,
  );

/** What a client sees of a job without the tunnel: what it printed, or the first rows as CSV. */
export async function resultText(
  target: InstanceTarget,
  instance: InstanceRecord,
  call: OdpsCall,
): Promise<{ readonly text: string; readonly format: "text" | "csv" }> {
  const { project } = target;
  const { rows, text = "", id } = instance;
  if (!rows) return { text, format: "text" };
  const flows = displayFlows({ ...target, instance }, call);
  const count = Math.min(rows.rows, shownRowsMax, rowsToShow(flows, call));
  const shown = await call.own.engines.use(project, async (cell) => {
    await cell.place(resultFiles(id, rows));
    const parts: Buffer[] = [];
    const read = cell.engine.read({
      files: resultFiles(id, rows).map(({ name }) => name),
      columns: rows.columns,
      from: 0,
      count,
      form: "csv",
      timezone: rows.timezone,
    });
    for await (const part of read) parts.push(part);
    return Buffer.concat(parts).toString("utf8");
  });
  await countShown(flows, count, call);
  return { text: shown, format: "csv" };
}
