import type { Carried } from "../../../pipeline/operation.ts";
import type { ProjectRecord } from "../../../projects/project.ts";
import type { WantedFlow } from "../../../projects/projects.ts";
import type { OdpsCall } from "../find-project.ts";
import { flowsTo, showRows } from "../flows.ts";
import type { PlacedFile } from "../relations.ts";
import type { RowsRecord } from "./instance-record.ts";
import type { InstanceTarget } from "./instances.ts";

/** Most rows that are shown of a result (MaxCompute, `odps.instance.tunnel.limit` and its like). */
export const shownRowsMax = 10_000;

/** How the file of a result is called in the cell. */
export const resultName = (id: string): string => `r/${id}.parquet`;

/** The file of a result. */
export const resultFiles = ({ file }: Pick<RowsRecord, "file">): readonly PlacedFile[] => [
  { name: resultName(file.id), record: file },
];

/**
 * The flows of what a job gave to somebody's screen: of its rows, and of the values that stand in its text where their
 * project is protected.
 */
export function displayFlows(
  { project, instance }: InstanceTarget,
  call: OdpsCall,
): readonly WantedFlow[] {
  const { rows, reads = [], taskType } = instance;
  const code = taskType === "CUPID";
  const how = { taskType: code ? "Spark" : "SQL", action: "Select", current: project } as const;
  const flows = flowsTo(rows?.reads ?? reads, { kind: "display" }, how, call);
  const { projects } = call.parts;
  // What code prints may be any row of what it has read.
  return rows || code
    ? flows
    : flows.filter((flow) => projects.permissionsOf(flow.project).protection);
}

/** Refuses rows whose key is refused: before an answer has begun, so that the client reads why. */
export const checkKeys = async (
  { account }: ProjectRecord,
  files: readonly PlacedFile[],
  call: OdpsCall,
): Promise<void> => {
  await call.own.sealing.opening(
    account,
    files.map(({ record }) => record),
  );
};

/** What is shown of a job, and how much of it is data. */
interface ShownText {
  readonly text: string;
  readonly format: "text" | "csv";
  readonly carried: Carried;
}

/** What a client sees of a job without the tunnel: what it printed, or the first rows as CSV. */
export async function resultText(target: InstanceTarget, call: OdpsCall): Promise<ShownText> {
  const { project, instance } = target;
  const { rows, text = "" } = instance;
  const flows = displayFlows(target, call);
  if (!rows) {
    const lines = text.split("\n");
    const count = await showRows(flows, lines.length, call);
    return shownText(lines.slice(0, count).join("\n"), "text", count);
  }
  const count = await showRows(flows, Math.min(rows.rows, shownRowsMax), call);
  const format = rows.isText ? "text" : "csv";
  const shown = await call.own.engines.use(project, async (cell) => {
    await cell.place(resultFiles(rows));
    const parts: Buffer[] = [];
    const read = cell.engine.read({
      files: resultFiles(rows).map(({ name }) => name),
      columns: rows.columns,
      from: 0,
      count,
      form: format,
      timezone: rows.timezone,
    });
    for await (const part of read) parts.push(part);
    return Buffer.concat(parts).toString("utf8");
  });
  return shownText(shown, format, count);
}

const shownText = (text: string, format: ShownText["format"], rows: number): ShownText => ({
  ...{ text, format },
  carried: { rows, bytes: Buffer.byteLength(text) },
});
